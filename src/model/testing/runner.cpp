#include "model/testing/runner.hpp"

#include <stdlib.h>

#include <algorithm>
#include <chrono>

#include "base/interrupt.hpp"
#include "model/materialise.hpp"
#include "model/testing/judge.hpp"
#include "model/testing/upstream.hpp"

namespace reelhouse::model {
namespace {

namespace fs = std::filesystem;
using engine::quote_name;

/// The drop that given rows of a raw table were delivered in when they name none.
constexpr const char* kDrop = "'2024-01-01'";

std::string qualified(const std::string& table) {
  const size_t dot = table.find('.');
  if (dot == std::string::npos) return quote_name(table);
  return quote_name(table.substr(0, dot)) + "." + quote_name(table.substr(dot + 1));
}

/// Returns the value of a given row in a column. A raw table's row is of a drop, an object of it and a line
/// whether it says so or not.
std::string given_value(const std::string& table, const TestRows& rows, size_t row,
                        const std::string& column) {
  const auto named = [&](const std::string& name) -> std::string {
    const auto place = static_cast<size_t>(std::ranges::find(rows.columns, name) - rows.columns.begin());
    return place == rows.columns.size() ? "null" : rows.rows[row].values[place];
  };
  std::string value = named(column);
  if (value != "null" || !table.starts_with("raw.")) return value;
  std::string drop = named("_drop") == "null" ? kDrop : named("_drop");
  if (column == "_drop") return drop;
  if (column == "_line") return std::to_string(row + 1);
  if (column == "_object")
    return fmt::format("concat('raw/{}/drop=', cast(cast({} as date) as varchar), '/given')", table.substr(4),
                       drop);
  return value;
}

/// A SELECT or a rule that fails on given rows is the test's finding, not the program's failure.
bool is_finding(const Error& error) {
  return error.kind == ErrorKind::kProject || error.kind == ErrorKind::kQuery;
}

}  // namespace

Result<std::unique_ptr<TestRunner>> TestRunner::make(const Binding& binding) {
  std::unique_ptr<TestRunner> runner(new TestRunner(binding));
  std::error_code code;
  const fs::path temporary = fs::temp_directory_path(code);
  std::string pattern = (temporary / "reelhouse-test-XXXXXX").string();
  if (code || ::mkdtemp(pattern.data()) == nullptr)
    return fail(system_error("making a folder for tests", pattern, code ? code.value() : errno));
  runner->folder_ = pattern;
  engine::DatabaseOptions options;
  options.threads = 1;
  RH_ASSIGN(runner->database_, engine::open_duckdb(options));
  RH_ASSIGN(runner->session_, runner->database_->connect());
  RH_TRY(runner->define_inputs());
  return runner;
}

TestRunner::~TestRunner() {
  std::error_code code;
  if (!folder_.empty()) fs::remove_all(folder_, code);
}

Result<> TestRunner::define_inputs() {
  RH_TRY(session_->execute(
      "create schema raw; create schema drops; create schema seed; create schema rejected"));
  for (const auto& table : binding_.tables())
    if (table.starts_with("raw.") || table.starts_with("drops.") || table.starts_with("rejected."))
      RH_TRY(define_table(table, nullptr));
  for (const auto& seed : binding_.project().seeds) {
    auto read =
        session_->execute(fmt::format("create table seed.{} as {}", quote_name(seed.name), read_seed(seed)));
    if (read) continue;
    if (read.error().kind != ErrorKind::kQuery) return read;
    return fail(ErrorKind::kProject, "reading the seed: " + read.error().message, "", seed.file.string());
  }
  return {};
}

/// Makes a table hold given rows; none when `rows` is null.
Result<> TestRunner::define_table(const std::string& table, const TestRows* rows) {
  const auto& columns = *binding_.columns(table);
  std::string list;
  for (const auto& column : columns)
    list += fmt::format("{}{} {}", list.empty() ? "" : ", ", quote_name(column.name), column.type);
  RH_TRY(session_->execute(fmt::format("create or replace table {} ({})", qualified(table), list)));
  if (rows == nullptr || rows->rows.empty()) return {};
  std::string values;
  for (size_t row = 0; row < rows->rows.size(); ++row) {
    values += row == 0 ? "(" : ", (";
    for (size_t i = 0; i < columns.size(); ++i)
      values += fmt::format("{}cast({} as {})", i == 0 ? "" : ", ",
                            given_value(table, *rows, row, columns[i].name), columns[i].type);
    values += ")";
  }
  return session_->execute(fmt::format("insert into {} values {}", qualified(table), values));
}

Result<fs::path> TestRunner::build(const Node& node, BuildRecord& record) {
  const fs::path folder = folder_ / std::to_string(++builds_);
  std::error_code code;
  fs::create_directory(folder, code);
  if (code) return fail(system_error("making a folder for tests", folder.string(), code.value()));
  RH_ASSIGN(record, materialise(*node.model, folder, *session_));
  return folder;
}

Result<> TestRunner::build_table(const Node& node) {
  BuildRecord record;
  RH_ASSIGN(const fs::path folder, build(node, record));
  const std::string& name = node.model->name;
  RH_TRY(session_->execute(
      fmt::format("create or replace table {} as {}", qualified(name), read_build(folder))));
  if (node.model->rejects.empty()) return {};
  return session_->execute(fmt::format("create or replace table {} as {}", qualified("rejected." + name),
                                       read_rejected(folder, record)));
}

/// The drops of a given raw table are those of its rows, all of sound structure, where a test does not give
/// them too.
Result<> TestRunner::define_drops_of_given(const ModelTest& test) {
  for (const auto& [table, rows] : test.given) {
    if (!table.starts_with("raw.") || test.given_for("drops." + table.substr(4)) != nullptr) continue;
    RH_TRY(
        session_->execute(fmt::format("create or replace table {} as select _drop, count(*) as records, "
                                      "cast(0 as bigint) as rejected from {} group by _drop",
                                      qualified("drops." + table.substr(4)), qualified(table))));
  }
  return {};
}

bool TestRunner::stands_on_given(const Node& node, const ModelTest& test) const {
  const auto upstream =
      tables_upstream(binding_.graph(), static_cast<size_t>(binding_.graph().find(node.model->name)));
  return std::ranges::any_of(upstream, [&](const auto& table) {
    return test.given_for(table) != nullptr ||
           (table.starts_with("drops.") && test.given_for("raw." + table.substr(6)) != nullptr);
  });
}

/// Builds what a test needs and none of its rows reaches, once for all tests.
Result<> TestRunner::build_default(const Node& node, const ModelTest& test) {
  for (const size_t input : node.inputs) {
    const Node& before = binding_.graph().nodes[input];
    if (test.given_for(before.model->name) != nullptr) continue;
    if (stands_on_given(before, test)) {
      RH_TRY(build_default(before, test));
    } else if (!defaults_.contains(before.model->name)) {
      RH_TRY(build_default(before, test));
      RH_TRY(build_table(before));
      defaults_.insert(before.model->name);
    }
  }
  return {};
}

/// Builds the models between a test's given rows and the model that is tested.
Result<> TestRunner::build_upstream(const Node& node, const ModelTest& test, std::set<std::string>& done) {
  for (const size_t input : node.inputs) {
    const Node& before = binding_.graph().nodes[input];
    const std::string& name = before.model->name;
    if (test.given_for(name) != nullptr || !stands_on_given(before, test) || !done.insert(name).second)
      continue;
    RH_TRY(build_upstream(before, test, done));
    RH_TRY(build_table(before));
  }
  return {};
}

Result<> TestRunner::build_and_judge(const Node& node, const ModelTest& test,
                                     std::vector<std::string>& differences) {
  BuildRecord record;
  RH_ASSIGN(const fs::path folder, build(node, record));
  return judge(test, binding_.graph(), record, folder, *session_, differences);
}

Result<TestOutcome> TestRunner::run(const ModelTest& test) {
  const OnInterrupt stop([this] { session_->interrupt(); });
  const auto start = std::chrono::steady_clock::now();
  const Node& node = binding_.graph().nodes[static_cast<size_t>(binding_.graph().find(test.model))];
  TestOutcome outcome;
  std::set<std::string> done;
  auto ran = build_default(node, test);
  if (ran) {
    RH_TRY(session_->execute("begin"));
    for (const auto& [table, rows] : test.given)
      if (ran) ran = define_table(table, &rows);
    if (ran) ran = define_drops_of_given(test);
    if (ran) ran = build_upstream(node, test, done);
    if (ran) ran = build_and_judge(node, test, outcome.differences);
    RH_TRY(session_->execute("rollback"));  // the next test finds what this one found
  }
  if (!ran) {
    if (!is_finding(ran.error())) return fail(std::move(ran).error());
    outcome.differences.push_back(ran.error().to_string());
  }
  outcome.passed = outcome.differences.empty();
  outcome.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return outcome;
}

}  // namespace reelhouse::model
