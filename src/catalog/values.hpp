#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "catalog/profile.hpp"

namespace reelhouse::catalog {

/// Tells the narrowest kind that holds a value, by looking at it once; spaces around it do not count.
///
/// Integers fit 64 bits and have no leading zero or '+': 007 and +49 are names, not numbers. Dates are
/// YYYY-MM-DD, day and month in either order with a year of 2 or 4 digits (between '-', '/' or '.'),
/// or "Month D, YYYY", and exist in a calendar in one of these readings. Timestamps are ISO 8601.
/// Booleans are true, false, t, f, yes, no in any case.
ValueKind classify(std::string_view value);

/// True for 0 to 9, whatever the locale.
inline bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// False for bytes with which only text can begin, which most text does.
inline bool may_begin_non_text(char first) {
  static constexpr auto kTable = [] {
    std::array<bool, 256> table{};
    for (const char c : std::string_view("0123456789-. \ttTyYfFnNjJmMaAsSoOdD"))
      table[static_cast<unsigned char>(c)] = true;
    return table;
  }();
  return kTable[static_cast<unsigned char>(first)];
}

/// True for values of which note_evidence may learn something: they begin with a figure, a sign or, in UTF-8, one
/// of the bytes that signs of currency begin with, or are a code and a figure (EUR 12,50). A whole number is
/// interesting as a count of days only.
inline bool may_prove(std::string_view value, ValueKind kind) {
  if (value.size() < 4) return false;
  const auto byte = static_cast<unsigned char>(value.front());
  if (kind == ValueKind::kInteger) return value.size() == 5 || byte <= ' ' || value.back() <= ' ';
  if (is_digit(value.front()) || byte == '-' || byte == '$' || byte == ' ') return true;
  if (byte == 0xC2 || byte == 0xE2 || byte == 0xEF) return true;
  return byte >= 'A' && byte <= 'Z' && is_digit(value.back());
}

/// Notes what a value proves of its column's convention.
void note_evidence(FieldProfile& field, std::string_view value);

/// Adds a value that is not null (so not empty) to a field's counts.
inline void count_value(FieldProfile& field, std::string_view value) {
  const ValueKind kind = may_begin_non_text(value.front()) ? classify(value) : ValueKind::kText;
  ++field.kinds[static_cast<size_t>(kind)];
  if (may_prove(value, kind)) note_evidence(field, value);
  if (value.size() > field.longest) field.longest = value.size();
}

}  // namespace reelhouse::catalog
