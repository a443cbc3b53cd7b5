#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace reelhouse::lake {

/// Below it lie the datasets of a lake, each a folder.
inline constexpr std::string_view kRaw = "raw/";

/// True when a part of a key or path is hidden from listings.
bool is_hidden_part(std::string_view part);
/// Why what lies in an unfinished folder is left out.
inline constexpr std::string_view kUnfinishedWork =
    "holds files of a write that was not ended, which nobody may read yet";

/// True for hidden folders that writers keep in a lake until a write is ended ("_temporary", ".hive-staging_...").
bool is_unfinished_part(std::string_view part);
/// The first such folder that a key lies in, by its own key; "" for others.
std::string_view unfinished_folder(std::string_view key);
/// True when any part of the key is hidden.
bool is_hidden_key(std::string_view key);

/// Refuses keys that name nothing below a store's root: empty ones, empty parts, "." and "..", NUL.
/// Errors: kUsage.
Result<> check_key(const std::string& key);

}  // namespace reelhouse::lake
