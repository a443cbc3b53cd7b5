#pragma once

#include "base/yaml.hpp"
#include "model/project.hpp"

namespace reelhouse::model {

/// Reads what the YAML beside a model says into it; turns column checks and the grain into SQL.
/// Errors: kProject with file, line and near miss.
Result<> read_specification(const Yaml& yaml, Model& model);

}  // namespace reelhouse::model
