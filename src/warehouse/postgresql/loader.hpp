#pragma once

#include <string>
#include <vector>

#include "warehouse/postgresql/catalog.hpp"
#include "warehouse/postgresql/connection.hpp"
#include "warehouse/postgresql/names.hpp"

namespace reelhouse::warehouse::postgresql {

/// A table of a publish, and the data table that holds its rows.
struct Load {
  const PublishedTable* table = nullptr;
  StoredTable stored;
  bool is_there = false;  ///< loaded whole by an earlier publish
};

/// Reads the tables' types from their files. Errors: kQuery, kNotFound.
Result<std::vector<Load>> plan_loads(const std::vector<PublishedTable>& tables);

/// Finds which tables are there, drops what is left of loads that died, and names the others' data tables.
/// Errors: as Connection::run.
Result<> find_loaded(Connection& control, const Names& names, std::vector<Load>& loads);

/// Loads the tables that are not there: COPY into unlogged tables on several connections, then each logged,
/// with its key, indexes on its foreign keys' columns, comments, statistics, and its rows counted.
/// Errors: kDamaged (another count), kQuery, kFull, kInterrupted, kUnavailable, kPermission.
Result<> load_tables(Connection& control, const Location& location, const Names& names,
                     const std::vector<Load>& loads);

/// Drops the tables that are not whole; what others hold stays for the next publish.
void drop_unfinished(Connection& control, const Names& names);

/// Adds the foreign keys that are missing between the tables. Errors: as load_tables.
Result<> add_foreign_keys(Connection& control, const Location& location, const Names& names,
                          const std::vector<Load>& loads);

}  // namespace reelhouse::warehouse::postgresql
