#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace reelhouse::catalog {

/// A declared pattern of names that says which part of them is the drop's day: "users_%Y%m%d.csv". Of the codes of
/// strftime it knows %Y (four digits), %m and %d (two each), and %% for a percent sign; `*` and `?` are as in globs.
/// Without %d a drop is the month's first day, without %m the year's.
class DropPattern {
 public:
  /// Errors: kProject (another code, one twice, no %Y, %d without %m); without a place.
  static Result<DropPattern> parse(std::string_view text);

  /// What a name says.
  struct Found {
    bool matches = false;
    std::optional<Date> day;  ///< nothing where the digits are no day
  };
  /// Looks at the name below the drop folder and at the file's own name, with and without a compression's suffix,
  /// upper and lower case alike, as glob_claims does.
  Found find(const std::string& name) const;
  const std::string& text() const { return text_; }

 private:
  enum class Kind { kLetter, kAny, kRun, kYear, kMonth, kDay };
  struct Part {
    Kind kind = Kind::kLetter;
    char letter = 0;  ///< of kLetter, small
  };
  /// The numbers that the codes stand for, where the rest of a name fits the parts from `part` on.
  struct Numbers {
    int year = 0;
    int month = 1;
    int day = 1;
  };
  bool fits(std::string_view name, size_t part, Numbers& numbers) const;

  std::string text_;
  std::vector<Part> parts_;
};

}  // namespace reelhouse::catalog
