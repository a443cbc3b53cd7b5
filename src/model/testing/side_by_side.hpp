#pragma once

#include <functional>
#include <vector>

#include "model/testing/runner.hpp"

namespace reelhouse::model {

/// Runs tests on up to `workers` threads, each with a TestRunner of its own. `on_outcome` is called in the
/// order of `tests`, one at a time, from any thread. Errors: as TestRunner; the first stops the others.
Result<> run_tests(const Binding& binding, const std::vector<ModelTest>& tests, size_t workers,
                   const std::function<void(const ModelTest&, const TestOutcome&)>& on_outcome);

}  // namespace reelhouse::model
