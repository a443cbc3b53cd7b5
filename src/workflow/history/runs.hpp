#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/result.hpp"

namespace reelhouse::workflow {

/// States of a run, and of a step of one (where queued means that it waits for others).
/// kDied: its process went away without a word. kSkipped: it was never started, and never will be.
enum class RunState { kQueued, kRunning, kSucceeded, kFailed, kCheckFailed, kCancelled, kSkipped, kDied };
const char* name_of(RunState state);
/// Errors: kInternal for an unknown name.
Result<RunState> run_state(const std::string& name);
inline bool has_ended(RunState state) {
  return state != RunState::kQueued && state != RunState::kRunning;
}

/// What starts runs: a person at the command line or on a page, one of the four kinds of triggers, or a resume.
enum class CauseKind { kCommand, kPage, kSchedule, kObjects, kAfter, kHttp, kResume };
const char* name_of(CauseKind kind);

/// Why a run was started.
struct Cause {
  CauseKind kind = CauseKind::kCommand;
  std::string trigger = {};  ///< its name in the workflow; empty when a person did it
  std::string due = {};      ///< when it should have started (ISO, UTC); empty when nothing said
  std::string detail = {};   ///< "3 objects below raw/shop/", id of the run before
};

using Properties = std::map<std::string, std::string>;

/// One step of a run: a step of its workflow, or one part of such a step ("build stg_user").
struct Step {
  std::string name = {};
  RunState state = RunState::kQueued;
  double seconds = 0;
  uint64_t rows = 0;
  std::string message = {};
  std::string parent = {};  ///< the workflow's step that a part belongs to; empty for a step itself
  int attempts = 1;
  std::string started = {};  ///< ISO; empty when it never did, and for parts
  std::string ended = {};
  std::string kept_from = {};  ///< run in which it succeeded, when a resumed run did not run it again
  Properties written = {};     ///< properties that it set
};

struct Run {
  std::string id = {};  ///< 20261122-061200-1a2b: UTC second and a random part; sorts by time
  std::string workflow = {};
  RunState state = RunState::kRunning;
  std::string queued = {};   ///< ISO
  std::string started = {};  ///< empty while queued
  std::string ended = {};    ///< empty until it has ended
  int process = 0;           ///< id of the process that runs it; 0 while queued
  int version = 0;           ///< version published; 0 = none
  std::string message = {};  ///< why it failed, in one line
  Cause cause = {};
  std::string resumes = {};    ///< id of the run that this one goes on with
  Properties properties = {};  ///< as they were at the start
  bool cancel_asked = false;
  std::vector<Step> steps;  ///< in the order in which they were first told
};

/// A run to be queued.
struct RunRequest {
  std::string workflow = {};
  Cause cause = {};
  Properties properties = {};
  std::string resumes = {};
  RunState state = RunState::kQueued;  ///< or kSkipped, with the reason in `message`
  std::string message = {};
};

/// What a trigger remembers between processes; its content is the trigger's own affair.
struct TriggerMark {
  std::string trigger = {};  ///< workflow/trigger
  std::string content = {};  ///< empty = forgotten
};

/// What of the history goes.
struct Retention {
  std::string workflow = {};
  int runs = 500;
  std::string before = {};  ///< ISO; runs that ended earlier go
  int versions = 0;         ///< the newest so many runs that published stay, of whatever workflow
};

/// History of runs in SQLite (one file). Several processes and threads may use it at once.
/// Errors of all: kBusy, kFull, kPermission, kUnavailable, kDamaged.
class RunHistory {
 public:
  virtual ~RunHistory() = default;
  /// Queues runs, keeps what triggers remember, and notes which ended runs were told to triggers: all in one
  /// transaction, or nothing. Returns the runs.
  virtual Result<std::vector<Run>> queue(const std::vector<RunRequest>& requests,
                                         const std::vector<TriggerMark>& marks,
                                         const std::vector<std::string>& told, const Clock& clock) = 0;
  /// Starts a queued run in this process, unless `at_once` runs of its workflow run already: nothing then.
  /// Errors: also kNotFound; kInterrupted when it was cancelled while it waited.
  virtual Result<std::optional<Run>> start(const std::string& run, int at_once, const Clock& clock) = 0;
  /// Queues and starts at once. Errors: also kBusy when `at_once` runs of it run (0 = any number).
  virtual Result<Run> begin(const RunRequest& request, int at_once, const Clock& clock) = 0;
  /// Records a step, or replaces what was told of it before (by name and parent).
  /// Errors: also kNotFound (no such run).
  virtual Result<> put_step(const std::string& run, const Step& step) = 0;
  /// Ends a run that is running (or was taken for dead) or queued. `version` 0 = none published.
  /// Errors: also kNotFound; kInternal when it has ended already: no end replaces another.
  virtual Result<> end(const std::string& run, RunState state, int version, const std::string& message,
                       const Clock& clock) = 0;
  /// Asks a run to stop: a queued one is cancelled at once, a running one is marked. Returns it as it is now.
  /// Errors: also kNotFound; kUsage when it has ended.
  virtual Result<Run> ask_cancel(const std::string& run, const Clock& clock) = 0;
  /// True when somebody asked this run to stop.
  virtual Result<bool> cancel_asked(const std::string& run) const = 0;
  /// Closes runs of processes that no longer live as kDied, their running steps too, and returns them.
  virtual Result<std::vector<Run>> close_dead(const Clock& clock) = 0;

  /// Newest first, `limit` of them (0 = all), of one workflow or of all. A run whose process is gone is shown
  /// as kDied even before it is closed.
  virtual Result<std::vector<Run>> list(int limit, const std::string& workflow = "") const = 0;
  /// A unique prefix of an id is enough. Errors: kNotFound with the near miss, or with the ids that
  /// begin so.
  virtual Result<Run> find(const std::string& id) const = 0;
  /// Queued runs, oldest first.
  virtual Result<std::vector<Run>> queued() const = 0;
  /// Runs that have ended and were not told to triggers yet, in the order of their end.
  virtual Result<std::vector<Run>> untold() const = 0;
  virtual Result<std::map<std::string, std::string>> marks() const = 0;
  /// A number that grows with every change by any process; cheap.
  virtual Result<int64_t> change_count() const = 0;
  /// Names of the workflows that have runs.
  virtual Result<std::vector<std::string>> workflows() const = 0;
  /// Removes old ended runs; never one that a later run resumes, and by their number only those that
  /// triggers were told of. Returns their ids.
  virtual Result<std::vector<std::string>> forget(const Retention& retention) = 0;
};

/// Opens the history, and makes the file if need be. Errors: as RunHistory; kUsage when a newer program
/// wrote it.
Result<std::unique_ptr<RunHistory>> open_run_history(const std::filesystem::path& file);

}  // namespace reelhouse::workflow
