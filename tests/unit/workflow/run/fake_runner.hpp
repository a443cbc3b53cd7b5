#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "workflow/run/executor.hpp"

namespace reelhouse::workflow {

/// What a step does at one of its attempts.
enum class Act { kSucceed, kFail, kFailCheck, kThrow, kHang, kSucceedWhenStopped };

/// Steps that do what the test says; watches what runs beside what.
class FakeRunner final : public StepRunner {
 public:
  std::map<std::string, std::vector<Act>> acts;  ///< by attempt; beyond the last, and by default: succeed
  std::map<std::string, Properties> writes;
  std::set<std::string> alone;
  std::chrono::milliseconds work{0};
  std::function<void(const std::string&, StepContext&)> on_start = [](const std::string&, StepContext&) {};
  std::atomic<int> running = 0;
  std::atomic<int> most = 0;
  std::atomic<int> running_alone = 0;
  std::atomic<bool> two_alone = false;
  std::atomic<int> stops = 0;

  Act act(const std::string& step, int attempt) const {
    const auto found = acts.find(step);
    if (found == acts.end() || static_cast<size_t>(attempt) > found->second.size()) return Act::kSucceed;
    return found->second[static_cast<size_t>(attempt) - 1];
  }
  Result<StepResult> run(const StepDefinition& step, StepContext& context) override {
    const int now = ++running;
    for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
    }
    const bool is_alone = alone.contains(step.name);
    if (is_alone && ++running_alone > 1) two_alone = true;
    on_start(step.name, context);
    auto result = do_it(step, context);
    if (is_alone) --running_alone;
    --running;
    return result;
  }
  void stop(const StepDefinition&) override { ++stops; }
  bool may_run_beside(const StepDefinition& step) const override { return !alone.contains(step.name); }

 private:
  Result<StepResult> do_it(const StepDefinition& step, StepContext& context) {
    if (work.count() > 0) std::this_thread::sleep_for(work);
    const Act what = act(step.name, context.attempt());
    const bool hangs = what == Act::kHang || what == Act::kSucceedWhenStopped;
    while (hangs && !context.stopping()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    switch (what) {
      case Act::kFail:
        return fail(ErrorKind::kUnavailable, "the server\nis away", "Try again.");
      case Act::kFailCheck:
        return fail(ErrorKind::kCheckFailed, "two checks failed");
      case Act::kThrow: {
        --running;
        if (alone.contains(step.name)) --running_alone;
        throw std::runtime_error("a bug");
      }
      case Act::kHang:
        return fail(ErrorKind::kInterrupted, "stopped");
      case Act::kSucceed:
      case Act::kSucceedWhenStopped:
        break;
    }
    StepResult result;
    result.rows = 7;
    const auto written = writes.find(step.name);
    if (written != writes.end()) result.written = written->second;
    if (step.kind == StepKind::kPublish) result.version = 12;
    return result;
  }
};

/// A command that tries again without waiting.
inline StepDefinition step(const std::string& name, std::vector<std::string> after = {},
                           Condition::Are are = Condition::Are::kSucceeded,
                           Condition::Of of = Condition::Of::kAll) {
  StepDefinition definition;
  definition.name = name;
  definition.after = {of, are, std::move(after)};
  definition.retries.wait = Seconds(0);
  return definition;
}

}  // namespace reelhouse::workflow
