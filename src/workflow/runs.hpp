#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/result.hpp"

namespace reelhouse::workflow {

enum class RunState { kRunning, kSucceeded, kFailed, kCheckFailed, kCancelled, kDied };
const char* name_of(RunState state);

/// One step of a run: crawl, build of one model, check, publish.
struct Step {
  std::string name;   ///< "crawl", "build stg_user", "publish"
  std::string state;  ///< succeeded, failed, skipped (known fingerprint)
  double seconds = 0;
  uint64_t rows = 0;
  std::string message;
};

struct Run {
  std::string id;        ///< 20261122-061200-1a2b: UTC second and a random part; sorts by time
  std::string workflow;  ///< "default" until workflows have names
  RunState state = RunState::kRunning;
  std::string started;
  std::string ended;    ///< empty while running
  int process = 0;      ///< id of the process that runs it
  int version = 0;      ///< version published; 0 = none
  std::string message;  ///< why it failed, in one line
  std::vector<Step> steps;
};

/// History of runs in SQLite (one file). Several processes and threads may use it at once.
/// Errors of all: kBusy, kFull, kPermission, kUnavailable, kDamaged.
class RunHistory {
 public:
  virtual ~RunHistory() = default;
  /// Closes runs of processes that no longer live as kDied, then records a new one.
  virtual Result<Run> begin(const std::string& workflow, const Clock& clock) = 0;
  /// Errors: also kNotFound (no such run).
  virtual Result<> add_step(const std::string& run, const Step& step) = 0;
  /// Ends a run that is running (or was taken for dead). `version` 0 = none published.
  /// Errors: also kNotFound; kInternal when it has ended already: no end replaces another.
  virtual Result<> end(const std::string& run, RunState state, int version, const std::string& message,
                       const Clock& clock) = 0;
  /// Newest first, `limit` of them (0 = all). A run whose process is gone is shown as kDied even before it is
  /// closed.
  virtual Result<std::vector<Run>> list(int limit) const = 0;
  /// A unique prefix of an id is enough. Errors: kNotFound with the near miss, or with the ids that
  /// begin so.
  virtual Result<Run> find(const std::string& id) const = 0;
};

/// Opens the history, and makes the file if need be. Errors: as RunHistory; kUsage when a newer program
/// wrote it.
Result<std::unique_ptr<RunHistory>> open_run_history(const std::filesystem::path& file);

}  // namespace reelhouse::workflow
