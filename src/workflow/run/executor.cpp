#include "workflow/run/executor.hpp"

#include <algorithm>

#include "base/duration.hpp"
#include "workflow/run/active_step.hpp"
#include "workflow/run/decide.hpp"

namespace reelhouse::workflow {
namespace {

constexpr int kCloseTries = 5;
constexpr std::chrono::milliseconds kBetweenCloseTries{200};

/// One run from its start to its end. Its thread decides; steps run in threads of their own.
class Execution {
 public:
  Execution(const Run& run, const ExecutorOptions& options)
      : run_(run), options_(options), board_(run, options), begun_(options.steady()) {
    for (const auto& step : options.workflow.steps) states_[step.name] = RunState::kQueued;
  }

  void keep(const Run& before);
  Result<Run> run();

 private:
  void look_for_stop();
  void stop_all(StopReason reason, const std::string& message);
  void collect();
  void settle(ActiveStep& step, Result<StepResult> result);
  void fail_step(ActiveStep& step, const Error& error);
  void end_stopped(ActiveStep& step, StopReason reason);
  void end_step(ActiveStep& step, RunState state, const std::string& message);
  std::string stop_text(const ActiveStep& step, StopReason reason) const;
  bool advance();
  bool may_begin(const StepDefinition& step) const;
  void skip(const std::string& name);
  void wait();
  Result<Run> close();
  RunState outcome() const;
  std::string message_of(RunState state) const;
  std::string running_steps() const;

  const Run& run_;
  const ExecutorOptions& options_;
  RunBoard board_;
  SteadyTime begun_;
  SteadyTime asked_{};
  std::map<std::string, RunState> states_;
  std::vector<std::unique_ptr<ActiveStep>> active_;
  StopReason stop_ = StopReason::kNone;
  std::string stop_message_;
  std::map<RunState, std::string> first_;  ///< of each bad state the first step, and its reason
  int version_ = 0;
};

/// Takes over what succeeded in the run that is resumed.
void Execution::keep(const Run& before) {
  states_ = resumed_states(options_.workflow, before);
  std::vector<Step> kept;
  for (const auto& step : before.steps) {
    const auto state = states_.find(step.name);
    if (!step.parent.empty() || state == states_.end() || state->second != RunState::kSucceeded) continue;
    kept.push_back(step);
    if (kept.back().kept_from.empty()) kept.back().kept_from = before.id;
    board_.put(kept.back());
    board_.say(step.name, 0, "info", "kept from run " + kept.back().kept_from);
  }
  std::ranges::stable_sort(kept, {}, &Step::ended);
  for (const auto& step : kept) board_.write(step.written);
}

Result<Run> Execution::run() {
  board_.say("", 0, "info", "run started: " + options_.workflow.name);
  while (true) {
    look_for_stop();
    collect();
    if (advance()) break;
    wait();
  }
  return close();
}

void Execution::look_for_stop() {
  const SteadyTime now = options_.steady();
  const auto real_now = std::chrono::steady_clock::now();
  if (stop_ == StopReason::kNone && real_now - asked_ >= options_.poll) {
    asked_ = real_now;
    const Seconds timeout = options_.workflow.timeout;
    if (options_.cancelled && options_.cancelled())
      stop_all(StopReason::kCancelled, "cancelled");
    else if (timeout > Seconds(0) && now - begun_ >= timeout)
      stop_all(StopReason::kRunTimeout,
               fmt::format("the run's timeout of {} has passed", duration_code(timeout)));
  }
  if (const auto error = board_.history_error(); error && stop_ == StopReason::kNone)
    stop_all(StopReason::kHistory, "the history of runs could not be written: " + line_of(*error));
  for (const auto& step : active_) step->look();
}

void Execution::stop_all(StopReason reason, const std::string& message) {
  stop_ = reason;
  const std::string running = running_steps();
  stop_message_ = running.empty() ? message : fmt::format("{} while {} ran", message, running);
  board_.say("", 0, "warning", stop_message_ + "; only steps that run always still run");
  for (const auto& step : active_)
    if (!step->definition().always) step->stop(reason);
}

std::string Execution::running_steps() const {
  std::string names;
  for (const auto& step : active_) names += (names.empty() ? "" : ", ") + step->definition().name;
  return names;
}

/// Takes the results of attempts that have returned, and ends waits for a retry that shall not come.
void Execution::collect() {
  for (const auto& step : active_) {
    if (auto result = step->take_result())
      settle(*step, std::move(*result));
    else if (!step->runs() && step->stopping())
      end_stopped(*step, step->reason());
  }
  std::erase_if(active_, [this](const auto& step) { return has_ended(states_.at(step->definition().name)); });
}

void Execution::settle(ActiveStep& step, Result<StepResult> result) {
  if (!result) return fail_step(step, result.error());
  board_.write(result->written);
  if (result->version > 0) version_ = result->version;
  step.end(RunState::kSucceeded, result->rows, result->written, result->note);
  states_[step.definition().name] = RunState::kSucceeded;
}

void Execution::fail_step(ActiveStep& step, const Error& error) {
  if (error.kind == ErrorKind::kCheckFailed) return end_step(step, RunState::kCheckFailed, line_of(error));
  std::string message = line_of(error);
  if (error.kind == ErrorKind::kInterrupted) {
    if (stop_ == StopReason::kNone && step.reason() == StopReason::kNone) {
      asked_ = {};
      look_for_stop();  // the interrupt reached the step before us
    }
    // What stops the process stops also a step that would have gone on after a cancel.
    const StopReason reason = step.reason() == StopReason::kNone ? stop_ : step.reason();
    if (reason != StopReason::kNone && reason != StopReason::kStepTimeout) return end_stopped(step, reason);
    if (reason == StopReason::kStepTimeout) message = stop_text(step, reason);
  } else if (!error.hint.empty()) {
    step.say("error", error.to_string());
  }
  const bool goes_on = stop_ == StopReason::kNone || step.definition().always;
  if (goes_on && step.attempt() <= step.definition().retries.times) return step.wait_for_retry(message);
  end_step(step, RunState::kFailed, message);
}

std::string Execution::stop_text(const ActiveStep& step, StopReason reason) const {
  switch (reason) {
    case StopReason::kStepTimeout:
      return fmt::format("stopped by its timeout of {}", duration_code(step.definition().timeout));
    case StopReason::kRunTimeout:
      return fmt::format("stopped by the run's timeout of {}", duration_code(options_.workflow.timeout));
    case StopReason::kHistory:
      return "stopped because the history of runs could not be written";
    case StopReason::kCancelled:
    case StopReason::kNone:
      break;
  }
  return "cancelled";
}

void Execution::end_stopped(ActiveStep& step, StopReason reason) {
  end_step(step, reason == StopReason::kCancelled ? RunState::kCancelled : RunState::kFailed,
           stop_text(step, reason));
}

void Execution::end_step(ActiveStep& step, RunState state, const std::string& message) {
  const std::string& name = step.definition().name;
  step.end(state, 0, {}, message);
  states_[name] = state;
  first_.try_emplace(state, fmt::format("step {}: {}", name, message));
}

bool Execution::may_begin(const StepDefinition& step) const {
  const auto running = std::ranges::count_if(active_, [](const auto& each) { return each->runs(); });
  if (running >= std::max(options_.workflow.steps_at_once, 1)) return false;
  return options_.runner.may_run_beside(step) || std::ranges::none_of(active_, [this](const auto& each) {
           return each->runs() && !options_.runner.may_run_beside(each->definition());
         });
}

/// Skips and starts what the states of the steps allow. True when the run is done.
bool Execution::advance() {
  const Decision decision = decide(options_.workflow, states_, stop_ != StopReason::kNone);
  for (const auto& name : decision.skipped) skip(name);
  for (const auto& step : active_)
    if (step->is_due() && !step->stopping() && may_begin(step->definition())) step->begin_attempt();
  for (const auto& name : decision.ready) {
    const StepDefinition* const definition = options_.workflow.step(name);
    if (definition == nullptr || !may_begin(*definition)) continue;
    active_.push_back(std::make_unique<ActiveStep>(*definition, board_));
    active_.back()->begin_attempt();
    states_[name] = RunState::kRunning;
  }
  return decision.done;
}

void Execution::skip(const std::string& name) {
  Step step;
  step.name = name;
  step.state = RunState::kSkipped;
  step.attempts = 0;
  step.message =
      stop_ == StopReason::kNone ? "its condition did not come true" : "not started: " + stop_message_;
  board_.put(step);
  board_.say(name, 0, "info", "skipped: " + step.message);
  states_[name] = RunState::kSkipped;
}

void Execution::wait() {
  std::chrono::nanoseconds longest = options_.poll;
  const SteadyTime now = options_.steady();
  for (const auto& step : active_) {
    const auto next = step->next_look();
    // A step that is due already waits for another to end, which wakes us.
    if (next && *next > now) longest = std::min<std::chrono::nanoseconds>(longest, *next - now);
  }
  board_.wait(longest);
}

RunState Execution::outcome() const {
  if (stop_ == StopReason::kRunTimeout || stop_ == StopReason::kHistory) return RunState::kFailed;
  return outcome_of(states_, stop_ == StopReason::kCancelled);
}

std::string Execution::message_of(RunState state) const {
  if (stop_ != StopReason::kNone) return stop_message_;
  const auto first = first_.find(state);
  return first == first_.end() ? "" : first->second;
}

/// Closes the run in the history, and tries again for a second: a run that nobody closes is taken for dead.
Result<Run> Execution::close() {
  Run ended = run_;
  ended.state = outcome();
  ended.message = message_of(ended.state);
  ended.version = version_;
  if (!board_.put_again()) {
    ended.state = RunState::kFailed;
    ended.message = "the history of runs could not be written: " + line_of(*board_.history_error());
  }
  Result<> closed;
  for (int tries = 0; tries < kCloseTries; ++tries) {
    if (tries > 0) std::this_thread::sleep_for(kBetweenCloseTries);
    closed = options_.history.end(run_.id, ended.state, ended.version, ended.message, options_.clock);
    if (closed || closed.error().kind == ErrorKind::kInternal) break;
  }
  board_.say("", 0, ended.state == RunState::kSucceeded ? "info" : "error",
             fmt::format("run ended: {}{}{}", name_of(ended.state), ended.message.empty() ? "" : ": ",
                         ended.message));
  if (!closed) {
    board_.say("", 0, "error", "the run could not be closed in the history: " + closed.error().to_string());
    return fail(closed.error());
  }
  ended.ended = to_iso(options_.clock.now());
  return options_.history.find(run_.id).value_or(ended);
}

}  // namespace

Result<Run> execute(const Run& run, const Run* before, const ExecutorOptions& options) {
  Execution execution(run, options);
  if (before != nullptr) execution.keep(*before);
  return execution.run();
}

}  // namespace reelhouse::workflow
