#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "workflow/alert/freshness.hpp"
#include "workflow/alert/state.hpp"
#include "workflow/history/runs.hpp"
#include "workflow/trigger/book.hpp"

namespace reelhouse::workflow {

/// Counts runs for Prometheus. Counters never fall: they begin with what the history holds when they are
/// first asked (its newest 2,000 runs) and grow with every run that ends, whatever retention removes.
/// Thread-safe.
class RunNumbers {
 public:
  /// Takes what has changed; cheap when nothing has. Errors: as RunHistory.
  Result<> look(const RunHistory& history);

  /// The newest ended run of a workflow.
  struct Newest {
    std::string id;
    std::optional<double> seconds;
    std::vector<std::pair<std::string, double>>
        steps;  ///< seconds of the steps that ran, without their parts
  };
  /// What `render_numbers` shows, as of the last look.
  struct Shown {
    std::map<std::pair<std::string, std::string>, uint64_t> ended;  ///< workflow, state
    std::map<std::pair<std::string, std::string>, Time> last_end;   ///< workflow, state
    std::map<std::string, Newest> newest;                           ///< workflow
    int queued = 0;
    int running = 0;
  };
  Shown shown() const;

 private:
  void take(const Run& run);

  mutable std::mutex mutex_;
  std::optional<int64_t> seen_change_;
  std::set<std::string> counted_;  ///< ended runs from `counted_from_` on
  std::string counted_from_;       ///< an id; older runs were counted, unless they are open still
  std::set<std::string> open_;     ///< runs that had not ended
  Shown shown_;
};

/// Renders the numbers of workflows in Prometheus's text format 0.0.4: runs, steps, freshness, the next
/// firing of each trigger (the first for each in `firings`), alerts.
std::string render_numbers(const RunNumbers::Shown& runs, const std::vector<Freshness>& freshness,
                           const std::vector<NextFiring>& firings, const AlertCounts& alerts);

}  // namespace reelhouse::workflow
