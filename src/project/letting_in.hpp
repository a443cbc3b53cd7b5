#pragma once

#include <string>

#include "base/clock.hpp"
#include "project/project.hpp"

namespace reelhouse::project {

/// Lets in what the run with this id stopped on of one table, as its receipt names it: that content and no other, whatever
/// lies in the lake by now. Errors: kUsage (the run stopped on nothing of it), kNotFound, kDamaged, and those of
/// model::Acceptances.
Result<> let_in(Project& project, const std::string& id, const std::string& table, const Clock& clock);

}  // namespace reelhouse::project
