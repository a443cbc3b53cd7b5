#include "catalog/drawn_table.hpp"

#include <algorithm>
#include <array>

namespace reelhouse::test {
namespace {

/// Every piece can be written in Windows-1252 too.
constexpr std::array kPieces = {"a",   "Z",  "7", " ",  "word", "é",  "ü",  "€",   "’",   ",",
                                ";",   "\t", "|", "\"", "'",    "\n", "\\", "\\N", "1.5", "long words here",
                                "\"\""};

std::string draw_text(std::mt19937& random) {
  std::string text;
  for (unsigned pieces = random() % 6; pieces > 0; --pieces) text += kPieces[random() % kPieces.size()];
  return text;
}

uint32_t next_code(const std::string& text, size_t& at) {
  const auto first = static_cast<unsigned char>(text[at++]);
  if (first < 0x80) return first;
  const int more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;
  uint32_t code = first & (0x3FU >> more);
  for (int i = 0; i < more; ++i) code = code << 6 | (static_cast<unsigned char>(text[at++]) & 0x3FU);
  return code;
}

std::string encoded(const std::string& text, const Writing& writing) {
  std::string out;
  const auto put = [&](uint32_t byte) { out += static_cast<char>(static_cast<uint8_t>(byte)); };
  if (writing.encoding == catalog::Encoding::kUtf8) return (writing.mark ? "\xef\xbb\xbf" : "") + text;
  const bool big = writing.encoding == catalog::Encoding::kUtf16Be;
  if (writing.encoding != catalog::Encoding::kWindows1252 && writing.mark)
    out = big ? "\xfe\xff" : "\xff\xfe";
  for (size_t at = 0; at < text.size();) {
    const uint32_t code = next_code(text, at);
    if (writing.encoding == catalog::Encoding::kWindows1252) {
      put(code == 0x20AC ? 0x80 : code == 0x2019 ? 0x92 : code);
    } else {
      put(big ? code >> 8 : code & 0xFF);
      put(big ? code & 0xFF : code >> 8);
    }
  }
  return out;
}

}  // namespace

Writing Writing::draw(std::mt19937& random) {
  Writing writing;
  writing.delimiter = ",;\t|"[random() % 4];
  writing.line_end = std::array<const char*, 3>{"\n", "\r\n", "\r"}[random() % 3];
  writing.encoding = std::array{catalog::Encoding::kUtf8, catalog::Encoding::kUtf16Le,
                                catalog::Encoding::kUtf16Be, catalog::Encoding::kWindows1252}[random() % 4];
  writing.mark = random() % 2 == 0;
  writing.always_quote = random() % 3 == 0;
  writing.last_line_end = random() % 2 == 0;
  if (writing.delimiter == '\t' && random() % 2 == 0) writing.quote = '\0';
  return writing;
}

std::string Writing::describe() const {
  return fmt::format(
      "delimiter {:#04x}, quote {:#04x}, line end of {}, encoding {}, mark {}, always {}, last {}", delimiter,
      quote,
      line_end == "\n"   ? "LF"
      : line_end == "\r" ? "CR"
                         : "CRLF",
      static_cast<int>(encoding), mark, always_quote, last_line_end);
}

DrawnTable::DrawnTable(unsigned seed, size_t rows) {
  std::mt19937 random(seed);
  const size_t columns = random() % 7 + 2;
  for (size_t i = 0; i < columns; ++i)
    names_.push_back("Field " + std::string(1, static_cast<char>('A' + i)));
  names_.front() = "Row";
  rows_.resize(rows);
  for (size_t row = 0; row < rows; ++row) {
    rows_[row].emplace_back(std::to_string(row));
    for (size_t i = 1; i < columns; ++i)
      rows_[row].push_back(random() % 5 == 0 ? Cell() : Cell(draw_text(random)));
  }
}

std::string DrawnTable::written(const Writing& writing) {
  const std::string special =
      std::string(1, writing.delimiter) + "\r\n" + (writing.quote != '\0' ? "\"" : "");
  const auto cell_text = [&](Cell& cell) -> std::string {
    if (cell && writing.quote == '\0')
      cell->erase(std::remove_if(cell->begin(), cell->end(),
                                 [&](char c) { return special.find(c) != std::string::npos; }),
                  cell->end());
    if (cell && (cell->empty() || (writing.quote == '\0' && *cell == "\\N"))) cell.reset();
    if (!cell) return writing.quote == '\0' ? "\\N" : "";
    const bool needed =
        cell->find_first_of(special) != std::string::npos || *cell == "\\N" || cell->front() == '"';
    if (writing.quote == '\0' || (!needed && !writing.always_quote)) return *cell;
    std::string quoted = "\"";
    for (const char c : *cell) quoted += c == '"' ? "\"\"" : std::string(1, c);
    return quoted + "\"";
  };
  std::string text;
  for (size_t i = 0; i < names_.size(); ++i)
    text += (i > 0 ? std::string(1, writing.delimiter) : "") + names_[i];
  for (auto& row : rows_) {
    text += writing.line_end;
    for (size_t i = 0; i < row.size(); ++i)
      text += (i > 0 ? std::string(1, writing.delimiter) : "") + cell_text(row[i]);
  }
  if (writing.last_line_end) text += writing.line_end;
  return encoded(text, writing);
}

}  // namespace reelhouse::test
