#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "workflow/history/runs.hpp"
#include "workflow/run/log.hpp"

namespace reelhouse::workflow {

/// Remembers what is told of one run; refuses it while `broken`. Thread-safe.
class FakeHistory final : public RunHistory {
 public:
  std::atomic<bool> broken{false};

  struct End {
    RunState state;
    int version;
    std::string message;
  };
  std::vector<Step> told() const {
    const std::lock_guard lock(mutex_);
    return told_;
  }
  std::vector<End> ends() const {
    const std::lock_guard lock(mutex_);
    return ends_;
  }
  /// The newest that was told of a step.
  Step step(const std::string& name) const {
    Step newest;
    for (const auto& step : told())
      if (step.name == name && step.parent.empty()) newest = step;
    return newest;
  }
  /// The name of its state; empty for a step of which nothing was told.
  std::string state(const std::string& name) const {
    const Step newest = step(name);
    return newest.name.empty() ? "" : name_of(newest.state);
  }

  Result<> put_step(const std::string&, const Step& step) override {
    if (broken) return full();
    const std::lock_guard lock(mutex_);
    told_.push_back(step);
    return {};
  }
  Result<> end(const std::string&, RunState state, int version, const std::string& message,
               const Clock&) override {
    if (broken) return full();
    const std::lock_guard lock(mutex_);
    ends_.push_back({state, version, message});
    return {};
  }

  Result<std::vector<Run>> queue(const std::vector<RunRequest>&, const std::vector<TriggerMark>&,
                                 const std::vector<std::string>&, const Clock&) override {
    return none();
  }
  Result<std::optional<Run>> start(const std::string&, int, const Clock&) override { return none(); }
  Result<Run> begin(const RunRequest&, int, const Clock&) override { return none(); }
  Result<Run> ask_cancel(const std::string&, const Clock&) override { return none(); }
  Result<bool> cancel_asked(const std::string&) const override { return none(); }
  Result<std::vector<Run>> close_dead(const Clock&) override { return none(); }
  Result<std::vector<Run>> list(int, const std::string&) const override { return none(); }
  Result<Run> find(const std::string&) const override { return none(); }
  Result<std::vector<Run>> queued() const override { return none(); }
  Result<std::vector<Run>> untold() const override { return none(); }
  Result<std::map<std::string, std::string>> marks() const override { return none(); }
  Result<int64_t> change_count() const override { return none(); }
  Result<std::vector<std::string>> workflows() const override { return std::vector<std::string>{}; }
  Result<std::vector<std::string>> forget(const Retention&) override { return none(); }

 private:
  static tl::unexpected<Error> full() { return fail(ErrorKind::kFull, "writing the history: no space left"); }
  static tl::unexpected<Error> none() { return fail(ErrorKind::kNotFound, "no such thing here"); }

  mutable std::mutex mutex_;
  std::vector<Step> told_;
  std::vector<End> ends_;
};

class FakeLog final : public RunLog {
 public:
  void write(const std::string& step, int, std::string_view level, std::string_view message) override {
    const std::lock_guard lock(mutex_);
    text_ += step + "|" + std::string(level) + "|" + std::string(message) + "\n";
  }
  std::string text() const {
    const std::lock_guard lock(mutex_);
    return text_;
  }

 private:
  mutable std::mutex mutex_;
  std::string text_;
};

}  // namespace reelhouse::workflow
