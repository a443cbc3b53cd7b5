#include <iostream>

#include "app/project_workflows.hpp"
#include "base/files.hpp"
#include "workflow/scheduler/housekeeping.hpp"
#include "workflow/scheduler/scheduler.hpp"

namespace reelhouse::app {
namespace {

struct RunFlags {
  std::string workflow = "default";
  std::vector<std::string> properties;
  std::string queued;
  std::vector<std::string> select;
  bool full_refresh = false;
  int threads = 0;
  std::string memory;

  bool shapes_pipeline() const { return !select.empty() || full_refresh || threads > 0 || !memory.empty(); }
};

/// Runs crawl, build, check and publish, as it is without any workflow.
Result<int> run_plain(const GlobalFlags& flags, const Settings& settings, const RunFlags& run_flags) {
  workflow::PipelineOptions options = pipeline_options(settings);
  options.select = run_flags.select;
  options.full_refresh = run_flags.full_refresh;
  options.threads = run_flags.threads;
  options.memory_limit = run_flags.memory;
  const SystemClock clock;
  const auto say = [&](const std::string& line) {
    if (!flags.quiet) std::cerr << line + "\n";
  };
  RH_ASSIGN(const auto result, workflow::run_pipeline(options, clock, say));
  if (flags.output() == OutputFormat::kJson) std::cout << result.receipt.dump(2) << "\n";
  say(fmt::format("receipt  {}", (settings.store / "receipts" / (result.run + ".json")).string()));
  return result.state == workflow::RunState::kCheckFailed ? kCheckFailed : kDone;
}

/// Runs a run that the scheduler has queued.
Result<int> run_queued(const GlobalFlags& flags, const Settings& settings, const std::string& id) {
  RH_ASSIGN(const auto history, workflow::open_run_history(settings.runs()));
  RH_ASSIGN(const auto queued, history->find(id));
  RH_ASSIGN(const auto workflow, find_workflow(settings, queued.workflow));
  std::optional<workflow::Run> before;
  if (!queued.resumes.empty()) {
    RH_ASSIGN(before, history->find(queued.resumes));
  }
  const SystemClock clock;
  RH_ASSIGN(const auto run, history->start(queued.id, workflow.at_once, clock));
  if (!run)
    return fail(ErrorKind::kBusy, fmt::format("the workflow '{}' runs already", workflow.name),
                "The run stays queued.");
  return run_to_end(flags, settings, workflow, *run, before ? &*before : nullptr);
}

/// Removes old runs where no server does. What it cannot remove stays for the next run.
void look_after_house(const Settings& settings) {
  std::vector<Error> problems;
  const auto workflows = read_workflows(settings, problems);
  const auto history = workflow::open_run_history(settings.runs());
  if (!problems.empty() || !history) return;
  const workflow::RunFolders folders{settings.state / "logs", settings.store / "receipts"};
  (void)workflow::keep_house(**history, workflows, folders, settings.keep_versions, SystemClock());
}

Result<int> run_here(const GlobalFlags& flags, const Settings& settings, const RunFlags& run_flags) {
  const bool has_file = std::filesystem::exists(settings.project / "workflows" / "default.yml");
  if (run_flags.workflow == "default" && (!has_file || run_flags.shapes_pipeline()))
    return run_plain(flags, settings, run_flags);
  if (run_flags.shapes_pipeline())
    return fail(ErrorKind::kUsage,
                fmt::format("--select, --full-refresh, --threads and --memory are no part of a workflow "
                            "run ('{}')",
                            run_flags.workflow),
                "Leave them out, or leave out the workflow.");
  RH_ASSIGN(const auto workflow, find_workflow(settings, run_flags.workflow));
  RH_ASSIGN(const auto given, parse_properties(run_flags.properties));
  RH_ASSIGN(const auto properties, workflow::complete_properties(workflow, given));
  const SystemClock clock;
  RH_TRY(make_folders(settings.state));
  RH_ASSIGN(const auto history, workflow::open_run_history(settings.runs()));
  RH_ASSIGN(const auto run,
            history->begin({.workflow = workflow.name, .properties = properties}, workflow.at_once, clock));
  return run_to_end(flags, settings, workflow, run, nullptr);
}

Result<int> run(const GlobalFlags& flags, const RunFlags& run_flags) {
  RH_ASSIGN(const Settings settings, load_settings(flags));
  if (!run_flags.queued.empty()) return run_queued(flags, settings, run_flags.queued);
  auto outcome = run_here(flags, settings, run_flags);
  look_after_house(settings);
  return outcome;
}

}  // namespace

void add_run(CLI::App& app, const GlobalFlags& flags) {
  auto* command =
      app.add_subcommand("run", "Run a workflow; without a name: crawl, build what changed, check, publish");
  auto options = std::make_shared<RunFlags>();
  command->add_option("workflow", options->workflow, "Workflow to run")->capture_default_str();
  command->add_option("--set", options->properties, "Give a property of the workflow a value")
      ->type_name("NAME=VALUE");
  command->add_option("--queued", options->queued, "Run a queued run (the scheduler does)")->group("");
  command
      ->add_option("--select,-s", options->select,
                   "Only these models: NAME, NAME+ (and what depends on it), +NAME (and what it depends "
                   "on), a folder; nothing is published then")
      ->type_name("MODEL")
      ->delimiter(',');
  command->add_flag("--full-refresh", options->full_refresh, "Build the models although nothing changed");
  command->add_option("--threads", options->threads, "Threads to use; 0 = one a core")
      ->check(CLI::Range(0, 256))
      ->capture_default_str();
  command->add_option("--memory", options->memory,
                      "Memory for the engine before it spills to disk, e.g. 8GB");
  command->footer(
      "Examples:\n"
      "  reelhouse run\n"
      "  reelhouse run --lake /data/lake --format json > receipt.json\n"
      "  reelhouse run --select stg_user+\n"
      "  reelhouse run refresh --set day=2026-11-22\n\n"
      "A second run builds only what changed. When a check of severity error fails (exit code 3), the\n"
      "version published before stays current.");
  on_run(*command, [&flags, options] { return run(flags, *options); });
}

}  // namespace reelhouse::app
