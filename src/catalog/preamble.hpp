#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace reelhouse::catalog {

/// Characters that divide fields, the likelier first.
inline constexpr std::string_view kDelimiters = ",;\t|\x01";

/// Lines before the header that are no records.
struct Preamble {
  uint64_t lines = 0;
  size_t size = 0;                ///< bytes of the sample, line ends included
  std::optional<char> delimiter;  ///< that they name
};

/// Finds a first line such as `sep=;`, by which spreadsheets are told the delimiter.
Preamble separator_line(std::string_view sample, char newline);

/// Finds leading lines that no delimiter divides: titles, dates, blank lines; none when the whole sample is
/// such. What begins with '#' is none of them: it may be a header or a record that was taken out.
Preamble title_lines(std::string_view sample, char newline);

}  // namespace reelhouse::catalog
