#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lake/object_store.hpp"
#include "workflow/define/definition.hpp"

namespace reelhouse::workflow {

/// What triggers ask for at one moment: runs to queue, and what to remember with them in one transaction.
struct Firings {
  std::vector<RunRequest> runs;
  std::vector<TriggerMark> marks;  ///< those that changed; one with empty content is not needed any more
  std::vector<std::string> told;   ///< ended runs that need not be told again
};

/// The next firing of one trigger, for people.
struct NextFiring {
  std::string workflow;
  std::string trigger;
  Time at;
};

/// Decides when workflows run. Holds no clock, no file and no thread: it is told the time, the lake's
/// listing and the runs that ended, and answers with firings. Nothing is lost or doubled when the process
/// dies between two calls, as long as the caller keeps each answer in one transaction before it asks again.
///
/// A trigger that is seen for the first time (or whose definition changed) begins now: nothing fires because
/// it was deployed, not for the past, and not for objects that lie there already. What came due while no
/// process looked is settled by its `missed`: skip (none; noted as one run in state skipped), latest (one
/// run, for the newest of all that is due then), all (one each, oldest first; of more than kMostMissed the
/// newest, and one in state skipped for the rest). A firing counts as missed when it is noticed more than
/// kGrace late. A trigger that was taken out of its file is forgotten: put back, it begins anew. (So open a
/// book only with files that could all be read.)
///
/// Objects are compared to the newest listing before, whichever process saw it: what changed while none
/// looked comes together as one batch.
class TriggerBook {
 public:
  static constexpr int kMostMissed = 1000;
  static constexpr std::chrono::seconds kGrace{60};
  /// A clock that was set back by no more than this leaves schedules silent until it is past what it told
  /// before. By more, it told a wrong time: schedules go on at once, without repeating what is settled.
  static constexpr std::chrono::days kTrusted{7};

  /// `marks` are what RunHistory::marks returns. Errors: kProject (a zone that is not known).
  static Result<TriggerBook> open(const std::vector<Workflow>& workflows,
                                  const std::map<std::string, std::string>& marks);
  TriggerBook(TriggerBook&&) noexcept;
  TriggerBook& operator=(TriggerBook&&) noexcept;
  ~TriggerBook();

  /// Returns the schedules that are due at `now`, by the time they were due, and batches of objects whose
  /// time has come. When the clock was set back nothing fires twice.
  ///
  /// A run gets the properties of its workflow and: trigger.kind (schedule, objects, after), trigger.due
  /// (ISO); of objects trigger.count and trigger.keys (the first 100, a line each); of another's end
  /// trigger.workflow and trigger.run.
  Firings due(Time now);
  /// Takes a whole listing of what begins with `prefix` (one of `prefixes()`); an empty one says that all of
  /// it was deleted, so an attempt that failed is not told. A batch that is complete fires here.
  Firings listed(const std::string& prefix, const std::vector<lake::ObjectInfo>& objects, Time now);
  /// Takes runs that have ended (RunHistory::untold). A run that died counts as failed; one that was skipped
  /// never was, so nothing follows it.
  Firings ended(const std::vector<Run>& runs, Time now);

  /// The prefixes that have to be listed: none lies within another.
  std::vector<std::string> prefixes() const;
  /// The next `count` firings of every schedule after `now`, by time.
  std::vector<NextFiring> next_firings(Time now, int count) const;

 private:
  struct State;
  explicit TriggerBook(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace reelhouse::workflow
