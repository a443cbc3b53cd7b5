#pragma once

#include <set>
#include <string>
#include <vector>

#include "workflow/define/definition.hpp"

namespace reelhouse::workflow {

/// Judges the steps of one workflow together: a circle, a step whose condition contradicts itself, a check
/// that no build goes before, a publish of what was not built and checked. Adds what is wrong.
void check_steps(const Workflow& workflow, std::vector<Error>& problems);

/// Finds workflows that start each other without end: `after` triggers in a circle, or a fetch into a prefix
/// that a trigger watches. Adds one problem a circle and returns the workflows in one.
std::set<std::string> check_loops(const std::vector<Workflow>& workflows, const ProjectNames& names,
                                  std::vector<Error>& problems);

}  // namespace reelhouse::workflow
