#pragma once

#include <string>
#include <vector>

#include "workflow/define/definition.hpp"
#include "workflow/trigger/overdue.hpp"

namespace reelhouse::workflow {

/// A workflow as far as its triggers need it.
struct TriggerOwner {
  std::string name;
  Properties properties;
};

/// Names one trigger of a workflow. Does not own the workflow.
struct TriggerOf {
  const TriggerOwner* owner = nullptr;
  std::string name;
};

/// Makes the request for a run that a trigger asks for, with what it hands to it: trigger.kind and
/// trigger.due (ISO) besides the properties of the workflow.
RunRequest request_of(const TriggerOf& trigger, CauseKind kind, const std::string& due, std::string detail);

/// Adds the runs that a schedule asks for when `due` is noticed at `now`, oldest first, and one in state
/// skipped for those that are not made up for.
void schedule_runs(const TriggerOf& trigger, const ScheduleTrigger& schedule, const Overdue& due, Time now,
                   std::vector<RunRequest>& requests);

/// Adds the runs that an `after` trigger asks for when `ended` (the runs that meet its condition, in the
/// order of their end) are noticed at `now`.
void after_runs(const TriggerOf& trigger, const AfterTrigger& after, const std::vector<const Run*>& ended,
                Time now, std::vector<RunRequest>& requests);

}  // namespace reelhouse::workflow
