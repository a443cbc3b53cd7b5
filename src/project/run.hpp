#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "project/project.hpp"

namespace reelhouse::project {

/// How a run is told to whoever started it, while it runs.
struct Telling {
  /// A line of the pipeline ("build    stg_user  12 rows"); may be empty.
  workflow::Say phase;
  /// Every line of the run's log; may be empty.
  std::function<void(const std::string& step, const std::string& level, const std::string& message)> log;
};

/// What a person who starts a run asks for.
struct RunOrder {
  std::string workflow = {};  ///< empty: the default one
  workflow::Properties properties = {};
  std::vector<std::string> accept = {};  ///< tables of which a stopped delivery is let in
  // What shapes the pipeline; only of the default workflow.
  std::vector<std::string> select = {};  ///< models; nothing is published then
  bool full_refresh = false;
  int threads = 0;
  std::string memory_limit = {};

  bool shapes_pipeline() const {
    return !select.empty() || full_refresh || threads > 0 || !memory_limit.empty();
  }
};

/// A run that has ended.
struct RunEnd {
  workflow::Run run;
  std::optional<Error> error = {};  ///< of the phase that failed, with its hint; nothing when no phase did
  Json receipt = {};                ///< null when no phase ran
};

/// True when an order is for crawl, build, check and publish as they are without any file.
bool runs_default(Project& project, const RunOrder& order);

/// Runs a workflow from its beginning to its end, in this process.
/// Errors: kUsage (no such workflow or property, or an order that does not go with it), kProject, kBusy (as many
/// of its runs run as may; or, without a file of its own, another run holds the project), those of RunHistory.
/// A run that has begun and fails is no error.
Result<RunEnd> run(Project& project, const RunOrder& order, const Clock& clock, const Telling& telling);

/// Runs a run that the scheduler has queued. Errors: as run; kNotFound; kBusy when it has to stay queued.
Result<RunEnd> run_queued(Project& project, const std::string& id, const Clock& clock,
                          const Telling& telling);

/// Goes on with a run that ended without success, as a run of its own. Errors: as run; kNotFound.
Result<RunEnd> resume(Project& project, const std::string& id, const Clock& clock, const Telling& telling);

/// Removes history, logs and receipts that no workflow keeps any more, where no server does. What cannot be
/// removed stays for the next time.
void look_after_house(Project& project, const Clock& clock);

}  // namespace reelhouse::project
