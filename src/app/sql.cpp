#include <iostream>
#include <iterator>

#include "app/command.hpp"
#include "base/interrupt.hpp"
#include "warehouse/versions.hpp"

namespace reelhouse::app {
namespace {

Result<int> run_sql(const GlobalFlags& flags, std::string statement) {
  RH_ASSIGN(const Settings settings, load_settings(flags));
  if (statement == "-") statement.assign(std::istreambuf_iterator<char>(std::cin), {});
  const warehouse::Warehouse warehouse(settings.warehouse);
  RH_ASSIGN(const auto database, warehouse.open_current());
  RH_ASSIGN(const auto session, database->connect());
  const OnInterrupt stop([&] { session->interrupt(); });
  const auto printer = make_row_printer(flags.output());
  bool any = false;
  auto streamed = session->stream(statement, [&](const engine::Rows& rows) {
    any = true;
    printer->print(rows);
    return true;
  });
  if (!streamed) {
    Error error = streamed.error();
    if (error.kind == ErrorKind::kQuery && error.message.find("does not exist") != std::string::npos && error.hint.empty())
      error.hint = "List the tables: reelhouse sql \"show tables\"";
    return fail(std::move(error));
  }
  if (any) printer->finish();
  return kDone;
}

}  // namespace

void add_sql(CLI::App& app, const GlobalFlags& flags) {
  auto* command = app.add_subcommand("sql", "Ask the published warehouse, read-only");
  auto statement = std::make_shared<std::string>();
  command->add_option("statement", *statement, "SQL; '-' reads it from standard input")->required();
  command->footer("Examples:\n  reelhouse sql \"show tables\"\n"
                  "  reelhouse sql \"select count(*) from fct_title\" --format json\n"
                  "  reelhouse sql - < question.sql");
  on_run(*command, [&flags, statement] { return run_sql(flags, *statement); });
}

}  // namespace reelhouse::app
