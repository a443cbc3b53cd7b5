// Fuzzes the parser of delimited records: on any bytes, in any dialect, it reads within its block, and
// comes to the same records and rejects wherever the reader ends a block.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/dialect.hpp"
#include "catalog/records.hpp"

namespace {

using namespace reelhouse::catalog;

Block block_of(std::string_view text, uint64_t number, char newline) {
  Block block;
  block.buffer.assign(text.begin(), text.end());
  if (block.buffer.empty() || block.buffer.back() != newline) block.buffer.push_back(newline);
  block.size = block.buffer.size();
  block.buffer.resize(block.size + 64);
  block.number = number;
  return block;
}

/// Adds every field and every reject of a block to `out`.
void read(const Block& block, const Format& format, std::vector<std::string>& out) {
  RejectLog log;
  DelimitedCursor cursor(format, log);
  cursor.start(block);
  size_t rejects = 0;
  const auto take_rejects = [&] {
    for (; rejects < log.kept.size(); ++rejects)
      out.push_back("reject: " + log.kept[rejects].column + log.kept[rejects].reason);
  };
  while (cursor.next()) {
    take_rejects();
    for (size_t i = 0; i < cursor.field_count(); ++i) {
      std::string_view value;
      out.emplace_back(cursor.value(i, value) ? value : "null");
    }
  }
  take_rejects();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  Format format;
  format.delimiter = ",;\t|"[data[0] % 4];
  format.quote = data[0] & 4 ? '"' : '\0';
  format.newline = data[0] & 8 ? '\r' : '\n';
  format.has_header = (data[0] & 16) != 0;
  format.escape = data[1] & 1 ? '\\' : '\0';
  format.preamble = data[1] & 2 ? 1 : 0;
  for (int i = data[0] >> 5; i >= 0; --i) format.fields.push_back(std::to_string(i));
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);

  std::vector<std::string> whole;
  read(block_of(text, 1, format.newline), format, whole);
  const size_t cut = last_record_end(text.substr(0, text.size() * data[1] / 255), format);
  if (cut > 0 && cut < text.size()) {
    std::vector<std::string> parts;
    read(block_of(text.substr(0, cut), 1, format.newline), format, parts);
    read(block_of(text.substr(cut), 1, format.newline), format, parts);
    if (parts != whole) std::abort();
  }
  std::vector<std::string> with_header;
  read(block_of(text, 0, format.newline), format, with_header);
  Format found;
  find_dialect(text, true, {}, found);
  return 0;
}
