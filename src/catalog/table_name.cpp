#include "catalog/table_name.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "catalog/layout.hpp"
#include "catalog/profile.hpp"

namespace reelhouse::catalog {
namespace {

bool all_digits(std::string_view token) {
  return !token.empty() && std::ranges::all_of(token, [](unsigned char c) { return std::isdigit(c); });
}

/// True for what numbers a part or a version: 3, 2023, part3, part1of3, p3, v2.
bool is_number_token(std::string_view token) {
  for (const std::string_view prefix : {"part", "chunk", "split", "p", "v", ""}) {
    if (!token.starts_with(prefix)) continue;
    const std::string_view rest = token.substr(prefix.size());
    const size_t of = rest.find("of");
    if (all_digits(rest) ||
        (of != std::string_view::npos && all_digits(rest.substr(0, of)) && all_digits(rest.substr(of + 2))))
      return true;
  }
  return false;
}

bool is_part_word(std::string_view token) {
  return token == "part" || token == "chunk" || token == "split" || token == "of";
}

std::string without_extension(std::string name) {
  static const std::vector<std::string> kKnown = {"csv",  "tsv",   "txt",    "tab",     "psv",   "dat",
                                                  "json", "jsonl", "ndjson", "parquet", "snappy"};
  name = without_compression_suffix(name);
  while (true) {
    const size_t dot = name.rfind('.');
    if (dot == std::string::npos || dot == 0) return name;
    if (std::ranges::find(kKnown, lower(name.substr(dot + 1))) == kKnown.end()) return name;
    name.resize(dot);
  }
}

std::vector<std::string> tokens_of(const std::string& text) {
  std::vector<std::string> tokens(1);
  if (std::ranges::none_of(text, [](unsigned char c) { return std::isalnum(c); })) return {};
  for (const char c : column_name(text)) {
    if (c != '_')
      tokens.back() += c;
    else if (!tokens.back().empty())
      tokens.emplace_back();
  }
  if (tokens.back().empty()) tokens.pop_back();
  return tokens;
}

/// Cuts dates and part numbers off both ends of a name, and all that follows a numbered "part".
std::string stem_of(const std::string& file) {
  auto tokens = tokens_of(without_extension(file));
  for (size_t i = 0; i + 1 < tokens.size(); ++i)
    if (is_part_word(tokens[i]) && is_number_token(tokens[i + 1])) tokens.resize(i);
  while (!tokens.empty() && (is_number_token(tokens.back()) || is_part_word(tokens.back())))
    tokens.pop_back();
  size_t first = 0;
  while (first < tokens.size() && all_digits(tokens[first])) ++first;
  tokens.erase(tokens.begin(), tokens.begin() + static_cast<long>(first));
  return tokens.empty() ? "" : column_name(fmt::format("{}", fmt::join(tokens, "_")));
}

}  // namespace

std::string table_stem(const std::string& name) {
  std::string path = name;
  while (!path.empty()) {
    const size_t slash = path.rfind('/');
    const std::string part = path.substr(slash == std::string::npos ? 0 : slash + 1);
    if (part.find('=') == std::string::npos)
      if (std::string stem = stem_of(part); !stem.empty()) return stem;
    path.resize(slash == std::string::npos ? 0 : slash);
  }
  return "";
}

}  // namespace reelhouse::catalog
