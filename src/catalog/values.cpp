#include "catalog/values.hpp"

#include <array>
#include <chrono>
#include <optional>
#include <string>

#include "base/text.hpp"

namespace reelhouse::catalog {
namespace {

/// Walks over a value; `at` never passes its end.
struct Scanner {
  std::string_view text;
  size_t at = 0;

  bool done() const { return at == text.size(); }
  char peek() const { return at < text.size() ? text[at] : '\0'; }
  bool take(char c) {
    if (peek() != c || done()) return false;
    ++at;
    return true;
  }
  /// Reads up to `most` digits; returns how many and their value.
  size_t digits(size_t most, unsigned& value) {
    value = 0;
    const size_t begin = at;
    while (at < text.size() && at - begin < most && is_digit(text[at]))
      value = value * 10 + static_cast<unsigned>(text[at++] - '0');
    return at - begin;
  }
};

bool exists(unsigned year, unsigned month, unsigned day) {
  return (std::chrono::year(static_cast<int>(year)) / std::chrono::month(month) / std::chrono::day(day)).ok();
}

/// Reads "14:05", "14:05:09", "14:05:09.123", with "Z" or "+02:00" behind it.
bool is_clock(Scanner in) {
  unsigned hour = 0;
  unsigned minute = 0;
  unsigned second = 0;
  if (in.digits(2, hour) == 0 || hour > 24 || !in.take(':')) return false;
  if (in.digits(2, minute) != 2 || minute > 59) return false;
  if (in.take(':')) {
    if (in.digits(2, second) != 2 || second > 60) return false;
    if (in.take('.') && in.digits(9, second) == 0) return false;
  }
  if (in.take(' ') && in.done()) return false;
  if (in.take('Z') || in.take('z')) return in.done();
  if (in.take('+') || in.take('-')) {
    if (in.digits(2, hour) != 2 || hour > 18) return false;
    const bool colon = in.take(':');
    if (!in.done() && (in.digits(2, minute) != 2 || minute > 59)) return false;
    if (colon && in.text.back() == ':') return false;
  }
  return in.done();
}

ValueKind date_or_timestamp(std::string_view value) {
  Scanner in{value};
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  const size_t first = in.digits(4, a);
  const char separator = in.peek();
  if (separator != '-' && separator != '/' && separator != '.') return ValueKind::kText;
  if (first == 3 || !in.take(separator) || in.digits(2, b) == 0 || !in.take(separator))
    return ValueKind::kText;
  if (first == 4) {
    if (in.digits(2, c) == 0 || !exists(a, b, c)) return ValueKind::kText;
    if (in.done()) return ValueKind::kDate;
    if (in.take('T') || in.take(' ') || in.take('t'))
      return is_clock(in) ? ValueKind::kTimestamp : ValueKind::kText;
    return ValueKind::kText;
  }
  const size_t last = in.digits(4, c);
  if ((last != 2 && last != 4) || !in.done()) return ValueKind::kText;
  const unsigned year = last == 2 ? 2000 + c : c;
  return exists(year, b, a) || exists(year, a, b) ? ValueKind::kDate : ValueKind::kText;
}

/// Reads an integer or decimal number that begins with a digit, '-' or '.'.
ValueKind number(std::string_view value) {
  Scanner in{value};
  const bool negative = in.take('-');
  const size_t whole = in.at;
  while (is_digit(in.peek())) ++in.at;
  const size_t count = in.at - whole;
  if (count > 1 && value[whole] == '0') return ValueKind::kText;
  if (in.done()) {
    if (count == 0 || count > 19) return ValueKind::kText;
    const std::string_view limit = negative ? "9223372036854775808" : "9223372036854775807";
    if (count == 19 && value.substr(whole) > limit) return ValueKind::kText;
    return ValueKind::kInteger;
  }
  if (in.take('.')) {
    const size_t fraction = in.at;
    while (is_digit(in.peek())) ++in.at;
    if (in.at == fraction) return ValueKind::kText;
  } else if (count == 0) {
    return ValueKind::kText;
  }
  if (in.take('e') || in.take('E')) {
    if (!in.take('-')) in.take('+');
    const size_t exponent = in.at;
    while (is_digit(in.peek())) ++in.at;
    if (in.at == exponent || in.at - exponent > 3) return ValueKind::kText;
  }
  return in.done() ? ValueKind::kDecimal : ValueKind::kText;
}

/// True when the letters are those of `word`, in any case.
bool same_word(std::string_view text, std::string_view word) {
  if (text.size() != word.size()) return false;
  for (size_t i = 0; i < text.size(); ++i)
    if ((text[i] | 0x20) != word[i]) return false;
  return true;
}

bool is_boolean(std::string_view value) {
  switch (value.size()) {
    case 1:
      return same_word(value, "t") || same_word(value, "f");
    case 2:
      return same_word(value, "no");
    case 3:
      return same_word(value, "yes");
    case 4:
      return same_word(value, "true");
    case 5:
      return same_word(value, "false");
    default:
      return false;
  }
}

/// Reads "September 25, 2021" and "Sep 25, 2021".
bool is_written_date(std::string_view value) {
  static constexpr std::array<std::string_view, 12> kMonths = {
      "january", "february", "march",     "april",   "may",      "june",
      "july",    "august",   "september", "october", "november", "december"};
  if (value.size() < 11 || value.size() > 18 || !is_digit(value.back())) return false;
  const size_t space = value.find(' ');
  if (space == std::string_view::npos || space < 3) return false;
  const std::string_view word = value.substr(0, space);
  for (unsigned month = 0; month < 12; ++month) {
    if (!same_word(word, kMonths[month]) && !same_word(word, kMonths[month].substr(0, 3))) continue;
    Scanner in{value, space + 1};
    unsigned day = 0;
    unsigned year = 0;
    return in.digits(2, day) > 0 && in.take(',') && in.take(' ') && in.digits(4, year) == 4 && in.done() &&
           exists(year, month + 1, day);
  }
  return false;
}

/// What "D/M/Y" between '-', '/' or '.' proves, with or without a time behind it.
std::optional<Evidence> date_evidence(std::string_view value) {
  Scanner in{value};
  unsigned first = 0;
  unsigned second = 0;
  unsigned year = 0;
  if (in.digits(2, first) == 0) return std::nullopt;
  const char separator = in.peek();
  if ((separator != '-' && separator != '/' && separator != '.') || !in.take(separator)) return std::nullopt;
  if (in.digits(2, second) == 0 || !in.take(separator)) return std::nullopt;
  const size_t digits = in.digits(4, year);
  if ((digits != 2 && digits != 4) || (!in.done() && in.peek() != ' ' && in.peek() != 'T'))
    return std::nullopt;
  if (digits == 2) year += 2000;
  const bool day_first = exists(year, second, first);
  const bool month_first = exists(year, first, second);
  if (day_first && month_first) return first == second ? std::nullopt : std::optional(Evidence::kDayOrMonth);
  if (day_first) return Evidence::kDayFirst;
  return month_first ? std::optional(Evidence::kMonthFirst) : std::nullopt;
}

/// What a number with a decimal sign or with groups of three digits proves; `value` begins with a digit.
std::optional<Evidence> number_evidence(std::string_view value) {
  size_t commas = 0;
  size_t points = 0;
  size_t last = 0;
  bool groups = true;  // three digits follow every sign but the last
  for (size_t i = 0; i < value.size(); ++i) {
    if (is_digit(value[i])) continue;
    const auto byte = static_cast<unsigned char>(value[i]);
    if (byte == ' ' && !(is_digit(value[i - 1]) && is_digit(value[i + 1]))) return std::nullopt;
    if (byte == ' ' || byte == '\'' || byte >= 0x80) continue;  // other signs between groups
    if (byte != ',' && byte != '.') return std::nullopt;
    if (last != 0 ? i - last != 4 : i > 3) groups = false;
    (value[i] == ',' ? commas : points) += 1;
    last = i;
  }
  const size_t behind = value.size() - last - 1;
  if (last == 0 || behind == 0) return std::nullopt;
  const bool ends_in_comma = value[last] == ',';
  const size_t same = ends_in_comma ? commas : points;
  if (same > 1)  // a sign that stands twice is no decimal sign
    return groups && behind == 3 && commas * points == 0
               ? std::optional(ends_in_comma ? Evidence::kDecimalPoint : Evidence::kDecimalComma)
               : std::nullopt;
  if (commas + points > 1 && !groups) return std::nullopt;
  const bool may_be_groups = commas + points == 1 && behind == 3 && groups && value.front() != '0';
  if (ends_in_comma) return may_be_groups ? Evidence::kCommaOrGroups : Evidence::kDecimalComma;
  return may_be_groups ? std::nullopt : std::optional(Evidence::kDecimalPoint);
}

/// Takes signs of currency, of a negative number, and spaces off a number's ends.
std::string_view bare_number(std::string_view value) {
  const auto is_part = [](char c) { return is_digit(c); };
  while (!value.empty() && !is_part(value.front())) value.remove_prefix(1);
  while (!value.empty() && !is_part(value.back())) value.remove_suffix(1);
  return value;
}

}  // namespace

void note_evidence(FieldProfile& field, std::string_view value) {
  constexpr size_t kLongest = 40;
  if (value.size() > kLongest) return;
  const auto note = [&](Evidence what) { ++field.evidence[static_cast<size_t>(what)]; };
  value = trimmed(value, " \t");
  size_t digits = 0;
  while (digits < value.size() && is_digit(value[digits])) ++digits;
  if (digits == value.size()) {
    if (digits == 5 && value >= "20000" && value < "80000") note(Evidence::kDaySerial);
    return;
  }
  if (digits == 1 || digits == 2)
    if (const auto proved = date_evidence(value)) return note(*proved);
  if (const auto proved = number_evidence(bare_number(value))) note(*proved);
}

ValueKind classify(std::string_view value) {
  if (value.empty()) return ValueKind::kText;
  if (value.front() == ' ' || value.back() == ' ' || value.front() == '\t' || value.back() == '\t') {
    value = trimmed(value, " \t");
    if (value.empty()) return ValueKind::kText;
  }
  switch (value.front()) {
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9': {
      if (value.size() > 400) return ValueKind::kText;
      if (value.size() >= 6 && !is_digit(value.back()) && value.back() != 'Z' && value.back() != 'z')
        return ValueKind::kText;
      const ValueKind kind = number(value);
      return kind == ValueKind::kText && value.size() >= 6 ? date_or_timestamp(value) : kind;
    }
    case '-':
    case '.':
      return value.size() > 400 ? ValueKind::kText : number(value);
    case 't':
    case 'T':
    case 'y':
    case 'Y':
      return is_boolean(value) ? ValueKind::kBoolean : ValueKind::kText;
    case 'f':
    case 'F':
    case 'n':
    case 'N':
      if (is_boolean(value)) return ValueKind::kBoolean;
      return is_written_date(value) ? ValueKind::kDate : ValueKind::kText;
    case 'j':
    case 'J':
    case 'm':
    case 'M':
    case 'a':
    case 'A':
    case 's':
    case 'S':
    case 'o':
    case 'O':
    case 'd':
    case 'D':
      return is_written_date(value) ? ValueKind::kDate : ValueKind::kText;
    default:
      return ValueKind::kText;
  }
}

std::string FieldProfile::inferred_type() const {
  const auto count = [&](ValueKind kind) { return kinds[static_cast<size_t>(kind)]; };
  uint64_t all = 0;
  for (const uint64_t n : kinds) all += n;
  if (all == 0) return "VARCHAR";
  const uint64_t integers = count(ValueKind::kInteger);
  const uint64_t dates = count(ValueKind::kDate);
  if (integers == all) return "BIGINT";
  if (integers + count(ValueKind::kDecimal) == all) return "DOUBLE";
  if (count(ValueKind::kBoolean) == all) return "BOOLEAN";
  if (dates == all) return "DATE";
  if (dates + count(ValueKind::kTimestamp) == all) return "TIMESTAMP";
  return "VARCHAR";
}

void FieldProfile::add(const FieldProfile& other) {
  nulls += other.nulls;
  for (size_t i = 0; i < kinds.size(); ++i) kinds[i] += other.kinds[i];
  for (size_t i = 0; i < evidence.size(); ++i) evidence[i] += other.evidence[i];
  if (other.longest > longest) longest = other.longest;
  if (example.empty()) example = other.example;
}

}  // namespace reelhouse::catalog
