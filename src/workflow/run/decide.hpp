#pragma once

#include <map>
#include <string>
#include <vector>

#include "workflow/define/definition.hpp"

namespace reelhouse::workflow {

/// What is next in a run, worked out from the states of its steps alone.
struct Decision {
  std::vector<std::string> ready;    ///< to be started, in the file's order
  std::vector<std::string> skipped;  ///< whose condition can no longer come true
  bool done = false;                 ///< nothing runs and nothing is ready
};

/// Decides what a run does next. `states`: every step by name. After a cancel only steps that run always are
/// ready; the others that wait are skipped.
Decision decide(const Workflow& workflow, const std::map<std::string, RunState>& given, bool cancelled);

/// Tells how a run ended from how its steps did: cancelled when it was asked to stop, else failed when a
/// step failed (whatever ran after it), else check failed, else succeeded.
RunState outcome_of(const std::map<std::string, RunState>& states, bool cancelled);

/// Picks what a resumed run runs: the steps that did not succeed, and those that follow them; the others are
/// kept as succeeded.
std::map<std::string, RunState> resumed_states(const Workflow& workflow, const Run& before);

}  // namespace reelhouse::workflow
