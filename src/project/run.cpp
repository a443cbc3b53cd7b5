#include "project/run.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>

#include "base/files.hpp"
#include "base/interrupt.hpp"
#include "workflow/run/executor.hpp"
#include "workflow/run/project_steps.hpp"
#include "workflow/scheduler/housekeeping.hpp"
#include "workflow/scheduler/scheduler.hpp"

namespace reelhouse::project {
namespace {

using workflow::Run;
using workflow::Workflow;

/// Writes a run's log to its file, and tells it.
class ToldLog final : public workflow::RunLog {
 public:
  ToldLog(std::unique_ptr<workflow::RunLog> file, const Telling& telling)
      : file_(std::move(file)), telling_(telling) {}
  void write(const std::string& step, int attempt, std::string_view level,
             std::string_view message) override {
    file_->write(step, attempt, level, message);
    if (telling_.log) telling_.log(step, std::string(level), std::string(message));
  }

 private:
  std::unique_ptr<workflow::RunLog> file_;
  const Telling& telling_;
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

/// Runs a run that has begun to its end. `before`: the run that it resumes, or null.
Result<RunEnd> run_to_end(Project& project, const Workflow& workflow, workflow::ProjectSteps& steps,
                          const Run& run, const Run* before, const Clock& clock, const Telling& telling) {
  RH_ASSIGN(const auto history, project.history());
  workflow::remove_step_leftovers(project.settings().steps(), *history);
  auto file = workflow::RunLog::open(project.settings().logs(), run.id, clock);
  if (!file) {
    Error error = file.error();
    if (const auto ended = history->end(run.id, workflow::RunState::kFailed, 0, error.to_string(), clock);
        !ended)
      error.message += fmt::format(" (and the run could not be closed: {})", ended.error().message);
    return fail(std::move(error));
  }
  ToldLog log(std::move(*file), telling);
  CancelWatch watch(*history, run.id);
  const workflow::ExecutorOptions options{workflow, *history, log, steps, clock, [&] { return watch(); }};
  const auto executed = workflow::execute(run, before, options);
  RunEnd end{run};
  if (executed) {
    end.run = *executed;
  } else {  // the history does not take the end; the receipt still tells it
    end.run.state = workflow::RunState::kFailed;
    end.run.message = executed.error().to_string();
  }
  end.error = steps.error();
  end.receipt = steps.finish(end.run);
  if (!executed) return fail(executed.error());
  return end;
}

workflow::ProjectSteps steps_of(Project& project, const Workflow& workflow, workflow::PipelineOptions options,
                                const Clock& clock, const Telling& telling) {
  return workflow::ProjectSteps(std::move(options), workflow, project.names(), project.program(), clock,
                                telling.phase);
}

/// The default workflow as an order shapes it: of a selection nothing is published.
Workflow shaped(const RunOrder& order) {
  Workflow workflow = workflow::default_workflow();
  if (order.select.empty()) return workflow;
  std::erase_if(workflow.steps, [](const workflow::StepDefinition& step) {
    return step.kind == workflow::StepKind::kPublish;
  });
  for (auto& step : workflow.steps)
    if (step.kind == workflow::StepKind::kBuild) step.what = order.select;
  return workflow;
}

/// Runs the default workflow, which holds the project from the beginning: it waits for no other run.
Result<RunEnd> run_default(Project& project, const RunOrder& order, const Clock& clock,
                           const Telling& telling) {
  const Workflow workflow = shaped(order);
  RH_ASSIGN(const auto properties, workflow::complete_properties(workflow, order.properties));
  workflow::PipelineOptions options = project.pipeline_options();
  options.full_refresh = order.full_refresh;
  options.threads = order.threads;
  options.memory_limit = order.memory_limit;
  options.accept = order.accept;
  auto steps = steps_of(project, workflow, std::move(options), clock, telling);
  RH_TRY(steps.take_hold());
  RH_ASSIGN(const auto history, project.history());
  RH_ASSIGN(const auto run, history->begin({.workflow = workflow.name, .properties = properties}, 0, clock));
  auto end = run_to_end(project, workflow, steps, run, nullptr, clock, telling);
  if (end && end->run.state == workflow::RunState::kSucceeded && !order.select.empty() && telling.phase)
    telling.phase("publish  nothing, since only some models were selected");
  return end;
}

}  // namespace

bool runs_default(Project& project, const RunOrder& order) {
  if (!order.workflow.empty() && order.workflow != workflow::kDefaultWorkflow) return false;
  const auto workflow = project.workflow(workflow::kDefaultWorkflow);
  return order.shapes_pipeline() || (workflow && workflow->where.empty());  // of no file
}

Result<RunEnd> run(Project& project, const RunOrder& order, const Clock& clock, const Telling& telling) {
  RH_TRY(make_folders(project.settings().state));
  if (runs_default(project, order)) return run_default(project, order, clock, telling);
  const std::string name = order.workflow.empty() ? workflow::kDefaultWorkflow : order.workflow;
  if (order.shapes_pipeline())
    return fail(ErrorKind::kUsage,
                fmt::format("--select, --full-refresh, --threads and --memory are no part of a workflow "
                            "run ('{}')",
                            name),
                "Leave them out, or leave out the workflow.");
  RH_ASSIGN(const auto workflow, project.workflow(name));
  RH_ASSIGN(const auto properties, workflow::complete_properties(workflow, order.properties));
  RH_ASSIGN(const auto history, project.history());
  RH_ASSIGN(const auto run,
            history->begin({.workflow = workflow.name, .properties = properties}, workflow.at_once, clock));
  workflow::PipelineOptions options = project.pipeline_options();
  options.accept = order.accept;
  auto steps = steps_of(project, workflow, std::move(options), clock, telling);
  return run_to_end(project, workflow, steps, run, nullptr, clock, telling);
}

Result<RunEnd> run_queued(Project& project, const std::string& id, const Clock& clock,
                          const Telling& telling) {
  RH_ASSIGN(const auto history, project.history());
  RH_ASSIGN(const auto queued, history->find(id));
  RH_ASSIGN(const auto workflow, project.workflow(queued.workflow));
  std::optional<Run> before;
  if (!queued.resumes.empty()) {
    RH_ASSIGN(before, history->find(queued.resumes));
  }
  RH_ASSIGN(const auto run, history->start(queued.id, workflow.at_once, clock));
  if (!run)
    return fail(ErrorKind::kBusy, fmt::format("the workflow '{}' runs already", workflow.name),
                "The run stays queued.");
  auto steps = steps_of(project, workflow, project.pipeline_options(), clock, telling);
  return run_to_end(project, workflow, steps, *run, before ? &*before : nullptr, clock, telling);
}

Result<RunEnd> resume(Project& project, const std::string& id, const Clock& clock, const Telling& telling) {
  RH_ASSIGN(const auto history, project.history());
  RH_ASSIGN(const auto before, history->find(id));
  RH_TRY(workflow::check_resumable(before));
  RH_ASSIGN(const auto workflow, project.workflow(before.workflow));
  RH_ASSIGN(const auto run, history->begin({.workflow = before.workflow,
                                            .cause = {workflow::CauseKind::kResume, "", "", before.id},
                                            .properties = before.properties,
                                            .resumes = before.id},
                                           workflow.at_once, clock));
  auto steps = steps_of(project, workflow, project.pipeline_options(), clock, telling);
  return run_to_end(project, workflow, steps, run, &before, clock, telling);
}

void look_after_house(Project& project, const Clock& clock) {
  const auto workflows = project.workflows();
  if (!workflows->problems.empty()) return;  // what a workflow keeps is not known while its file is broken
  const auto history = project.history();
  if (!history) return;
  const workflow::RunFolders folders{project.settings().logs(), project.settings().receipts()};
  [[maybe_unused]] const auto kept =
      workflow::keep_house(**history, workflows->all, folders, project.settings().keep_versions, clock);
}

}  // namespace reelhouse::project
