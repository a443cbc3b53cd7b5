#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "base/yaml.hpp"
#include "engine/engine.hpp"

namespace reelhouse::engine {
namespace {

namespace fs = std::filesystem;

using TextRows = std::vector<std::vector<std::string>>;

constexpr const char* kNull = "(null)";

/// A statement of tests/sql/ and the rows that it must return, as text.
struct Case {
  std::string sql;
  TextRows rows;
  std::string where;
};

std::string text_of(const Yaml& yaml) {
  return yaml.empty() ? kNull : *yaml.text();
}

TextRows rows_of(const Yaml& yaml) {
  if (!yaml.is_list()) return {{text_of(yaml)}};
  TextRows rows;
  for (const auto& item : yaml.items()) {
    std::vector<std::string>& row = rows.emplace_back();
    for (const auto& value : item.items()) row.push_back(text_of(value));
  }
  return rows;
}

std::vector<Case> cases_of(const fs::path& file) {
  const auto yaml = Yaml::load(file);
  EXPECT_TRUE(yaml) << yaml.error().to_string();
  std::vector<Case> cases;
  for (const auto& item : yaml->items()) {
    const auto known = item.only_keys({"sql", "result"});
    EXPECT_TRUE(known) << known.error().to_string();
    cases.push_back({*item.at("sql").text(), rows_of(item.at("result")), item.where()});
  }
  return cases;
}

std::map<std::string, fs::path> files() {
  std::map<std::string, fs::path> files;
  for (const auto& entry : fs::directory_iterator(REELHOUSE_SQL_TESTS))
    if (entry.path().extension() == ".yml") files[entry.path().stem().string()] = entry.path();
  return files;
}

/// Runs a statement; dates, amounts and lists come as text already, and numbers as their digits.
TextRows run(Session& session, const Case& each) {
  const auto rows = session.query(each.sql);
  if (!rows) {
    ADD_FAILURE() << each.where << ": " << each.sql << "\n" << rows.error().to_string();
    return {};
  }
  TextRows texts;
  for (size_t row = 0; row < rows->rows.size(); ++row) {
    auto& text = texts.emplace_back();
    for (size_t column = 0; column < rows->columns.size(); ++column)
      text.push_back(
          std::holds_alternative<std::monostate>(rows->rows[row][column]) ? kNull : rows->text(row, column));
  }
  return texts;
}

TEST(Helpers, ReturnWhatTheirRowsSay) {
  const auto database = open_duckdb({});
  ASSERT_TRUE(database) << database.error().to_string();
  const auto session = (*database)->connect();
  ASSERT_TRUE(session) << session.error().to_string();
  size_t count = 0;
  for (const auto& [name, file] : files())
    for (const auto& each : cases_of(file)) {
      EXPECT_EQ(run(**session, each), each.rows) << each.where << ": " << each.sql;
      ++count;
    }
  EXPECT_GT(count, duckdb_helpers().size());
}

TEST(Helpers, HaveAFileEachThatCallsThemAndKnowsNull) {
  const auto known = files();
  for (const auto& helper : duckdb_helpers()) {
    const auto file = known.find(helper.name);
    if (file == known.end()) {
      ADD_FAILURE() << "tests/sql/" << helper.name << ".yml is missing";
      continue;
    }
    bool knows_null = false;
    for (const auto& each : cases_of(file->second)) {
      EXPECT_THAT(each.sql, testing::HasSubstr(helper.name + "(")) << each.where;
      EXPECT_THAT(each.sql, testing::Not(testing::HasSubstr("\\"))) << each.where << ": no two engines agree";
      knows_null = knows_null || each.sql.find("null") != std::string::npos;
    }
    EXPECT_TRUE(knows_null) << "tests/sql/" << helper.name << ".yml: no case gives null";
  }
}

TEST(Helpers, HaveNoFileOfAnotherName) {
  for (const auto& [name, file] : files())
    EXPECT_TRUE(
        std::ranges::any_of(duckdb_helpers(), [&](const auto& helper) { return helper.name == name; }))
        << file << ": there is no helper of this name";
}

}  // namespace
}  // namespace reelhouse::engine
