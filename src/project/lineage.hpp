#pragma once

#include <map>
#include <string>

#include "base/json.hpp"
#include "engine/engine.hpp"
#include "project/project.hpp"

namespace reelhouse::project {

/// Flattens a lineage: a row an edge, and a row an object at the end of it.
engine::Rows rows_of(const model::LineageNode& root, bool downstream);

/// Follows a measure (parameter `measure`) or a column (`column`) back to the lake. Errors: kUsage.
Result<Json> lineage_of(Project& project, const std::map<std::string, std::string>& parameters);

}  // namespace reelhouse::project
