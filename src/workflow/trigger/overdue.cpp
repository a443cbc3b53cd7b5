#include "workflow/trigger/overdue.hpp"

#include <algorithm>

namespace reelhouse::workflow {

Overdue overdue(const Cron& cron, const Zone& zone, Time from, Time now, size_t most) {
  const auto collect = [&](Time begin, size_t limit) {
    std::vector<Time> found;
    for (auto next = cron.next(begin, zone); next && *next <= now && found.size() < limit;
         next = cron.next(*next, zone))
      found.push_back(*next);
    return found;
  };
  auto oldest = collect(from, most + 1);
  if (oldest.size() <= most) return {std::move(oldest), false};
  // Look back from now, as far as the oldest ones lie apart, and twice as far until there are enough.
  const auto no_limit = static_cast<size_t>(-1);
  for (auto back = oldest.back() - from;; back *= 2) {
    auto newest = collect(std::max(from, now - back), no_limit);
    if (newest.size() < most) continue;
    newest.erase(newest.begin(), newest.end() - static_cast<std::ptrdiff_t>(most));
    return {std::move(newest), true};
  }
}

size_t first_to_run(size_t count, size_t late, Missed missed) {
  switch (missed) {
    case Missed::kSkip:
      return late;
    case Missed::kLatest:
      return late > 0 ? count - 1 : 0;
    case Missed::kAll:
      return 0;
  }
  return 0;
}

}  // namespace reelhouse::workflow
