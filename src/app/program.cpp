#include "app/program.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "app/command.hpp"
#include "base/interrupt.hpp"
#include "base/near_miss.hpp"
#include "base/progress.hpp"

namespace reelhouse::app {
namespace {

/// The action of the command that was named; set by on_run's callback while CLI11 parses.
Action& chosen_action() {
  static Action action;
  return action;
}

int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kUsage:
    case ErrorKind::kProject:
      return kWrongUsage;
    case ErrorKind::kCheckFailed:
      return kCheckFailed;
    case ErrorKind::kInterrupted:
      return kInterrupted;
    default:
      return kFailed;
  }
}

void print_error(const Error& error) {
  const bool colour = ::isatty(STDERR_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
  std::cerr << (colour ? "\x1b[31merror:\x1b[0m " : "error: ") << error.to_string() << "\n";
}

void add_global_flags(CLI::App& app, GlobalFlags& flags) {
  app.add_option("--project", flags.choice.project,
                 "Folder that holds reelhouse.yaml (default: the current one)")
      ->envname("REELHOUSE_PROJECT")
      ->type_name("DIR");
  app.add_option("--lake", flags.choice.lake, "Where raw/ is; only read")
      ->envname("REELHOUSE_LAKE")
      ->type_name("PLACE");
  app.add_option("--store", flags.choice.store,
                 "Where curated tables and receipts go: a folder, or s3://bucket/prefix")
      ->envname("REELHOUSE_STORE")
      ->type_name("PLACE");
  app.add_option("--warehouse", flags.choice.warehouse,
                 "Folder of the published DuckDB files, or postgresql://user@host/database")
      ->envname("REELHOUSE_WAREHOUSE")
      ->type_name("PLACE");
  app.add_option("--engine", flags.choice.engine, "Engine that builds the models: duckdb")
      ->envname("REELHOUSE_ENGINE")
      ->type_name("NAME");
  app.add_option("--format", flags.format, "How rows are printed: table, json or csv")
      ->envname("REELHOUSE_FORMAT")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"table", "json", "csv"}));
  app.add_flag("--quiet,-q", flags.quiet, "No progress, no messages but errors");
}

/// Says which word is no command, with the near miss; false when all is well with the words.
bool explain_unknown(const CLI::App& app, int argc, char** argv) {
  std::vector<std::string> names;
  for (const auto* command : app.get_subcommands(nullptr)) names.push_back(command->get_name());
  for (int i = 1; i < argc; ++i) {
    if (argv[i][0] == '-') {
      const auto* option = app.get_option_no_throw(argv[i]);
      if (option != nullptr && option->get_items_expected_max() > 0) ++i;
      continue;
    }
    if (std::ranges::find(names, argv[i]) != names.end()) return false;
    const auto near = near_miss(argv[i], names);
    std::cerr << fmt::format(
        "error: there is no command '{}'\n  {}\n", argv[i],
        near ? fmt::format("Did you mean 'reelhouse {}'?", *near) : "List them: reelhouse --help");
    return true;
  }
  return false;
}

}  // namespace

void on_run(CLI::App& command, Action action) {
  command.callback([action = std::move(action)] {
    if (!chosen_action()) chosen_action() = action;  // a command below this one comes first
  });
}

OutputFormat GlobalFlags::output() const {
  if (format == "json") return OutputFormat::kJson;
  if (format == "csv") return OutputFormat::kCsv;
  return OutputFormat::kTable;
}

Result<std::shared_ptr<project::Project>> open_project(const GlobalFlags& flags) {
  return project::Project::open(flags.choice);
}

int run_program(int argc, char** argv) {
  CLI::App app("From raw files in a lake to a checked, published star schema.", "reelhouse");
  app.set_version_flag("--version,-V", std::string("reelhouse ") + REELHOUSE_VERSION);
  app.require_subcommand(1);
  app.fallthrough();
  app.footer(
      "Examples:\n"
      "  reelhouse init streaming && cd streaming\n"
      "  reelhouse run --lake /data/lake\n"
      "  reelhouse sql \"select plan_name, count(*) from fct_subscription join dim_plan using (plan_key) "
      "group by all\"\n"
      "  reelhouse lineage fct_subscription_month.revenue\n\n"
      "Exit codes: 0 done; 1 failed; 2 wrong usage or project; 3 a check failed and nothing was published;\n"
      "130 interrupted.");
  GlobalFlags flags;
  add_global_flags(app, flags);
  for (const auto& add :
       {add_init,   add_generate,  add_lake,   add_fetch,    add_crawl,    add_catalog,    add_run,
        add_runs,   add_workflows, add_alerts, add_rollback, add_lineage,  add_quarantine, add_sql,
        add_export, add_metric,    add_serve,  add_test,     add_validate, add_doctor,     add_completion})
    add(app, flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() != 0 && explain_unknown(app, argc, argv)) return kWrongUsage;
    return app.exit(e) == 0 ? kDone : kWrongUsage;
  }
  Progress::set_quiet(flags.quiet);
  auto result = chosen_action()();
  if (result) return *result;
  if (interrupted()) {
    std::cerr << "interrupted\n";
    return kInterrupted;
  }
  print_error(result.error());
  return exit_code(result.error().kind);
}

}  // namespace reelhouse::app
