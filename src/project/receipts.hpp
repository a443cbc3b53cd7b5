#pragma once

#include <string>

#include "base/json.hpp"
#include "project/project.hpp"

namespace reelhouse::project {

/// The text of a run's receipt; the beginning of the run's id is enough. Errors: kNotFound, and those of
/// RunHistory.
Result<std::string> receipt_text(Project& project, const std::string& id);
/// The receipt of a run by its whole id. Errors: kNotFound (it left none), kDamaged.
Result<Json> receipt_of(const Project& project, const std::string& run);
/// The receipt of a run that built something, the newest when none is named; empty before the first.
/// Errors: kNotFound (no such run, or it built nothing), and those of RunHistory.
Result<Json> receipt_of_builds(Project& project, const std::string& wanted);

}  // namespace reelhouse::project
