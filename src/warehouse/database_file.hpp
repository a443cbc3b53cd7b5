#pragma once

#include <filesystem>
#include <vector>

#include "base/result.hpp"
#include "warehouse/versions.hpp"

namespace reelhouse::warehouse {

/// Writes what reads a table's files in a FROM clause.
std::string rows_of(const PublishedTable& table);

/// Writes tables into a new DuckDB file, with their comments, checkpointed and closed: no .wal is left.
/// `spill` is a folder for what does not fit in memory. Leaves half a file behind when it fails.
/// Errors: kQuery, kFull, kInterrupted, kPermission, kDamaged.
Result<> write_database(const std::filesystem::path& file, const std::filesystem::path& spill,
                        const std::vector<PublishedTable>& tables);

/// Opens the file read-only and compares its tables and their rows with what it should hold.
/// Errors: kDamaged, kNotFound, kBusy, kInterrupted.
Result<> verify_database(const std::filesystem::path& file, const std::vector<Version::Table>& tables);

}  // namespace reelhouse::warehouse
