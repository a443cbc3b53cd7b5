#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "workflow/scheduler/starts.hpp"

namespace reelhouse::workflow {

/// Closes queued runs that never start. One that the history does not take is told once, and tried again
/// after a second, then after twice as long each time, up to a minute; that it was taken after all is told
/// too. Holds no clock of its own: `now` is of any steady one.
class RunCloser {
 public:
  using Moment = std::chrono::steady_clock::time_point;

  /// All must outlive this.
  RunCloser(RunHistory& history, const Clock& clock, std::function<void(const std::string&)> say)
      : history_(history), clock_(clock), say_(std::move(say)) {}

  /// Closes a run, unless its last attempt was too short a time ago.
  void close(const Closing& closing, Moment now);
  /// Forgets attempts at runs that are not queued any more: somebody else has closed them.
  void forget_others(const std::vector<Run>& queued);
  /// True while a run waits for its next attempt.
  bool has_open() const { return !attempts_.empty(); }

 private:
  struct Attempt {
    Moment next;
    std::chrono::seconds wait{1};
  };

  RunHistory& history_;
  const Clock& clock_;
  const std::function<void(const std::string&)> say_;
  std::map<std::string, Attempt> attempts_;  ///< that failed, by run
};

}  // namespace reelhouse::workflow
