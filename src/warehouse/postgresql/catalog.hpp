#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "warehouse/postgresql/connection.hpp"
#include "warehouse/postgresql/names.hpp"
#include "warehouse/postgresql/types.hpp"

namespace reelhouse::warehouse::postgresql {

/// One table of a version as the meta schema remembers it.
struct StoredTable {
  std::string name;
  std::string data;  ///< its table in the data schema
  std::string fingerprint;
  uint64_t rows = 0;
  std::string note;
  std::string description;
  std::vector<ColumnType> columns;
  std::vector<std::pair<std::string, std::string>> column_descriptions;
};

struct StoredVersion {
  Version version;
  std::vector<StoredTable> tables;
};

Json to_json(const std::vector<StoredTable>& tables);

/// Makes the schemas and the tables of the meta schema where they are missing, and lets the reader in; all
/// or nothing. Returns what whoever publishes should know: a role that is missing.
/// Errors: kPermission; kUsage (a schema of one of our names that is not ours: it is left untouched).
Result<std::vector<std::string>> ensure_layout(Connection& connection, const Names& names);

/// Finds out whether this user may make and change what a publish makes and changes; touches nothing.
/// Errors: kPermission, kUsage (as ensure_layout), kUnavailable.
Result<> check_rights(Connection& connection, const Names& names);

/// Grants the reader a schema's relations; nothing when there is no such role.
std::string grant_statements(const Names& names, const std::string& schema);

/// Tells whether the role of the reader exists. Errors: as Connection::run.
Result<bool> has_reader(Connection& connection, const Names& names);

/// Reads the current version's number; nothing when none is published, or nothing of ours is there.
/// Errors: kPermission, kUnavailable.
Result<std::optional<int>> read_current_number(Connection& connection, const Names& names);
/// Reads one version; `number` 0 = the current one; nothing when there is no such version.
/// Errors: kDamaged, kPermission, kUnavailable.
Result<std::optional<StoredVersion>> read_version(Connection& connection, const Names& names, int number);
/// Reads all versions, newest first. Errors: as read_version.
Result<std::vector<StoredVersion>> read_versions(Connection& connection, const Names& names);

/// Where the fixed names point.
struct FixedState {
  int number = 0;                             ///< 0 = nowhere yet
  std::map<std::string, std::string> tables;  ///< name -> data table
  std::string behind_since;                   ///< ISO time; empty when they show the current version
};
Result<FixedState> read_fixed_state(Connection& connection, const Names& names);

}  // namespace reelhouse::warehouse::postgresql
