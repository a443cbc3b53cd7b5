#pragma once

#include <fmt/format.h>

#include <string>

namespace reelhouse::app {

/// Renders "1 model", "2 models".
inline std::string counted(size_t count, const std::string& what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

}  // namespace reelhouse::app
