#include "catalog/drop_pattern.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "catalog/layout.hpp"

namespace reelhouse::catalog {
namespace {

constexpr const char* kCodes = "Write the day as %Y%m%d, %Y-%m-%d and the like: users_%Y%m%d.csv.";

Error wrong(std::string_view text, const std::string& why) {
  return {ErrorKind::kProject, fmt::format("the drop_pattern '{}' {}", text, why), kCodes, ""};
}

/// Reads `digits` digits; nothing where others stand there.
std::optional<int> number_at(std::string_view text, size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int number = 0;
  for (const char c : text.substr(0, digits)) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + (c - '0');
  }
  return number;
}

}  // namespace

Result<DropPattern> DropPattern::parse(std::string_view text) {
  DropPattern pattern;
  pattern.text_ = text;
  const std::string small = lower(std::string(text));
  const auto has = [&](Kind kind) {
    return std::ranges::find(pattern.parts_, kind, &Part::kind) != pattern.parts_.end();
  };
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      const Kind kind = text[i] == '*' ? Kind::kRun : text[i] == '?' ? Kind::kAny : Kind::kLetter;
      if (kind != Kind::kRun || pattern.parts_.empty() || pattern.parts_.back().kind != Kind::kRun)
        pattern.parts_.push_back({kind, small[i]});
      continue;
    }
    const char code = ++i < text.size() ? text[i] : '\0';
    if (code == '%') {
      pattern.parts_.push_back({Kind::kLetter, '%'});
      continue;
    }
    if (code != 'Y' && code != 'm' && code != 'd')
      return fail(wrong(text, code == '\0' ? "ends with a %" : fmt::format("has the code %{}", code)));
    const Kind kind = code == 'Y' ? Kind::kYear : code == 'm' ? Kind::kMonth : Kind::kDay;
    if (has(kind)) return fail(wrong(text, fmt::format("has %{} twice", code)));
    pattern.parts_.push_back({kind, 0});
  }
  if (!has(Kind::kYear)) return fail(wrong(text, "has no %Y"));
  if (has(Kind::kDay) && !has(Kind::kMonth)) return fail(wrong(text, "has %d and no %m"));
  return pattern;
}

bool DropPattern::fits(std::string_view name, size_t part, Numbers& numbers) const {
  for (; part < parts_.size(); ++part) {
    const Kind kind = parts_[part].kind;
    if (kind == Kind::kRun) {
      for (size_t skipped = 0; skipped <= name.size(); ++skipped)
        if (fits(name.substr(skipped), part + 1, numbers)) return true;
      return false;
    }
    if (name.empty()) return false;
    if (kind == Kind::kLetter && name.front() != parts_[part].letter) return false;
    if (kind == Kind::kLetter || kind == Kind::kAny) {
      name.remove_prefix(1);
      continue;
    }
    const size_t digits = kind == Kind::kYear ? 4 : 2;
    const auto number = number_at(name, digits);
    if (!number) return false;
    (kind == Kind::kYear ? numbers.year : kind == Kind::kMonth ? numbers.month : numbers.day) = *number;
    name.remove_prefix(digits);
  }
  return name.empty();
}

DropPattern::Found DropPattern::find(const std::string& name) const {
  Found found;
  for (const auto& spelling : spellings_of(name)) {
    Numbers numbers;
    if (!fits(lower(spelling), 0, numbers)) continue;
    found.matches = true;
    const Date day{std::chrono::year(numbers.year), std::chrono::month(static_cast<unsigned>(numbers.month)),
                   std::chrono::day(static_cast<unsigned>(numbers.day))};
    if (day.ok() && numbers.year >= 1000) found.day = day;
    if (found.day) return found;
  }
  return found;
}

}  // namespace reelhouse::catalog
