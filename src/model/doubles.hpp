#pragma once

#include <string>

#include "engine/engine.hpp"
#include "model/curated.hpp"
#include "model/project.hpp"

namespace reelhouse::model {

/// Finds, among the rows that a model rejected, those whose record is the same in every field as one that was
/// kept: nothing that it says is missing. Leaves them in the temporary table `_doubles` (object, line), empty
/// where there are none. `source` holds the model's rows with `_reject` (0 = kept); `raw` is the raw table that
/// the model stages. Only rows that agree with a kept one in the model's grain (without one: in all its
/// columns) are looked up in the raw table, which is read once for them.
Result<> find_doubles(const Model& model, const BuildRecord& record, const std::string& raw,
                      const std::string& source, engine::Session& session);

}  // namespace reelhouse::model
