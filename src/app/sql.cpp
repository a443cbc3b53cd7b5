#include <algorithm>
#include <iostream>
#include <iterator>

#include "app/command.hpp"
#include "base/interrupt.hpp"
#include "warehouse/versions.hpp"

namespace reelhouse::app {
namespace {

/// Tells why a table that was asked holds nothing: its dataset is not in the lake. `empty_columns` says
/// that the answer has no row, or a column without any value.
void tell_why_empty(const warehouse::Warehouse& warehouse, const std::string& statement, bool empty_columns) {
  const auto version = warehouse.current();
  const auto parser = engine::open_duckdb({});
  if (!version || !parser) return;
  const auto session = (*parser)->connect();
  if (!session) return;
  const auto references = (*session)->references_of(statement);
  if (!references) return;
  std::vector<std::string> told;
  for (const auto& asked : references->tables)
    for (const auto& table : version->tables) {
      if (table.name != asked.name || table.note.empty() || !(empty_columns || table.rows <= 1)) continue;
      if (std::ranges::find(told, table.note) == told.end())
        std::cerr << fmt::format("note: {}: {}\n", table.name, table.note);
      told.push_back(table.note);
    }
}

Result<int> run_sql(const GlobalFlags& flags, std::string statement) {
  RH_ASSIGN(const auto project, open_project(flags));
  if (statement == "-") statement.assign(std::istreambuf_iterator<char>(std::cin), {});
  RH_ASSIGN(const auto warehouse, project->warehouse());
  RH_ASSIGN(const auto database, warehouse->open_current());
  RH_ASSIGN(const auto session, database->connect());
  const OnInterrupt stop([&] { session->interrupt(); });
  const auto printer = make_row_printer(flags.output());
  bool any = false;
  std::vector<bool> has_value;
  auto streamed = session->stream(statement, [&](const engine::Rows& rows) {
    any = true;
    has_value.resize(rows.columns.size());
    for (const auto& row : rows.rows)
      for (size_t column = 0; column < row.size(); ++column)
        if (!std::holds_alternative<std::monostate>(row[column])) has_value[column] = true;
    printer->print(rows);
    return true;
  });
  if (!streamed) {
    Error error = streamed.error();
    if (error.kind == ErrorKind::kQuery && error.message.find("does not exist") != std::string::npos &&
        error.hint.empty())
      error.hint = "List the tables: reelhouse sql \"show tables\"";
    return fail(std::move(error));
  }
  if (any) printer->finish();
  if (!flags.quiet)
    tell_why_empty(*warehouse, statement, std::ranges::find(has_value, false) != has_value.end());
  return kDone;
}

}  // namespace

void add_sql(CLI::App& app, const GlobalFlags& flags) {
  auto* command = app.add_subcommand("sql", "Ask the published warehouse, read-only");
  auto statement = std::make_shared<std::string>();
  command->add_option("statement", *statement, "SQL; '-' reads it from standard input")->required();
  command->footer(
      "Examples:\n  reelhouse sql \"show tables\"\n"
      "  reelhouse sql \"select count(*) from fct_title\" --format json\n"
      "  reelhouse sql - < question.sql");
  on_run(*command, [&flags, statement] { return run_sql(flags, *statement); });
}

}  // namespace reelhouse::app
