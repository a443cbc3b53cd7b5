#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "model/curated.hpp"
#include "model/graph.hpp"
#include "model/testing/model_test.hpp"

namespace reelhouse::model {

/// Holds a model that was built into `folder` against what a test expects of it, and against what every run
/// holds it to: each given record is kept or rejected, once. Adds a text for each difference.
/// Errors: those of the engine.
Result<> judge(const ModelTest& test, const Graph& graph, const BuildRecord& record,
               const std::filesystem::path& folder, engine::Session& session,
               std::vector<std::string>& differences);

}  // namespace reelhouse::model
