#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "warehouse/postgresql/catalog.hpp"

namespace reelhouse::warehouse::postgresql {

/// Moves the views of fixed names to `target`, all in one transaction, when no one who reads would notice:
/// no snapshot is alive that could not see the new tables, and every view that changes could be locked
/// within 40 ms, which is less than any deadlock's detection; a little longer at each further attempt. Tries
/// until `patience` is over, then leaves them where they are. Never ends a reader. Returns what whoever
/// publishes should know: nothing, or that they are behind, and because of whom. Errors: kUnavailable,
/// kPermission.
Result<std::vector<std::string>> move_fixed_names(Connection& control, const Names& names,
                                                  const StoredVersion& target,
                                                  std::chrono::milliseconds patience);

/// Says who keeps the fixed names from moving: snapshots and locks of others. Errors: as Connection::run.
Result<std::vector<std::string>> blockers(Connection& control, const Names& names);

}  // namespace reelhouse::warehouse::postgresql
