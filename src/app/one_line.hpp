#pragma once

#include <string>
#include <string_view>

namespace reelhouse::app {

/// Puts a message of several lines on one, each break or run of blanks a space: a row of a table is one line.
inline std::string one_line(std::string_view text) {
  std::string line;
  for (const char c : text) {
    const bool is_space = c == '\n' || c == '\r' || c == '\t' || c == ' ';
    if (!is_space)
      line += c;
    else if (!line.empty() && line.back() != ' ')
      line += ' ';
  }
  while (line.ends_with(' ')) line.pop_back();
  return line;
}

}  // namespace reelhouse::app
