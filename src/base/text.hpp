#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace reelhouse {

/// Puts the letters A-Z into lower case; every other byte stays as it is.
std::string lower(std::string_view text);
/// Puts the letters a-z into upper case; every other byte stays as it is.
std::string upper(std::string_view text);

/// Cuts `blanks` off both ends; a part of `text`, which has to outlive it.
std::string_view trimmed(std::string_view text, std::string_view blanks = " \t\r");

/// Puts text of several lines on one: a line break becomes one space with the blanks around it, a tab
/// becomes a space, and nothing blank is left at the ends. Other blanks stay, since names may hold them.
std::string one_line(std::string_view text);

/// Returns text that every reader of JSON takes: what is no UTF-8 becomes U+FFFD.
std::string valid_utf8(std::string_view text);

/// Renders 8807 as "8,807".
std::string grouped(uint64_t number);

/// Renders "1 model", "2 models".
std::string counted(uint64_t count, std::string_view what);

}  // namespace reelhouse
