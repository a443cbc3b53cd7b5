#pragma once

#include "warehouse/versions.hpp"

namespace reelhouse::warehouse::postgresql {

/// A database in which every version is a schema that is never renamed, and one row names the current one.
/// Nothing is reached yet. Errors: kUsage (the location, or the schema's name).
Result<std::unique_ptr<Warehouse>> open(const WarehouseOptions& options);

}  // namespace reelhouse::warehouse::postgresql
