#include <cmath>
#include <iostream>
#include <variant>

#include "app/command.hpp"
#include "base/text.hpp"
#include "project/receipts.hpp"
#include "project/rows.hpp"

namespace reelhouse::app {
namespace {

/// A row of a table is one line; messages come in several.
void put_on_one_line(engine::Rows& rows) {
  for (auto& row : rows.rows)
    for (auto& cell : row)
      if (auto* text = std::get_if<std::string>(&cell)) *text = one_line(*text);
}

void print(engine::Rows rows, OutputFormat format) {
  if (format == OutputFormat::kTable) put_on_one_line(rows);
  print_rows(rows, format);
}

Result<int> show_run(project::Project& project, OutputFormat format, const std::string& id) {
  RH_ASSIGN(const auto history, project.history());
  RH_ASSIGN(const auto run, history->find(id));
  engine::Rows rows;
  rows.columns = {{"step", "VARCHAR"},
                  {"state", "VARCHAR"},
                  {"seconds", "DOUBLE", true},
                  {"rows", "BIGINT", true},
                  {"message", "VARCHAR"}};
  for (const auto& step : run.steps)
    rows.rows.push_back({step.name, std::string(name_of(step.state)), std::round(step.seconds * 1000) / 1000,
                         static_cast<int64_t>(step.rows), engine::text_or_null(step.message)});
  std::cerr << fmt::format("run {} {}, started {}{}{}\n", run.id, name_of(run.state), run.started,
                           run.version > 0 ? fmt::format(", published version {}", run.version) : "",
                           run.message.empty() ? "" : ": " + run.message);
  print(std::move(rows), format);
  return kDone;
}

}  // namespace

void add_runs(CLI::App& app, const GlobalFlags& flags) {
  auto* command = app.add_subcommand("runs", "History of runs, the steps of one, its receipt");
  auto id = std::make_shared<std::string>();
  auto limit = std::make_shared<int>(20);
  auto receipt = std::make_shared<bool>(false);
  command->add_option("id", *id, "Run to show (the beginning of its id is enough)");
  command->add_option("--limit", *limit, "Runs to list, newest first")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  command->add_flag("--receipt", *receipt, "Print the run's receipt, as JSON");
  add_run_control(*command, flags);
  command->footer(
      "Examples:\n  reelhouse runs\n  reelhouse runs 20261122-06\n  reelhouse runs 20261122-06 --receipt\n"
      "  reelhouse runs log 20261122-06\n  reelhouse runs resume 20261122-06");
  on_run(*command, [&flags, id, limit, receipt]() -> Result<int> {
    RH_ASSIGN(const auto project, open_project(flags));
    if (id->empty() && !*receipt) {
      RH_ASSIGN(const auto rows, project::list_runs(*project, *limit));
      print(rows, flags.output());
      return kDone;
    }
    if (id->empty()) {
      RH_ASSIGN(const auto history, project->history());
      RH_ASSIGN(const auto runs, history->list(1));
      if (runs.empty()) return fail(ErrorKind::kNotFound, "there was no run yet", "Start one: reelhouse run");
      *id = runs.front().id;
    }
    if (!*receipt) return show_run(*project, flags.output(), *id);
    RH_ASSIGN(const std::string text, project::receipt_text(*project, *id));
    std::cout << text;
    return kDone;
  });
}

}  // namespace reelhouse::app
