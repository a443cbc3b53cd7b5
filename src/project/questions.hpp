#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/json.hpp"
#include "project/project.hpp"
#include "workflow/scheduler/scheduler.hpp"

namespace reelhouse::project {

using Parameters = std::map<std::string, std::string>;

/// Something that can be asked of a project, answered as JSON. Thread-safe.
using Question = std::function<Result<Json>(const Parameters& parameters)>;

/// Something that a project is told to do.
struct Order {
  std::string id;  ///< of a run, or name of a workflow
  std::string body;
  std::map<std::string, std::string> headers;  ///< names in lower case
};
using Action = std::function<Result<Json>(const Order& order)>;

/// "runs", "catalog", "quarantine", "repairs" (with the parameter `id`: one of them), "models", "lineage", and
/// "status" of the version that the parameter `run` published. `clock` outlives them.
std::map<std::string, Question> questions(const std::shared_ptr<Project>& project, const Clock& clock);

/// "workflows", "run" (state and steps of one), "log" (part of one). A scheduler, which may be null, outlives
/// them.
std::map<std::string, Question> workflow_questions(const std::shared_ptr<Project>& project,
                                                   const workflow::Scheduler* scheduler);

/// What pages and other systems ask for: "workflows/run", "run/cancel", "run/resume", "run/accept" (which
/// resumes it too), and "hooks", which are signed. Null scheduler: each says that this server runs no workflows.
std::map<std::string, Action> workflow_actions(const std::shared_ptr<Project>& project, const Clock& clock,
                                               workflow::Scheduler* scheduler);

}  // namespace reelhouse::project
