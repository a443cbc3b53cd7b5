#include "catalog/header.hpp"

#include <algorithm>
#include <string>
#include <unordered_set>
#include <vector>

#include "catalog/records.hpp"
#include "catalog/values.hpp"

namespace reelhouse::catalog {
namespace {

constexpr size_t kRecordsLookedAt = 20'000;
constexpr size_t kLongestName = 200;

/// What stands below a name in the sample.
struct Below {
  uint64_t text = 0;
  uint64_t other = 0;
  bool has_name_itself = false;

  bool differs() const { return other > 0 && text * 9 <= other; }
};

std::vector<std::string> fields_of(DelimitedCursor& cursor) {
  std::vector<std::string> fields;
  for (size_t i = 0; i < cursor.field_count(); ++i) {
    std::string_view value;
    fields.emplace_back(cursor.value(i, value) ? shown(value, value.size() * 3) : "");
  }
  return fields;
}

bool can_be_name(const std::string& text) {
  const ValueKind kind = classify(text);
  return text.size() <= kLongestName && (kind == ValueKind::kText || kind == ValueKind::kBoolean);
}

bool is_header(const std::vector<std::string>& names, const std::vector<Below>& below) {
  std::unordered_set<std::string> distinct;
  size_t empty = 0;
  bool differs = false;
  bool occurs = false;
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty()) {
      ++empty;
      continue;
    }
    if (!can_be_name(names[i])) return false;
    distinct.insert(names[i]);
    differs |= below[i].differs();
    occurs |= below[i].has_name_itself;
  }
  if (distinct.empty()) return false;
  if (differs) return true;
  return empty == 0 && distinct.size() == names.size() && !occurs;
}

/// The first record of a sample, and what stands below each of its fields.
struct FirstRecord {
  std::vector<std::string> names;
  std::vector<Below> below;
};

FirstRecord first_record(const Block& sample, const Format& format) {
  RejectLog log;
  log.keep = false;
  DelimitedCursor cursor(format, log, DelimitedCursor::Judging::kQuotesOnly);
  cursor.start(sample);
  FirstRecord first;
  if (!cursor.next()) return first;
  first.names = fields_of(cursor);
  first.below.resize(first.names.size());
  for (size_t records = 0; records < kRecordsLookedAt && cursor.next(); ++records) {
    for (size_t i = 0; i < first.names.size() && i < cursor.field_count(); ++i) {
      std::string_view value;
      if (!cursor.value(i, value)) continue;
      Below& below = first.below[i];
      const ValueKind kind = classify(value);
      ++(kind == ValueKind::kText || kind == ValueKind::kBoolean ? below.text : below.other);
      below.has_name_itself |= value == first.names[i];
    }
  }
  return first;
}

}  // namespace

bool names_columns_of_other_kinds(const Block& sample, const Format& format) {
  const FirstRecord first = first_record(sample, format);
  const std::unordered_set<std::string> distinct(first.names.begin(), first.names.end());
  return distinct.size() == first.names.size() && !distinct.contains("") &&
         std::ranges::all_of(first.names, can_be_name) && std::ranges::any_of(first.below, &Below::differs);
}

void find_header(const Block& sample, size_t usual_fields, std::optional<bool> fixed, Format& format) {
  FirstRecord first = first_record(sample, format);
  format.fields.clear();
  format.has_header = !first.names.empty() && fixed.value_or(is_header(first.names, first.below));
  if (format.has_header) format.fields = std::move(first.names);
  if (format.has_header) return;
  for (size_t i = 0; i < usual_fields; ++i) format.fields.push_back("column_" + std::to_string(i + 1));
}

}  // namespace reelhouse::catalog
