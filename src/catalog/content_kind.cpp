#include "catalog/content_kind.hpp"

#include <algorithm>
#include <array>

namespace reelhouse::catalog {
namespace {

using namespace std::string_view_literals;

struct Mark {
  size_t at;
  std::string_view bytes;
  std::string_view kind;
};

constexpr std::array kMarks = {
    Mark{0, "%PDF-"sv, "a PDF document"},
    Mark{0, "\x89PNG\r\n\x1a\n"sv, "a PNG image"},
    Mark{0, "\xff\xd8\xff"sv, "a JPEG image"},
    Mark{0, "GIF8"sv, "a GIF image"},
    Mark{0, "SQLite format 3\0"sv, "an SQLite database"},
    Mark{8, "DUCK"sv, "a DuckDB database"},
    Mark{0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"sv, "an old Office file (.xls, .doc)"},
    Mark{0, "7z\xbc\xaf\x27\x1c"sv, "a 7-Zip archive"},
    Mark{0, "Rar!\x1a\x07"sv, "a RAR archive"},
    Mark{0, "BZh"sv, "a file compressed with bzip2"},
    Mark{0,
         "\xfd"
         "7zXZ\0"sv,
         "a file compressed with xz"},
    Mark{0, "\x04\x22\x4d\x18"sv, "a file compressed with LZ4"},
    Mark{0, "\x1f\x8b"sv, "gzip within its compression"},
    Mark{0, "\x28\xb5\x2f\xfd"sv, "zstd within its compression"},
    Mark{0,
         "\x7f"
         "ELF"sv,
         "a program"},
    Mark{0, "ORC"sv, "an ORC file"},
    Mark{0, "Obj\x01"sv, "an Avro file"},
    Mark{0, "ARROW1"sv, "an Arrow file"},
    Mark{257, "ustar"sv, "a tar archive"},
    Mark{0, "<?xml"sv, "an XML document"},
    Mark{0, "<!DOCTYPE"sv, "a web page"},
    Mark{0, "<!doctype"sv, "a web page"},
    Mark{0, "<html"sv, "a web page"},
    Mark{0, "<HTML"sv, "a web page"},
};

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

size_t next_word(std::string_view text, size_t at) {
  while (at < text.size() && is_space(text[at])) ++at;
  return at;
}

}  // namespace

std::string_view foreign_kind(std::string_view head) {
  if (head.starts_with("PK\x03\x04") || head.starts_with("PK\x05\x06")) {
    const bool office = head.find("[Content_Types].xml") != std::string_view::npos;
    const bool sheet = office && head.find("xl/") != std::string_view::npos;
    return sheet ? "an Excel workbook" : office ? "an Office document" : "a ZIP archive";
  }
  for (const Mark& mark : kMarks) {
    if (head.size() < mark.at + mark.bytes.size()) continue;
    if (head.substr(mark.at, mark.bytes.size()) != mark.bytes) continue;
    // "BZh" and "ORC" are also how a text may begin.
    if (mark.bytes.size() <= 3 && mark.bytes.front() < 0x7f && mark.bytes.front() >= 'A' &&
        !looks_binary(head.substr(0, 4096)))
      continue;
    return mark.kind;
  }
  return {};
}

bool looks_binary(std::string_view text) {
  const auto is_control = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r' && byte != 0x01;
  };
  const auto count = static_cast<size_t>(std::count_if(text.begin(), text.end(), is_control));
  return count > 4 && count * 33 > text.size();
}

bool is_one_json_document(std::string_view text) {
  const size_t begin = next_word(text, 0);
  if (begin == text.size()) return false;
  const size_t second = next_word(text, begin + 1);
  const char next = second < text.size() ? text[second] : '\0';
  if (text[begin] == '[') {
    const bool digit = next >= '0' && next <= '9';
    const bool opens = next == '{' || next == '[' || next == '"' || next == ']' || next == '-' || digit;
    // A name in brackets is how some databases write a header: [id],[name]
    return opens || text.substr(begin + 1, second - begin - 1).find('\n') != std::string_view::npos;
  }
  return text[begin] == '{' && (next == '"' || next == '}' || next == '\0');
}

tl::unexpected<Error> not_understood(std::string_view what, const std::string& file_name) {
  return fail(ErrorKind::kDamaged, fmt::format("not CSV, TSV, JSON lines or Parquet: looks like {}", what),
              "Unpack or convert it, or exclude it from the crawl.", file_name);
}

}  // namespace reelhouse::catalog
