#pragma once

#include <vector>

#include "base/clock.hpp"
#include "workflow/define/definition.hpp"

namespace reelhouse::workflow {

/// Firings of a schedule that have come due and are not settled yet.
struct Overdue {
  std::vector<Time> at;  ///< oldest first
  bool more = false;     ///< there are older ones, which were not counted
};

/// Collects the firings after `from` up to and with `now`: all of them, or the newest `most`. However long
/// the gap is, it costs no more than a few times `most` steps.
Overdue overdue(const Cron& cron, const Zone& zone, Time from, Time now, size_t most);

/// Tells which of `count` firings run, of which the first `late` ones were missed: those from the returned
/// index on. skip: none that was missed; latest: the newest alone when any was missed; all: every one.
size_t first_to_run(size_t count, size_t late, Missed missed);

}  // namespace reelhouse::workflow
