#pragma once

#include <cstdint>
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
  char delimiter = ',';  ///< kDelimited only, as are the next six
  char quote = '"';      ///< '\0': quotes are ordinary characters. A quote inside is doubled.
  /// Takes the meaning from a quote, a delimiter or itself behind it (`\"`); '\0': there is none.
  char escape = '\0';
  char newline = '\n';    ///< ends a record (a '\r' before it is dropped); '\r' for files of old Macs
  uint64_t preamble = 0;  ///< lines before the header that are no records, such as `sep=;`
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
  std::optional<char> quote;   ///< '\0' for `quote: none`
  std::optional<char> escape;  ///< '\0' for `escape: none`
  std::optional<bool> has_header;
  std::optional<Encoding> encoding;
};

}  // namespace reelhouse::catalog
