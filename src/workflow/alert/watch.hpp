#pragma once

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/result.hpp"
#include "workflow/alert/alerts.hpp"
#include "workflow/alert/freshness.hpp"
#include "workflow/alert/notify.hpp"
#include "workflow/alert/state.hpp"
#include "workflow/history/runs.hpp"

namespace reelhouse::workflow {

/// What a watch looks at. Functions are called from `look`'s thread, one at a time.
struct WatchOptions {
  AlertBook book;
  std::string project;                 ///< its name, for people
  std::filesystem::path file;          ///< .reelhouse/alerts.db
  std::vector<std::string> workflows;  ///< of which outcomes are watched
  /// Freshness of datasets and promising models now.
  std::function<Result<std::vector<Freshness>>()> freshness;
  /// The value of a measure in the published version; nothing when it cannot be known.
  std::function<Result<std::optional<double>>(const std::string& measure, const std::string& filter)> measure;
  /// The published version; nothing when there is none. A measure is asked again when it changes.
  std::function<Result<std::optional<int>>()> version;
  /// A run's receipt (its `changes` and `stopped` are read). kNotFound when it left none.
  std::function<Result<Json>(const std::string& run)> receipt;
  /// The dataset of a table of the catalog; may be empty.
  std::function<std::string(const std::string& table)> dataset_of;
  /// Something cannot be looked at or told; told once for each reason until it goes well again. Called from
  /// several threads.
  std::function<void(const Error&)> warn;
  /// Sends one notice; for tests. Empty = workflow::deliver.
  std::function<Result<>(const Notice&, const Channel&)> deliver;
};

/// Looks for troubles and tells of them. `look` never waits for another machine: each channel has a thread of
/// its own that delivers, so that a dead mail server holds up nothing but its mail. Thread-safe.
class Watch {
 public:
  /// Opens the memory of alerts and starts the threads of the channels; what was not delivered before is sent
  /// now. `history` and `clock` outlive this. Errors: as open_alert_state.
  static Result<std::unique_ptr<Watch>> open(WatchOptions options, const RunHistory& history,
                                             const Clock& clock);
  /// Stops within about a second, also in the middle of a delivery; what is left is sent at the next start.
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  /// Gathers freshness, the newest runs and what is measured, and makes notices of what changed. To be called
  /// every minute and after each ended run. What cannot be looked at is warned of, and keeps what was said
  /// before. Cheap when nothing has happened.
  void look();
  /// Waits until every notice was tried at least once since the last look, at most so long; for commands that
  /// look once. Returns the number that are not delivered.
  Result<int> settle(std::chrono::milliseconds most);

  /// Freshness as of the last look.
  std::vector<Freshness> freshness() const;
  /// As AlertState.
  Result<Json> open_troubles() const { return state_->open_troubles(); }
  Result<AlertCounts> counts() const { return state_->counts(); }

 private:
  Watch(WatchOptions options, const RunHistory& history, const Clock& clock,
        std::unique_ptr<AlertState> state);
  Result<> look_at_runs(std::vector<Outcome>& outcomes);
  Result<std::vector<Run>> changed_runs(const std::vector<Run>& newest) const;
  Result<Outcome> outcome_from_history(const std::string& workflow) const;
  Result<> look_at_stops(Outcome& outcome) const;
  Result<> look_at_schemas(const std::vector<Run>& runs);
  void look_at_metrics(std::vector<std::string>& answered, std::vector<Trouble>& troubles);
  Result<> look_at_freshness();
  void warn(const std::string& about, const Result<>& result);
  void deliver_to(const Channel& channel);
  bool deliver_next(const Channel& channel);
  Result<> attempt(const Channel& channel, const Notice& notice);

  WatchOptions options_;
  const RunHistory& history_;
  const Clock& clock_;
  std::unique_ptr<AlertState> state_;

  std::mutex looking_;  ///< one look at a time; guards the next lines
  std::optional<int64_t> seen_change_;
  std::map<std::string, Outcome> outcomes_;
  std::map<std::string, std::string>
      seen_runs_;  ///< id -> state and end, of the newest and of those that run
  std::map<std::string, std::pair<std::optional<int>, std::optional<double>>>
      measured_;  ///< rule -> version, value

  mutable std::mutex mutex_;  ///< guards the next lines
  std::condition_variable wake_;
  std::map<std::string, std::string> warned_;  ///< what about -> the message
  std::vector<Freshness> freshness_;
  std::set<int64_t> sent_;  ///< delivered, but that could not be noted
  uint64_t looks_ = 0;
  std::map<std::string, uint64_t> rounds_;  ///< channel -> the look up to which it has tried all
  std::atomic<bool> stopping_{false};
  std::vector<std::thread> threads_;
};

}  // namespace reelhouse::workflow
