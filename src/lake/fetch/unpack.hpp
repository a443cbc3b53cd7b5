#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace reelhouse::lake {

/// One file out of an archive.
struct Member {
  std::filesystem::path file;
  std::string name;  ///< its path in the archive, with '/' between parts
  uint64_t bytes = 0;
};

/// What an archive may hold: more is taken for an attack.
struct UnpackLimits {
  uint64_t ratio = 200;           ///< unpacked bytes for each packed one
  uint64_t least = 64ULL << 20U;  ///< bytes that are fine at any ratio
  size_t entries = 100'000;
};

/// Unpacks the members of a zip archive whose path or file name matches one of `globs` (upper and lower case
/// alike; none = all) into an empty folder. Checks lengths and CRCs; hidden members are left out.
/// Errors: kDamaged (no archive, damaged, encrypted, too large unpacked, a member that would leave the
/// folder, two of one name, nothing that matches: says what there is), kFull, kInterrupted.
Result<std::vector<Member>> unpack_zip(const std::filesystem::path& archive,
                                       const std::vector<std::string>& globs,
                                       const std::filesystem::path& into, const UnpackLimits& limits = {});

}  // namespace reelhouse::lake
