#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "lake/byte_stream.hpp"

namespace reelhouse::catalog {

enum class FormatKind { kDelimited, kJsonLines, kParquet };
enum class Encoding { kUtf8, kUtf16Le, kUtf16Be, kWindows1252 };

/// How the bytes of an object become records of named fields; found by looking at the content.
struct Format {
  FormatKind kind = FormatKind::kDelimited;
  lake::Compression compression = lake::Compression::kNone;
  Encoding encoding = Encoding::kUtf8;
  char delimiter = ',';  ///< kDelimited only, as are the next four
  char quote = '"';      ///< '\0': quotes are ordinary characters. A quote inside is doubled.
  char newline = '\n';   ///< ends a record (a '\r' before it is dropped); '\r' for files of old Macs
  bool has_header = true;
  /// Field names as the object spells them, in its order; column_1, column_2, ... without a header.
  std::vector<std::string> fields;
};

/// "CSV, UTF-16LE, gzip, ';'" for the table of `reelhouse catalog`.
std::string describe(const Format& format);
Json to_json(const Format& format);
Format format_from_json(const Json& json);

/// What a source's YAML fixes instead of leaving it to the content.
struct FormatOverride {
  std::optional<char> delimiter;
  std::optional<char> quote;  ///< '\0' for `quote: none`
  std::optional<bool> has_header;
  std::optional<Encoding> encoding;
};

}  // namespace reelhouse::catalog
