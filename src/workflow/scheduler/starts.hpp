#pragma once

#include <map>
#include <string>
#include <vector>

#include "workflow/define/definition.hpp"
#include "workflow/history/runs.hpp"

namespace reelhouse::workflow {

/// A process that was started for a run and has not ended.
struct StartedProcess {
  std::string run;
  std::string workflow;
};

/// What is known when queued runs are looked at.
struct Queue {
  std::vector<Run> queued = {};                ///< oldest first
  std::vector<Run> running = {};               ///< in whatever process: somebody may have started one by hand
  std::vector<StartedProcess> processes = {};  ///< of ours; the history may not know yet that their runs run
  std::map<std::string, int> starts = {};  ///< of processes so far, by run; a run without one may be missing
  /// Every workflow could be read; else a run whose workflow is not there waits for it.
  bool is_whole = true;
};

struct StartLimits {
  size_t processes = 4;  ///< of ours at a time
  int starts = 3;        ///< of processes that end without having begun their run
};

/// A queued run that never starts: how it ends, and why.
struct Closing {
  Run run;
  RunState state = RunState::kFailed;
  std::string reason;
};

/// What becomes of the queued runs now. One that is in none of the lists has its process already.
struct NextStarts {
  std::vector<Run> start;          ///< in this order
  std::vector<Closing> close;      ///< whose turn never comes
  std::vector<std::string> waits;  ///< ids of those that a limit holds back
};

/// Decides which queued runs start, oldest first. A run waits while its workflow's `at_once` runs run, or is
/// skipped then when its workflow says so, and while `limits.processes` of ours run. A run fails whose
/// workflow is gone (not among `workflows`, which are whole), or whose process ended `limits.starts` times
/// before it began the run.
NextStarts next_starts(const Queue& queue, const std::vector<Workflow>& workflows, const StartLimits& limits);

}  // namespace reelhouse::workflow
