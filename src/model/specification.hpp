#pragma once

#include "base/yaml.hpp"
#include "model/project.hpp"
#include "model/repairs.hpp"

namespace reelhouse::model {

/// Reads what the YAML beside a model says into it; turns column checks and the grain into SQL.
/// `book` holds the repairs that it may name. Errors: kProject with file, line and near miss.
Result<> read_specification(const Yaml& yaml, const RepairBook& book, Model& model);

}  // namespace reelhouse::model
