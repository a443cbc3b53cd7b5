#include <iostream>

#include "app/command.hpp"
#include "workflow/pipeline.hpp"

namespace reelhouse::app {
namespace {

struct RunFlags {
  std::string workflow = "default";
  std::vector<std::string> select;
  bool full_refresh = false;
  int threads = 0;
  std::string memory;
};

Result<int> run(const GlobalFlags& flags, const RunFlags& run_flags) {
  RH_ASSIGN(const Settings settings, load_settings(flags));
  if (run_flags.workflow != "default")
    return fail(ErrorKind::kUsage, fmt::format("there is no workflow '{}'", run_flags.workflow),
                "The one workflow so far is 'default': crawl, build, check, publish.");
  workflow::PipelineOptions options;
  options.project = settings.project;
  options.lake = settings.lake;
  options.store = settings.store;
  options.store_bucket = settings.store_bucket;
  options.warehouse = settings.published();
  options.state = settings.state;
  options.exclude = settings.exclude;
  options.keep_versions = settings.keep_versions;
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

}  // namespace

void add_run(CLI::App& app, const GlobalFlags& flags) {
  auto* command = app.add_subcommand("run", "Crawl the lake, build what changed, check it, publish it");
  auto options = std::make_shared<RunFlags>();
  command->add_option("workflow", options->workflow, "Workflow to run")->capture_default_str();
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
      "  reelhouse run --select stg_user+\n\n"
      "A second run builds only what changed. When a check of severity error fails (exit code 3), the\n"
      "version published before stays current.");
  on_run(*command, [&flags, options] { return run(flags, *options); });
}

}  // namespace reelhouse::app
