#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "warehouse/versions.hpp"

namespace reelhouse::warehouse {

/// Describes a version that is about to be written, its tables sorted by name.
Version describe(int number, const std::vector<PublishedTable>& tables, const std::string& run,
                 const Clock& clock);

/// Chooses the version to go back to among `there` (ascending): `number`, or the newest below `now` when 0.
/// Errors: kNotFound (nothing is published, no such version: the hint lists what there is).
Result<int> choose_version(const std::vector<int>& there, std::optional<int> now, int number,
                           const std::string& where);

/// Tells which versions there are, newest first, for a hint.
std::string advice_of(const std::vector<int>& there);

/// Tells of versions (`there`, ascending) beyond the newest `keep`; nothing when there are none.
std::optional<Finding> more_than_kept(const std::vector<int>& there, int current, int keep);

/// Opens a database in memory with a version's file attached to it read-only, as `warehouse`.
/// Errors: kNotFound, kDamaged, kQuery.
Result<std::unique_ptr<engine::Database>> attach_read_only(const std::filesystem::path& file);

}  // namespace reelhouse::warehouse
