#include "workflow/scheduler/closer.hpp"

#include <algorithm>

namespace reelhouse::workflow {
namespace {

constexpr std::chrono::seconds kLongestBetween{60};

}  // namespace

void RunCloser::close(const Closing& closing, Moment now) {
  const std::string& run = closing.run.id;
  const auto before = attempts_.find(run);
  if (before != attempts_.end() && now < before->second.next) return;
  const auto closed = history_.end(run, closing.state, 0, closing.reason, clock_);
  if (closed) {
    attempts_.erase(run);
    say_(fmt::format("workflow {}: run {} {}: {}", closing.run.workflow, run, name_of(closing.state),
                     closing.reason));
    return;
  }
  // Cancelled, or forgotten, since the queue was read.
  if (closed.error().kind == ErrorKind::kInternal || closed.error().kind == ErrorKind::kNotFound) {
    attempts_.erase(run);
    return;
  }
  if (before == attempts_.end())
    say_(fmt::format("warning: run {} cannot be closed as {} ({}), which is tried again: {}", run,
                     name_of(closing.state), closing.reason, closed.error().to_string()));
  Attempt& attempt = attempts_[run];
  attempt.next = now + attempt.wait;
  attempt.wait = std::min(2 * attempt.wait, kLongestBetween);
}

void RunCloser::forget_others(const std::vector<Run>& queued) {
  std::erase_if(attempts_, [&](const auto& attempt) {
    return std::ranges::find(queued, attempt.first, &Run::id) == queued.end();
  });
}

}  // namespace reelhouse::workflow
