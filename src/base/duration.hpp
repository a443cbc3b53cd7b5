#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/yaml.hpp"

namespace reelhouse {

/// Reads "90s", "30m", "2h", "7d" or "2w": a whole number and its unit, a hundred years at most; nothing when
/// it is anything else.
std::optional<std::chrono::seconds> read_duration(std::string_view text);

/// The same for a value of a YAML file, not below `least`; `otherwise` when it is absent.
/// Errors: kProject with file and line.
Result<std::chrono::seconds> duration_or(const Yaml& yaml, std::chrono::seconds otherwise,
                                         std::chrono::seconds least = std::chrono::seconds(1));

/// Renders a duration as a person says it, in its two largest units: "8 d 3 h", "12 min", "40 s". What is
/// smaller is left out.
std::string duration_text(std::chrono::seconds duration);

/// Renders a duration as files write it, exactly: "7d", "2h", "90s"; `read_duration` reads it.
std::string duration_code(std::chrono::seconds duration);

}  // namespace reelhouse
