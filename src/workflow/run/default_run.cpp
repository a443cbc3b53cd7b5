#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/interrupt.hpp"
#include "workflow/run/pipeline.hpp"

namespace reelhouse::workflow {
namespace {

/// Interrupts this process when another asks the run to stop, until destroyed.
std::jthread heed_cancel(const RunHistory& history, const std::string& run) {
  return std::jthread([&history, run](const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any ended;
    std::unique_lock lock(mutex);
    while (
        !ended.wait_for(lock, stop, std::chrono::milliseconds(200), [&] { return stop.stop_requested(); })) {
      const auto asked = history.cancel_asked(run);
      if (asked && *asked) return request_interrupt();
    }
  });
}

/// Runs one phase and tells how it went as a step of the run.
Result<> run_phase(const std::string& name, const std::function<Result<uint64_t>()>& phase,
                   const Clock& clock, const TellPart& tell) {
  Step step{.name = name, .state = name_of(RunState::kRunning), .started = to_iso(clock.now())};
  tell(step);
  const auto begun = std::chrono::steady_clock::now();
  const auto rows = phase();
  step.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  step.ended = to_iso(clock.now());
  step.rows = rows.value_or(0);
  step.state = name_of(rows ? RunState::kSucceeded : state_after(rows.error()));
  if (!rows) step.message = rows.error().to_string();
  tell(step);
  if (!rows) return fail(rows.error());
  return {};
}

/// Runs the phases one after the other, as far as they go; with a selection nothing is published.
Result<> run_phases(Pipeline& pipeline, const PipelineOptions& options, const Clock& clock, const Say& say,
                    const TellPart& tell) {
  RH_TRY(run_phase(
      "crawl", [&] { return pipeline.crawl(); }, clock, tell));
  RH_TRY(run_phase(
      "build", [&] { return pipeline.build(); }, clock, tell));
  if (pipeline.result().unchanged) return {};
  RH_TRY(run_phase(
      "check", [&] { return pipeline.check(); }, clock, tell));
  if (!options.select.empty()) {
    say("publish  nothing, since only some models were selected");
    return {};
  }
  return run_phase(
      "publish", [&] { return pipeline.publish(); }, clock, tell);
}

}  // namespace

RunState state_after(const Error& error) {
  if (error.kind == ErrorKind::kCheckFailed) return RunState::kCheckFailed;
  return error.kind == ErrorKind::kInterrupted ? RunState::kCancelled : RunState::kFailed;
}

Result<PipelineResult> run_pipeline(const PipelineOptions& options, const Clock& clock, const Say& say) {
  std::unique_ptr<RunHistory> history;
  Run run;
  const TellPart tell = [&](const Step& step) { (void)history->put_step(run.id, step); };
  PipelineOptions chosen = options;
  chosen.publishes = options.select.empty();
  RH_ASSIGN(const auto pipeline, Pipeline::open(chosen, clock, say, tell, nullptr));
  RH_ASSIGN(history, open_run_history(options.state / "runs.db"));
  RH_ASSIGN(run, history->begin({.workflow = "default"}, 0, clock));
  pipeline->name_run(run.id);
  auto listener = heed_cancel(*history, run.id);
  const Result<> ended = run_phases(*pipeline, options, clock, say, tell);
  listener = {};

  PipelineResult& result = pipeline->result();
  result.state = ended ? RunState::kSucceeded : state_after(ended.error());
  const std::string message = ended ? "" : ended.error().to_string();
  run.state = result.state;
  run.ended = to_iso(clock.now());
  pipeline->write_receipt(run, message);
  if (auto closed = history->end(run.id, result.state, result.version, message, clock); !closed)
    say("warning: the run could not be closed in the history: " + closed.error().to_string());
  if (!ended && result.state != RunState::kCheckFailed) return fail(ended.error());
  if (!ended) say("error: " + message);
  return std::move(result);
}

}  // namespace reelhouse::workflow
