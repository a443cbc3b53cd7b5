#pragma once

#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "model/binding.hpp"
#include "model/curated.hpp"
#include "model/testing/model_test.hpp"

namespace reelhouse::model {

/// What became of a test.
struct TestOutcome {
  bool passed = false;
  double seconds = 0;
  std::vector<std::string> differences;  ///< lines for a person; none when it passed
};

/// Builds models from given rows as a run builds them (rules, quarantine and repairs included), in an
/// engine of its own and a temporary folder: it reads seeds, and neither lake nor store nor state.
///
/// What a model reads and a test does not give is: of a seed the project's rows; of a raw table none; of a
/// model what it makes of its own inputs, by this same rule. Not thread-safe.
class TestRunner {
 public:
  /// `binding` outlives the runner; tests were held against it (check_tests).
  /// Errors: kPermission, kFull (the temporary folder), kInternal; kProject (a seed cannot be read).
  static Result<std::unique_ptr<TestRunner>> make(const Binding& binding);
  ~TestRunner();
  TestRunner(const TestRunner&) = delete;
  TestRunner& operator=(const TestRunner&) = delete;

  /// Runs one test of a model that could be bound. A SELECT or a rule that fails on the rows is an outcome.
  /// Errors: kInterrupted, kFull, kPermission, kInternal.
  Result<TestOutcome> run(const ModelTest& test);

 private:
  explicit TestRunner(const Binding& binding) : binding_(binding) {}
  Result<> define_inputs();
  Result<> define_table(const std::string& table, const TestRows* rows);
  Result<> define_drops_of_given(const ModelTest& test);
  Result<std::filesystem::path> build(const Node& node, BuildRecord& record);
  Result<> build_table(const Node& node);
  Result<> build_default(const Node& node, const ModelTest& test);
  Result<> build_upstream(const Node& node, const ModelTest& test, std::set<std::string>& done);
  bool stands_on_given(const Node& node, const ModelTest& test) const;
  Result<> build_and_judge(const Node& node, const ModelTest& test, std::vector<std::string>& differences);

  const Binding& binding_;
  std::filesystem::path folder_;
  std::unique_ptr<engine::Database> database_;
  std::unique_ptr<engine::Session> session_;
  std::set<std::string> defaults_;  ///< models that are there as nothing given makes them
  size_t builds_ = 0;
};

}  // namespace reelhouse::model
