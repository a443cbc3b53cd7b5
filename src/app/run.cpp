#include <iostream>

#include "app/command.hpp"
#include "app/run_end.hpp"
#include "project/run.hpp"

namespace reelhouse::app {
namespace {

struct RunFlags {
  project::RunOrder order;
  std::vector<std::string> properties;
  std::string queued;
};

/// Parses NAME=VALUE. Errors: kUsage.
Result<workflow::Properties> parse_properties(const std::vector<std::string>& texts) {
  workflow::Properties properties;
  for (const auto& text : texts) {
    const size_t sign = text.find('=');
    if (sign == 0 || sign == std::string::npos)
      return fail(ErrorKind::kUsage, fmt::format("'{}' is not NAME=VALUE", text),
                  "For instance: --set day=2026-11-22");
    properties[text.substr(0, sign)] = text.substr(sign + 1);
  }
  return properties;
}

/// Runs what a person asked for. The default workflow tells its phases and prints its receipt; of another the
/// log is told.
Result<int> run_here(const GlobalFlags& flags, project::Project& project, const project::RunOrder& order) {
  const bool is_default = project::runs_default(project, order);
  RH_ASSIGN(const auto end, project::run(project, order, SystemClock(),
                                         is_default ? telling_phases(flags) : telling_log(flags)));
  return is_default ? print_receipt(flags, project.settings(), end) : tell_end(flags, end);
}

Result<int> run(const GlobalFlags& flags, const RunFlags& run_flags) {
  RH_ASSIGN(const auto project, open_project(flags));
  if (!run_flags.queued.empty()) {
    RH_ASSIGN(const auto end,
              project::run_queued(*project, run_flags.queued, SystemClock(), telling_log(flags)));
    return tell_end(flags, end);
  }
  project::RunOrder order = run_flags.order;
  RH_ASSIGN(order.properties, parse_properties(run_flags.properties));
  auto outcome = run_here(flags, *project, order);
  project::look_after_house(*project, SystemClock());
  return outcome;
}

}  // namespace

void add_run(CLI::App& app, const GlobalFlags& flags) {
  auto* command =
      app.add_subcommand("run", "Run a workflow; without a name: crawl, build what changed, check, publish");
  auto options = std::make_shared<RunFlags>();
  command->add_option("workflow", options->order.workflow, "Workflow to run (default: default)");
  command->add_option("--set", options->properties, "Give a property of the workflow a value")
      ->type_name("NAME=VALUE");
  command->add_option("--queued", options->queued, "Run a queued run (the scheduler does)")->group("");
  command
      ->add_option("--select,-s", options->order.select,
                   "Only these models: NAME, NAME+ (and what depends on it), +NAME (and what it depends "
                   "on), a folder; nothing is published then")
      ->type_name("MODEL")
      ->delimiter(',');
  command
      ->add_option("--accept", options->order.accept,
                   "Let in what was delivered of this table although it lost more than it may; remembered "
                   "for exactly this content")
      ->type_name("TABLE")
      ->delimiter(',');
  command->add_flag("--full-refresh", options->order.full_refresh,
                    "Build the models although nothing changed");
  command->add_option("--threads", options->order.threads, "Threads to use; 0 = one a core")
      ->check(CLI::Range(0, 256))
      ->capture_default_str();
  command->add_option("--memory", options->order.memory_limit,
                      "Memory for the engine before it spills to disk, e.g. 8GB");
  command->footer(
      "Examples:\n"
      "  reelhouse run\n"
      "  reelhouse run --lake /data/lake --format json > receipt.json\n"
      "  reelhouse run --select stg_user+\n"
      "  reelhouse run refresh --set day=2026-11-22\n"
      "  reelhouse run --accept shop_order\n\n"
      "A second run builds only what changed. When a check of severity error fails (exit code 3), the\n"
      "version published before stays current.");
  on_run(*command, [&flags, options] { return run(flags, *options); });
}

}  // namespace reelhouse::app
