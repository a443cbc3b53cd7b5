#pragma once

#include <memory>

#include "app/answers.hpp"
#include "app/project_workflows.hpp"
#include "workflow/scheduler/scheduler.hpp"

namespace reelhouse::app {

/// What the pages read of workflows and runs: "workflows", "run" (state and steps of one), "log" (part of
/// one).
std::map<std::string, serve::Source> make_workflow_sources(const Settings& settings,
                                                           const workflow::Scheduler* scheduler);

/// What the pages and other systems ask for: "workflows/run", "run/cancel", "run/resume", and "hooks", which
/// are signed. Null scheduler: each says that this server runs no workflows.
std::map<std::string, serve::Action> make_workflow_actions(const Settings& settings, const Clock& clock,
                                                           workflow::Scheduler* scheduler);

}  // namespace reelhouse::app
