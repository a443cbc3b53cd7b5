#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "workflow/run/executor.hpp"

namespace reelhouse::workflow {

using SteadyTime = std::chrono::steady_clock::time_point;

/// Why a step, or a whole run, was told to stop.
enum class StopReason { kNone, kCancelled, kStepTimeout, kRunTimeout, kHistory };

/// What the threads of one run share. Thread-safe.
class RunBoard {
 public:
  RunBoard(const Run& run, const ExecutorOptions& options) : run_(run), options_(options) {}

  const Run& run() const { return run_; }
  const ExecutorOptions& options() const { return options_; }
  Properties properties() const;
  void write(const Properties& written);

  /// Tells a step to the history. What cannot be written is kept, and tried again by `put_again`.
  void put(const Step& step);
  /// Writes what could not be written before; false when it still cannot.
  bool put_again();
  std::optional<Error> history_error() const;

  void say(const std::string& step, int attempt, std::string_view level, std::string_view message) {
    options_.log.write(step, attempt, level, message);
  }
  /// Wakes the thread that waits in `wait`.
  void wake();
  void wait(std::chrono::nanoseconds longest);

 private:
  const Run& run_;
  const ExecutorOptions& options_;
  mutable std::mutex mutex_;
  std::condition_variable woken_;
  bool is_awake_ = false;
  Properties properties_ = run_.properties;
  std::optional<Error> history_error_;
  std::vector<Step> unwritten_;
};

/// A step of a run from its start to its end: attempts, each in a thread of its own, and the waits between.
/// All but what StepContext has is called by the run's thread alone.
class ActiveStep final : public StepContext {
 public:
  ActiveStep(const StepDefinition& definition, RunBoard& board);
  ~ActiveStep() override;  ///< waits for the thread

  const Run& run() const override { return board_.run(); }
  Properties properties() const override { return board_.properties(); }
  int attempt() const override { return record_.attempts; }
  bool stopping() const override { return stopping_; }
  void say(std::string_view level, std::string_view message) override;
  void part(Step part) override;

  const StepDefinition& definition() const { return definition_; }
  StopReason reason() const { return reason_; }
  bool runs() const { return runs_; }

  /// Begins the first attempt, or the next one.
  void begin_attempt();
  /// Takes the result of an attempt that has returned; nothing while it runs or waits.
  std::optional<Result<StepResult>> take_result();
  /// Lets the next attempt begin only after a wait.
  void wait_for_retry(const std::string& failure);
  bool is_due() const;
  /// Tells the attempt to stop, and why.
  void stop(StopReason reason);
  /// Looks at the attempt's timeout, and repeats what was said to one that does not stop.
  void look();
  /// When to look again; nothing when only its thread can wake us.
  std::optional<SteadyTime> next_look() const;
  /// Tells the end to the history and to the log.
  Step end(RunState state, uint64_t rows, const Properties& written, const std::string& message);

 private:
  SteadyTime now() const { return board_.options().steady(); }

  const StepDefinition& definition_;
  RunBoard& board_;
  Step record_;
  SteadyTime begun_;
  std::optional<SteadyTime> deadline_;  ///< of the attempt that runs
  SteadyTime retry_at_;
  bool runs_ = false;  ///< an attempt was begun and its result not taken
  StopReason reason_ = StopReason::kNone;
  std::chrono::steady_clock::time_point told_first_;  ///< these two on the real clock
  std::chrono::steady_clock::time_point told_last_;
  int complaints_ = 0;
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::optional<Result<StepResult>> result_;
  std::thread thread_;
};

/// Renders an error as one line: where it is and what is wrong.
std::string line_of(const Error& error);

}  // namespace reelhouse::workflow
