#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "workflow/history/runs.hpp"
#include "workflow/run/command_process.hpp"

namespace reelhouse::workflow {

/// A wall clock and a steady one that stand still until they are moved together. Thread-safe.
class MovedClock final : public Clock {
 public:
  Time now() const override { return *parse_iso("2026-11-22T06:12:00Z") + passed_.load(); }
  std::chrono::steady_clock::time_point steady() const {
    return std::chrono::steady_clock::time_point(std::chrono::hours(1)) + passed_.load();
  }
  void pass(std::chrono::milliseconds time) { passed_ = passed_.load() + time; }

 private:
  std::atomic<std::chrono::milliseconds> passed_{std::chrono::milliseconds(0)};
};

/// What a FaultyHistory refuses; counts how often it was asked for that. Thread-safe.
struct Faults {
  std::atomic<bool> end = false;
  std::atomic<bool> ask_cancel = false;
  std::atomic<bool> queued = false;
  std::atomic<int> ends = 0;
  std::atomic<int> cancels = 0;
};

/// A history that works but for its faults.
class FaultyHistory final : public RunHistory {
 public:
  FaultyHistory(std::unique_ptr<RunHistory> real, Faults& faults) : real_(std::move(real)), faults_(faults) {}

  Result<> end(const std::string& run, RunState state, int version, const std::string& message,
               const Clock& clock) override {
    ++faults_.ends;
    if (faults_.end) return full("closing the run");
    return real_->end(run, state, version, message, clock);
  }
  Result<Run> ask_cancel(const std::string& run, const Clock& clock) override {
    ++faults_.cancels;
    if (faults_.ask_cancel) return full("asking the run to stop");
    return real_->ask_cancel(run, clock);
  }
  Result<std::vector<Run>> queued() const override {
    if (faults_.queued) return full("reading the queue");
    return real_->queued();
  }

  Result<std::vector<Run>> queue(const std::vector<RunRequest>& requests,
                                 const std::vector<TriggerMark>& marks, const std::vector<std::string>& told,
                                 const Clock& clock) override {
    return real_->queue(requests, marks, told, clock);
  }
  Result<std::optional<Run>> start(const std::string& run, int at_once, const Clock& clock) override {
    return real_->start(run, at_once, clock);
  }
  Result<Run> begin(const RunRequest& request, int at_once, const Clock& clock) override {
    return real_->begin(request, at_once, clock);
  }
  Result<> put_step(const std::string& run, const Step& step) override { return real_->put_step(run, step); }
  Result<bool> cancel_asked(const std::string& run) const override { return real_->cancel_asked(run); }
  Result<std::vector<Run>> close_dead(const Clock& clock) override { return real_->close_dead(clock); }
  Result<std::vector<Run>> list(int limit, const std::string& workflow) const override {
    return real_->list(limit, workflow);
  }
  Result<Run> find(const std::string& id) const override { return real_->find(id); }
  Result<std::vector<Run>> untold() const override { return real_->untold(); }
  Result<std::map<std::string, std::string>> marks() const override { return real_->marks(); }
  Result<int64_t> change_count() const override { return real_->change_count(); }
  Result<std::vector<std::string>> workflows() const override { return real_->workflows(); }
  Result<std::vector<std::string>> forget(const Retention& retention) override {
    return real_->forget(retention);
  }

 private:
  static tl::unexpected<Error> full(const char* doing) {
    return fail(ErrorKind::kFull, fmt::format("{}: no space left", doing));
  }

  std::unique_ptr<RunHistory> real_;
  Faults& faults_;
};

/// Plays the processes of runs: each begins its run, and ends it when it is let go or asked to stop.
/// Thread-safe.
class FakeProcesses {
 public:
  explicit FakeProcesses(RunHistory& history, const Clock& clock) : history_(history), clock_(clock) {}

  std::atomic<bool> begin_nothing = false;  ///< they end at once, with exit code 7
  std::atomic<bool> are_deaf = false;       ///< they heed no cancel, only their kill

  Result<CommandEnd> run(const CommandOptions& options, const std::function<void(const std::string&)>& line,
                         const std::function<bool()>& stop) {
    const std::string& run = options.arguments.back();
    {
      const std::lock_guard lock(mutex_);
      started_.push_back(run);
    }
    if (begin_nothing) {
      line("error: no such lake");
      return CommandEnd{.exit_code = 7};
    }
    const auto begun = history_.start(run, 0, clock_);
    if (!begun) return CommandEnd{.exit_code = 130};
    while (true) {
      if (stop()) return CommandEnd{.exit_code = 137, .stopped = true};
      if (is_let_go(run)) break;
      if (!are_deaf && history_.cancel_asked(run).value_or(false)) {
        EXPECT_TRUE(history_.end(run, RunState::kCancelled, 0, "stopped", clock_));
        return CommandEnd{.exit_code = 130};
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    EXPECT_TRUE(history_.end(run, RunState::kSucceeded, 0, "", clock_));
    return CommandEnd{};
  }
  /// Lets a run end well.
  void let_go(const std::string& run) {
    const std::lock_guard lock(mutex_);
    let_go_.insert(run);
  }
  /// Runs whose processes were started, in their order.
  std::vector<std::string> started() const {
    const std::lock_guard lock(mutex_);
    return started_;
  }

 private:
  bool is_let_go(const std::string& run) const {
    const std::lock_guard lock(mutex_);
    return let_go_.contains(run);
  }

  RunHistory& history_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::vector<std::string> started_;
  std::set<std::string> let_go_;
};

}  // namespace reelhouse::workflow
