#pragma once

#include <string>
#include <vector>

#include "warehouse/postgresql/catalog.hpp"

namespace reelhouse::warehouse::postgresql {

/// Drops versions beyond the newest `keep`, and data tables that no version needs: never the current
/// version, that of the fixed names, or one that a transaction which is still open may have chosen. Waits no
/// more than 50 ms for anyone; what is in use stays for the next publish, and nothing of others is dropped.
/// Returns what whoever publishes should know: who depends on what could not be dropped.
std::vector<std::string> retire(Connection& control, const Names& names, int keep);

/// Tells of each version beyond the newest `keep` why it stays: "version 3 (...)". Errors: as
/// Connection::run.
Result<std::vector<std::string>> old_versions(Connection& connection, const Names& names, int keep);

}  // namespace reelhouse::warehouse::postgresql
