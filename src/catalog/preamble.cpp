#include "catalog/preamble.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace reelhouse::catalog {
namespace {

constexpr size_t kPreambleLines = 20;

/// The line that begins at `begin`, without its end; sets `next` behind it.
std::string_view line_at(std::string_view sample, size_t begin, char newline, size_t& next) {
  const size_t end = std::min(sample.find(newline, begin), sample.size());
  next = std::min(end + 1, sample.size());
  std::string_view line = sample.substr(begin, end - begin);
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (newline == '\r' && line.starts_with('\n')) line.remove_prefix(1);
  return line;
}

}  // namespace

Preamble separator_line(std::string_view sample, char newline) {
  Preamble preamble;
  size_t next = 0;
  std::string_view line = line_at(sample, 0, newline, next);
  if (line.size() > 2 && line.front() == '"' && line.back() == '"') line = line.substr(1, line.size() - 2);
  if (line.size() < 5 || lower(line.substr(0, 4)) != "sep=") return preamble;
  const std::string_view named = line.substr(4);
  if (named.size() == 1) preamble.delimiter = named.front();
  if (named == "\\t") preamble.delimiter = '\t';
  if (!preamble.delimiter) return preamble;
  preamble.lines = 1;
  preamble.size = next;
  return preamble;
}

Preamble title_lines(std::string_view sample, char newline) {
  Preamble preamble;
  while (preamble.size < sample.size() && preamble.lines < kPreambleLines) {
    size_t next = 0;
    const std::string_view line = line_at(sample, preamble.size, newline, next);
    if (line.starts_with('#') || line.find_first_of(kDelimiters) != std::string_view::npos) return preamble;
    ++preamble.lines;
    preamble.size = next;
  }
  return {};
}

}  // namespace reelhouse::catalog
