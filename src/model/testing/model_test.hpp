#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/project.hpp"

namespace reelhouse::model {

/// What the file of a model's tests is called: `<model>.tests.yml` beside `<model>.sql`.
inline constexpr std::string_view kTestsSuffix = ".tests.yml";

/// Rows as a test writes them. Values are SQL: `null`, a text, or a list of texts, still to be cast to the
/// type of their column; a row holds one for each of `columns`.
struct TestRows {
  struct Row {
    std::vector<std::string> values;
    std::string where;  ///< file:line
  };
  std::vector<std::string> columns;  ///< those that any row names, in the order of the text
  std::vector<Row> rows;
  std::string where;
};

/// What a model must make of given rows.
struct ModelTest {
  std::string model;
  std::string name;
  std::string description;
  std::vector<std::pair<std::string, TestRows>> given;  ///< by table: "raw.x", "seed.y", a model
  std::optional<TestRows> expect;                       ///< rows kept; nothing = not compared
  bool ordered = false;                                 ///< `expect` comes in this order
  TestRows rejects;                                     ///< rows rejected, all of them
  std::optional<TestRows> repairs;                      ///< repairs of kept rows; nothing = not compared
  std::optional<TestRows> lost;  ///< values of kept rows that could not be read; nothing = not compared
  std::string where;

  const TestRows* given_for(const std::string& table) const;
};

/// Reads the tests beside the models of a project (docs/testing-models.md), by model, then as they stand in
/// the file. Adds every mistake (kProject: file, line, near miss) to `problems`; the test that it is in is
/// left out.
std::vector<ModelTest> load_tests(const Project& project, std::vector<Error>& problems);

}  // namespace reelhouse::model
