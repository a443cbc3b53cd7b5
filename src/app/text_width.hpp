#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace reelhouse::app {

/// Counts the terminal columns that UTF-8 text takes: wide letters two, combining marks none.
/// Expects text that `printable` made.
size_t display_width(std::string_view text);

/// Makes text safe to show on one line of a terminal: control characters become `\n`, `\t`, `\x1b`,
/// bytes that are not UTF-8 become U+FFFD.
std::string printable(std::string_view text);

/// Cuts text that is wider than `width` columns and ends it in '…'; never splits a letter from its
/// combining marks. Returns it whole when it fits or `width` is 0.
std::string cut_to_width(std::string_view text, size_t width);

/// Reads one code point at `at` and moves `at` behind it; U+FFFD for a byte that is not UTF-8, with
/// `valid` false.
char32_t next_code_point(std::string_view text, size_t& at, bool& valid);

}  // namespace reelhouse::app
