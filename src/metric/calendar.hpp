#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "metric/definition.hpp"

namespace reelhouse::metric {

/// A calendar day; no time zone ever touches it. Ordered.
using Day = std::chrono::sys_days;

/// Reads YYYY-MM-DD. Nothing when it is no date.
std::optional<Day> day_of(const std::string& text);
std::string text_of(Day date);

/// The first day of the period that a day lies in (weeks begin on Monday), and of the period after
/// `count` more (count may be negative).
Day start_of(Day date, Grain grain);
Day add_periods(Day start, Grain grain, int count);

/// Days from `first` to `last`, both included.
struct Span {
  Day first;
  Day last;
  bool operator==(const Span&) const = default;
};
Span span_of(Day date, Grain grain);

/// Reads one end of a range: "2022", "2022-03" or "2022-03-01"; the span it stands for.
/// Errors: kUsage.
Result<Span> parse_span(const std::string& text);

/// Moves a span to the one before it of the same length (whole months stay whole months), or a year back.
Span span_before(Span span);
Span span_a_year_before(Span span);

/// The periods that a view's fact holds.
struct Calendar {
  std::vector<Day> periods;        ///< of the view's finest grain, ascending, each once
  std::optional<Day> known_until;  ///< last day that the data covers

  bool finished(Day start, Grain grain) const;
  /// The first day of the first unfinished period, when the data holds one.
  std::optional<Day> unfinished_from(Grain grain) const;
  /// The last finished period that begins within the bounds, else the last one; nothing when there is none.
  std::optional<Day> closing(Grain grain, std::optional<Day> from, std::optional<Day> to) const;
};

}  // namespace reelhouse::metric
