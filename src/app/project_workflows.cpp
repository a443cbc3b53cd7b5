#include "app/project_workflows.hpp"

#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "base/interrupt.hpp"
#include "base/near_miss.hpp"
#include "model/project.hpp"
#include "workflow/run/executor.hpp"
#include "workflow/run/project_steps.hpp"

namespace reelhouse::app {
namespace {

/// Writes a run's log to its file, and for people to standard error.
class ToldLog final : public workflow::RunLog {
 public:
  ToldLog(std::unique_ptr<workflow::RunLog> file, bool quiet) : file_(std::move(file)), quiet_(quiet) {}
  void write(const std::string& step, int attempt, std::string_view level,
             std::string_view message) override {
    file_->write(step, attempt, level, message);
    if (quiet_) return;
    const std::string line = fmt::format("{:<10} {}{}\n", step, level == "error" ? "error: " : "", message);
    std::cerr << line;
  }

 private:
  std::unique_ptr<workflow::RunLog> file_;
  bool quiet_;
};

/// Looks at most every fifth of a second whether somebody asked this run to stop.
class CancelWatch {
 public:
  CancelWatch(const workflow::RunHistory& history, std::string run)
      : history_(history), run_(std::move(run)) {}
  bool operator()() {
    if (signalled() || cancelled_) return true;
    const std::lock_guard lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    if (now < next_) return cancelled_;
    next_ = now + std::chrono::milliseconds(200);
    const auto asked = history_.cancel_asked(run_);
    if (asked && *asked) cancelled_ = true;
    return cancelled_;
  }

 private:
  const workflow::RunHistory& history_;
  std::string run_;
  std::mutex mutex_;
  std::chrono::steady_clock::time_point next_{};
  std::atomic<bool> cancelled_ = false;
};

/// Takes datasets from the names of their files, where sources/ cannot be read.
std::vector<std::string> declared_datasets(const std::filesystem::path& project) {
  std::vector<std::string> datasets;
  std::error_code code;
  for (std::filesystem::directory_iterator it(project / "sources", code), end; !code && it != end;
       it.increment(code))
    datasets.push_back(it->path().stem().string());
  return datasets;
}

}  // namespace

workflow::ProjectNames project_names(const Settings& settings) {
  std::vector<Error> others;  // of models and sources: told by those who read them
  const model::Project project = model::load_project(settings.project, others);
  workflow::ProjectNames names;
  names.project = settings.project;
  names.lake = settings.lake;
  names.store = settings.store_bucket.empty() ? settings.store.string() : settings.store_bucket;
  if (!warehouse::is_server(settings.warehouse)) names.warehouse = settings.warehouse;
  for (const auto& source : project.sources) {
    names.sources.push_back(source.dataset);
    if (source.fetch) names.fetched.push_back(source.dataset);
  }
  for (const auto& model : project.models) {
    names.selectable.push_back(model.name);
    if (std::ranges::find(names.selectable, model.folder) == names.selectable.end())
      names.selectable.push_back(model.folder);
    if (model.published()) names.published.push_back(model.name);
  }
  for (const auto& name : project.broken) {  // what is broken itself is not unknown as well
    names.selectable.push_back(name);
    names.published.push_back(name);
  }
  if (project.is_broken("raw.*"))
    for (const auto& dataset : declared_datasets(settings.project)) {
      names.sources.push_back(dataset);
      names.fetched.push_back(dataset);
    }
  return names;
}

std::vector<workflow::Workflow> read_workflows(const Settings& settings, std::vector<Error>& problems) {
  auto workflows = workflow::load_workflows(settings.project, project_names(settings), problems);
  if (std::ranges::find(workflows, "default", &workflow::Workflow::name) == workflows.end())
    workflows.push_back(workflow::default_workflow());
  return workflows;
}

Result<workflow::Workflow> find_workflow(const Settings& settings, const std::string& name) {
  std::vector<Error> problems;
  const auto workflows = read_workflows(settings, problems);
  const auto found = std::ranges::find(workflows, name, &workflow::Workflow::name);
  if (found != workflows.end()) return *found;
  for (const auto& problem : problems)  // the file of that name is the likeliest to be meant
    if (problem.where.find("/" + name + ".y") != std::string::npos) return fail(problem);
  std::vector<std::string> names;
  for (const auto& workflow : workflows) names.push_back(workflow.name);
  return fail(ErrorKind::kUsage, fmt::format("there is no workflow '{}'", name),
              did_you_mean(name, names, "List them with: reelhouse workflows"));
}

workflow::PipelineOptions pipeline_options(const Settings& settings) {
  workflow::PipelineOptions options;
  options.project = settings.project;
  options.lake = settings.lake;
  options.store = settings.store;
  options.store_bucket = settings.store_bucket;
  options.warehouse = settings.published();
  options.state = settings.state;
  options.exclude = settings.exclude;
  options.keep_versions = settings.keep_versions;
  return options;
}

std::vector<std::string> program_with_flags(const GlobalFlags& flags, const Settings& settings) {
  std::error_code code;
  std::vector<std::string> program = {std::filesystem::read_symlink("/proc/self/exe", code).string(),
                                      "--project", std::filesystem::absolute(settings.project).string()};
  const auto add = [&](const char* flag, const std::string& value) {
    if (value.empty()) return;
    const bool is_path = value.find(":/") == std::string::npos && !warehouse::is_server(value);
    program.insert(program.end(), {flag, is_path ? std::filesystem::absolute(value).string() : value});
  };
  add("--lake", flags.lake);
  add("--store", flags.store);
  if (!flags.engine.empty()) program.insert(program.end(), {"--engine", flags.engine});
  // A server's address may hold a password, which a process list would show: it goes by the environment.
  if (!flags.warehouse.empty()) ::setenv("REELHOUSE_WAREHOUSE", flags.warehouse.c_str(), 1);
  return program;
}

Result<int> run_to_end(const GlobalFlags& flags, const Settings& settings, const workflow::Workflow& workflow,
                       const workflow::Run& run, const workflow::Run* before) {
  const SystemClock clock;
  RH_ASSIGN(const auto history, workflow::open_run_history(settings.runs()));
  workflow::remove_step_leftovers(settings.state, *history);
  auto file = workflow::RunLog::open(settings.state, run.id, clock);
  if (!file) {
    (void)history->end(run.id, workflow::RunState::kFailed, 0, file.error().to_string(), clock);
    return fail(file.error());
  }
  ToldLog log(std::move(*file), flags.quiet);
  workflow::ProjectSteps steps(pipeline_options(settings), workflow, project_names(settings),
                               program_with_flags(flags, settings), clock);
  CancelWatch watch(*history, run.id);
  const workflow::ExecutorOptions options{workflow, *history, log, steps, clock, [&] { return watch(); }};
  const auto executed = workflow::execute(run, before, options);
  workflow::Run ended = run;
  if (executed) {
    ended = *executed;
  } else {  // the history does not take the end; the receipt still tells it
    ended.state = workflow::RunState::kFailed;
    ended.message = executed.error().to_string();
  }
  steps.finish(ended);
  if (!executed) return fail(executed.error());

  if (!flags.quiet)
    std::cerr << fmt::format("run {} {}{}{}\n", ended.id, name_of(ended.state),
                             ended.version > 0 ? fmt::format(", published version {}", ended.version) : "",
                             ended.message.empty() ? "" : ": " + ended.message);
  switch (ended.state) {
    case workflow::RunState::kSucceeded:
      return kDone;
    case workflow::RunState::kCheckFailed:
      return kCheckFailed;
    case workflow::RunState::kCancelled:
      return kInterrupted;
    default:
      return kFailed;
  }
}

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

}  // namespace reelhouse::app
