#include "base/csv.hpp"

#include <algorithm>
#include <array>

namespace reelhouse {
namespace {

bool begins_formula(std::string_view text) {
  constexpr std::array<std::string_view, 11> kBeginnings = {
      "=", "+", "-", "@", "\t", "\r", "\n", "\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d", "\xef\xbc\xa0"};
  return std::ranges::any_of(kBeginnings, [&](std::string_view begin) { return text.starts_with(begin); });
}

void append_quoted(std::string& out, std::string_view before, std::string_view text) {
  out += '"';
  out += before;
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

}  // namespace

void append_csv(std::string& out, std::string_view text) {
  if (!text.empty() && text.find_first_of("\",\r\n") == std::string_view::npos)
    out += text;
  else
    append_quoted(out, "", text);
}

void append_csv_for_people(std::string& out, std::string_view text) {
  if (begins_formula(text))
    append_quoted(out, "'", text);
  else if (text.find_first_of(";\t") != std::string_view::npos)
    append_quoted(out, "", text);  // what spreadsheets of other countries divide by
  else
    append_csv(out, text);
}

}  // namespace reelhouse
