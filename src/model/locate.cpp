#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <optional>

#include "base/near_miss.hpp"
#include "model/graph.hpp"

namespace reelhouse::model {
namespace {

size_t line_at(const std::string& text, size_t offset) {
  const auto end = text.begin() + static_cast<long>(std::min(offset, text.size()));
  return 1 + static_cast<size_t>(std::count(text.begin(), end, '\n'));
}

/// Returns the texts between double quotes.
std::vector<std::string> quoted_names(const std::string& text) {
  std::vector<std::string> names;
  size_t at = text.find('"');
  while (at != std::string::npos) {
    const size_t end = text.find('"', at + 1);
    if (end == std::string::npos) break;
    names.push_back(text.substr(at + 1, end - at - 1));
    at = text.find('"', end + 1);
  }
  return names;
}

/// Finds a name as a whole word, the case of its letters aside.
size_t find_word(const std::string& text, const std::string& name) {
  const auto is_word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  const auto same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
  };
  auto from = text.begin();
  while (!name.empty()) {
    const auto found = std::search(from, text.end(), name.begin(), name.end(), same);
    if (found == text.end()) break;
    const auto behind = found + static_cast<long>(name.size());
    if ((found == text.begin() || !is_word(*(found - 1))) && (behind == text.end() || !is_word(*behind)))
      return static_cast<size_t>(found - text.begin());
    from = found + 1;
  }
  return std::string::npos;
}

/// Takes the engine's name for the kind of error off: a person needs only what is wrong.
void drop_prefix(std::string& message) {
  for (const char* prefix : {"Binder Error: ", "Catalog Error: ", "Parser Error: ", "Permission Error: ",
                             "Conversion Error: ", "Invalid Input Error: "})
    if (message.starts_with(prefix)) message.erase(0, std::char_traits<char>::length(prefix));
}

/// Splits "message\nMark rest" and returns the rest.
std::optional<std::string> cut_behind(std::string& message, const std::string& mark) {
  const size_t found = message.find(mark);
  if (found == std::string::npos) return std::nullopt;
  std::string rest = message.substr(found + mark.size());
  message.erase(found);
  return rest;
}

/// The engine lists names that may be meant, near ones or not: ask "did you mean" only for a near one.
std::string hint_from_candidates(const std::string& message, const std::string& candidates) {
  const auto names = quoted_names(candidates);
  const auto missing = quoted_names(message);
  const auto near = missing.empty() ? std::nullopt : near_miss(missing.back(), names);
  if (near) return "Did you mean " + *near + "?";
  return names.empty() ? "" : fmt::format("Candidates: {}.", fmt::join(names, ", "));
}

void move_hint(Error& error) {
  std::string& message = error.message;
  if (const auto candidates = cut_behind(message, "\nCandidate bindings: ")) {
    error.hint = hint_from_candidates(message, *candidates);
  } else if (const auto entries = cut_behind(message, "\nCandidate Entries: ")) {
    error.hint = hint_from_candidates(message, *entries);
  } else if (const auto meant = cut_behind(message, "\nDid you mean ")) {
    const auto names = quoted_names(*meant);
    error.hint = names.empty() ? "Did you mean " + *meant : "Did you mean " + names.front() + "?";
  } else if (cut_behind(message, "\n\tCandidate functions:")) {
    if (const auto advice = cut_behind(message, " You might need to"))
      error.hint = "Cast its arguments to types that the function takes, or check their number.";
  } else if (const auto macros = cut_behind(message, "\nCandidate macros:")) {
    cut_behind(message, " You might need to");
    std::string usage = *macros;
    std::erase_if(usage, [](char c) { return c == '\n' || c == '\t'; });
    error.hint = "It is used as " + usage + ".";
  } else if (const auto advice = cut_behind(message, "\nEither add")) {
    error.hint = "Either add" + *advice;
  }
}

}  // namespace

Error locate(const Error& error, const std::string& text, const std::string& file, size_t first_line) {
  if (error.kind != ErrorKind::kQuery) return error;
  Error located = error;
  located.kind = ErrorKind::kProject;
  std::optional<size_t> line;
  if (const auto rest = cut_behind(located.message, "\nLINE "))
    line = std::strtoul(rest->c_str(), nullptr, 10);
  if (!line && !error.where.empty()) line = line_at(text, std::strtoul(error.where.c_str(), nullptr, 10));
  drop_prefix(located.message);
  move_hint(located);
  while (located.message.ends_with('\n')) located.message.pop_back();
  if (!line) {
    const auto names = quoted_names(located.message);
    const size_t offset = names.empty() ? std::string::npos : find_word(text, names.front());
    line = offset == std::string::npos ? 1 : line_at(text, offset);
  }
  located.where = fmt::format("{}:{}", file, first_line + *line - 1);
  return located;
}

}  // namespace reelhouse::model
