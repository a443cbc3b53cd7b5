#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace reelhouse::lake {

/// Below it lie the datasets of a lake, each a folder.
inline constexpr std::string_view kRaw = "raw/";

/// True when a part of a key or path is hidden from listings.
bool is_hidden_part(std::string_view part);
/// True when any part of the key is hidden.
bool is_hidden_key(std::string_view key);

/// Refuses keys that name nothing below a store's root: empty ones, empty parts, "." and "..", NUL.
/// Errors: kUsage.
Result<> check_key(const std::string& key);

}  // namespace reelhouse::lake
