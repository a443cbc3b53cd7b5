#include <algorithm>
#include <string_view>

#include "engine/engine.hpp"

// helpers.sql, put into the program by embed_file (cmake/embed.cmake).
extern "C" const char embedded_helpers[];
extern "C" const char embedded_helpers_end[];

namespace reelhouse::engine {
namespace {

/// Splits the file at the semicolons that end a line; each piece begins with its comment.
std::vector<Helper> split_helpers(std::string_view text) {
  constexpr std::string_view kStart = "create or replace macro ";
  std::vector<Helper> helpers;
  while (true) {
    const size_t end = text.find(";\n");
    if (end == std::string_view::npos) return helpers;
    const std::string_view statement = text.substr(0, end);
    text.remove_prefix(end + 2);
    const size_t start = statement.rfind(kStart);
    if (start == std::string_view::npos) continue;
    const std::string_view rest = statement.substr(start + kStart.size());
    helpers.push_back({std::string(rest.substr(0, rest.find('('))), std::string(statement.substr(start))});
  }
}

}  // namespace

const std::vector<Helper>& duckdb_helpers() {
  static const std::vector<Helper> helpers =
      split_helpers({embedded_helpers, static_cast<size_t>(embedded_helpers_end - embedded_helpers)});
  return helpers;
}

}  // namespace reelhouse::engine
