#pragma once

#include <string>
#include <string_view>

namespace reelhouse {

/// What goes before a CSV for people, so that spreadsheets read it as UTF-8.
inline constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

/// Adds a field of a CSV by RFC 4180: in quotes where it must, and where it is empty but not null.
void append_csv(std::string& out, std::string_view text);

/// Adds a field of text as spreadsheets may open it: what they would compute or run (a first character = +
/// - @, their full-width forms, tab, CR, LF) gets an apostrophe before it and quotes around it, as OWASP
/// advises against CSV injection. Numbers go through append_csv, so that negative ones stay numbers.
void append_csv_for_people(std::string& out, std::string_view text);

}  // namespace reelhouse
