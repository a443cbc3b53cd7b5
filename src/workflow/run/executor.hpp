#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "workflow/define/definition.hpp"
#include "workflow/history/runs.hpp"
#include "workflow/run/log.hpp"

namespace reelhouse::workflow {

/// What a step that succeeded leaves.
struct StepResult {
  uint64_t rows = 0;
  Properties written = {};
  std::string note = {};  ///< one line for people
  int version = 0;        ///< published; 0 = none
};

/// What a running step may use. Thread-safe.
class StepContext {
 public:
  virtual ~StepContext() = default;
  virtual const Run& run() const = 0;
  virtual Properties properties() const = 0;
  virtual int attempt() const = 0;
  /// True when the step is to end at once: cancel, timeout of the step or of the run.
  virtual bool stopping() const = 0;
  virtual void say(std::string_view level, std::string_view message) = 0;
  /// Tells one part of the step ("build stg_user").
  virtual void part(Step part) = 0;
};

/// Does what steps say. `stop` is called from another thread when a step that runs has to end, and again
/// every fifth of a second until it has; it must make `run` return within a second.
class StepRunner {
 public:
  virtual ~StepRunner() = default;
  /// Errors: kCheckFailed makes the step check failed, kInterrupted (while stopping) cancelled or timed out,
  /// every other failed.
  virtual Result<StepResult> run(const StepDefinition& step, StepContext& context) = 0;
  virtual void stop(const StepDefinition& step) = 0;
  /// True when such a step may run beside others; steps of which this is false run one at a time.
  virtual bool may_run_beside(const StepDefinition& step) const = 0;
};

/// What the executor needs of the world.
struct ExecutorOptions {
  const Workflow& workflow;
  RunHistory& history;
  RunLog& log;
  StepRunner& runner;
  const Clock& clock;
  /// Asked several times a second: interrupt of this process, cancel in the history.
  std::function<bool()> cancelled;
  /// Time for timeouts and waits; tests hand in a faster one.
  std::function<std::chrono::steady_clock::time_point()> steady = std::chrono::steady_clock::now;
  std::chrono::milliseconds poll{100};  ///< between two looks at `cancelled` and the time
};

/// Runs a run that was started (RunHistory::start) to its end and closes it in the history: steps as their
/// conditions allow, several at once, each with its timeout and retries. Steps are told to the history as
/// they start, are tried again and end.
///
/// - A cancel or the run's timeout stops what runs and skips what waits. Only steps that run always go on, or
///   start still; their own timeouts alone limit them. A timeout of the run makes it failed, whatever its
///   steps say.
/// - A failure is tried again after its wait (which a cancel cuts short); a failed check and a
///   cancel are not. A step that succeeds although it was told to stop has succeeded.
/// - When two steps write the same property, the one that ends later wins.
/// - `before` is the run that this one resumes, or null: its steps that succeeded are kept with what they
///   wrote, as decide.hpp's resumed_states picks them.
/// - When the history cannot be written, the run stops as after a cancel and ends as failed.
///
/// The run's message names the first step that failed, and why. No thread is left when it returns.
/// Errors: those of the history when it cannot even be closed; a failed step is no error. Returns the run as
/// it ended.
Result<Run> execute(const Run& run, const Run* before, const ExecutorOptions& options);

}  // namespace reelhouse::workflow
