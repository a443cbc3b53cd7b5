#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/progress.hpp"
#include "base/result.hpp"
#include "catalog/format.hpp"

namespace reelhouse::catalog {

/// Kinds of value that a text field can hold, from the narrowest; an inferred type is the narrowest
/// kind that holds every value of every row, so it cannot depend on their order.
enum class ValueKind { kInteger, kDecimal, kBoolean, kDate, kTimestamp, kText };
inline constexpr size_t kValueKinds = 6;

/// What a value proves of the convention that its column is written by.
enum class Evidence {
  kDayFirst,       ///< a date whose first part is above 12: "15/01/22"
  kMonthFirst,     ///< a date whose second part is above 12: "01/15/22"
  kDayOrMonth,     ///< a date that both orders can read, and differently: "05/09/21"
  kDecimalComma,   ///< "12,50", "1.234,50", "1.234.567"
  kDecimalPoint,   ///< "12.50", "1,234.50", "1,234,567"
  kCommaOrGroups,  ///< "9,990": nine thousand or not quite ten
  kDaySerial       ///< a whole number of five digits, as spreadsheets count days: "44576"
};
inline constexpr size_t kEvidences = 7;

/// Counts what one field of one object holds.
struct FieldProfile {
  uint64_t nulls = 0;                           ///< empty, or \N
  std::array<uint64_t, kValueKinds> kinds{};    ///< by ValueKind; integers are not counted as decimals
  uint64_t longest = 0;                         ///< bytes
  std::array<uint64_t, kEvidences> evidence{};  ///< by Evidence
  std::string example;                          ///< the first value that is not null, at most 80 bytes

  /// BIGINT, DOUBLE, BOOLEAN, DATE, TIMESTAMP, VARCHAR (also when there is no value).
  std::string inferred_type() const;
  uint64_t seen(Evidence what) const { return evidence[static_cast<size_t>(what)]; }
  void add(const FieldProfile& other);
};

/// A record that does not have the structure of its object and is therefore delivered to nobody.
struct StructuralReject {
  uint64_t line = 0;   ///< physical line of the record's first character, from 1 (the header is line 1)
  std::string column;  ///< empty when the record as a whole is wrong
  std::string reason;  ///< "has 11 fields, expected 12"
  std::string text;    ///< the record as it stands, made valid UTF-8, at most 2,000 bytes
};

/// Two fields that make one column name ("Revenue", "revenue").
struct DoubledField {
  size_t first = 0;
  size_t second = 0;
  uint64_t differing = 0;  ///< records in which they hold something else; all where that is not compared
};

/// Everything one full reading of an object tells. records = delivered + rejected.
struct ObjectProfile {
  Format format;
  uint64_t records = 0;
  uint64_t rejected = 0;
  std::vector<FieldProfile> fields;       ///< one for each of format.fields
  std::vector<DoubledField> doubled;      ///< of each column name the first field with every other
  std::vector<StructuralReject> rejects;  ///< the first 10,000; `rejected` counts them all
  std::string content_hash;               ///< of the object's bytes as stored (compressed)
  uint64_t uncompressed_bytes = 0;
};

/// Reads an object whole: finds its format (what `fixed` says wins), checks its compression's
/// checksums and its encoding, counts and classifies every value of every record. Uses up to
/// `threads` threads. `file_name` is the object's own name, for messages and as a weak hint only.
/// An object with a header and no record has records = 0; an object of zero bytes too, without fields.
/// Errors: kDamaged (cannot be decoded; nothing of it is used), kUnavailable, kInterrupted.
Result<ObjectProfile> profile_object(const std::filesystem::path& file, const std::string& file_name,
                                     const FormatOverride& fixed, int threads, Progress* progress);

/// Turns a field's name into a column's: snake_case, ASCII letters, digits and '_' ("User ID" ->
/// user_id, "primaryTitle" -> primary_title, "" -> column, "2nd" -> _2nd).
std::string column_name(const std::string& field);
/// The same for all fields of an object; a second "a" becomes a_2.
std::vector<DoubledField> doubled_fields(const std::vector<std::string>& fields);
std::vector<std::string> column_names(const std::vector<std::string>& fields);

}  // namespace reelhouse::catalog
