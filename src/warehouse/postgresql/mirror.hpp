#pragma once

#include <filesystem>

#include "warehouse/postgresql/catalog.hpp"

namespace reelhouse::warehouse::postgresql {

/// Keeps the version that was last asked as a DuckDB file of this machine: the server is read once a version,
/// and of it only the tables whose fingerprint is not here yet. Several processes share one.
class Mirror {
 public:
  /// `cache` is a folder for all mirrors; each warehouse gets one of its own in it.
  Mirror(const Location& location, const Names& names, const std::filesystem::path& cache);

  /// Returns the file of the current version, brought here first where it is not; writes the version to
  /// `version`. Errors: kNotFound (nothing is published), kUnavailable, kPermission, kFull, kDamaged,
  /// kInterrupted.
  Result<std::filesystem::path> bring(Version& version) const;

 private:
  std::filesystem::path file_of(const Version& version) const;
  std::filesystem::path rows_of_table(const StoredTable& table) const;
  Result<> fetch(Connection& control, const StoredVersion& version) const;
  Result<> write(const StoredVersion& version) const;
  void remove_old(const StoredVersion& version) const;

  Location location_;
  Names names_;
  std::filesystem::path folder_;
};

}  // namespace reelhouse::warehouse::postgresql
