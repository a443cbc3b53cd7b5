#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "catalog/records.hpp"

namespace reelhouse::test {

/// Makes a block of text, as a reader would.
inline catalog::Block block_of(std::string_view text, uint64_t number = 0, uint64_t first_line = 1,
                               char newline = '\n') {
  catalog::Block block;
  block.buffer.assign(text.begin(), text.end());
  if (block.buffer.empty() || block.buffer.back() != newline) block.buffer.push_back(newline);
  block.size = block.buffer.size();
  block.buffer.resize(block.size + 64);
  block.number = number;
  block.first_line = first_line;
  return block;
}

/// Renders what a cursor makes of a block: "3: a|<null>|b" for a record, "4! reason" for a reject.
inline std::vector<std::string> outcome_of(const catalog::Block& block, const catalog::Format& format) {
  catalog::RejectLog log;
  catalog::DelimitedCursor cursor(format, log);
  cursor.start(block);
  std::vector<std::string> lines;
  size_t rejects = 0;
  const auto take_rejects = [&] {
    for (; rejects < log.kept.size(); ++rejects) {
      const auto& reject = log.kept[rejects];
      lines.push_back(std::to_string(reject.line) + "! " +
                      (reject.column.empty() ? "" : reject.column + ": ") + reject.reason);
    }
  };
  while (cursor.next()) {
    take_rejects();
    std::string line = std::to_string(cursor.line()) + ": ";
    for (size_t i = 0; i < cursor.field_count(); ++i) {
      std::string_view value;
      const bool has = cursor.value(i, value);
      line += (i > 0 ? "|" : "") + (has ? std::string(value) : "<null>");
    }
    lines.push_back(line);
  }
  take_rejects();
  return lines;
}

inline catalog::Format format_of(char delimiter, char quote, std::vector<std::string> fields,
                                 bool header = false) {
  catalog::Format format;
  format.delimiter = delimiter;
  format.quote = quote;
  format.fields = std::move(fields);
  format.has_header = header;
  return format;
}

}  // namespace reelhouse::test
