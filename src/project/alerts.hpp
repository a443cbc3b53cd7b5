#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "project/project.hpp"
#include "workflow/alert/watch.hpp"

namespace reelhouse::project {

/// Reads alerts.yml and holds it against the project. Adds every problem.
workflow::AlertBook read_alerts(Project& project, const metric::Definitions& definitions,
                                std::vector<Error>& problems);

/// Opens the watch of this project. `clock` outlives it. Errors: as workflow::Watch::open; those of the history.
Result<std::unique_ptr<workflow::Watch>> open_watch(const std::shared_ptr<Project>& project,
                                                    workflow::AlertBook book,
                                                    const workflow::RunHistory& history, const Clock& clock,
                                                    std::function<void(const Error&)> warn);

}  // namespace reelhouse::project
