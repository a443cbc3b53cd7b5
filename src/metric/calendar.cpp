#include "metric/calendar.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace reelhouse::metric {
namespace {

using std::chrono::day;
using std::chrono::days;
using std::chrono::month;
using std::chrono::months;
using std::chrono::year;
using std::chrono::year_month_day;

std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Moves by whole months; a day that the month lacks becomes its last.
Day add_months(Day from, int count) {
  const year_month_day date(from);
  const auto moved = date.year() / date.month() + months(count);
  const year_month_day same = moved / date.day();
  return same.ok() ? Day(same) : Day(moved / std::chrono::last);
}

bool is_month_start(Day date) {
  return year_month_day(date).day() == day(1);
}

}  // namespace

std::optional<Day> day_of(const std::string& text) {
  if (text.size() < 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto y = number(std::string_view(text).substr(0, 4));
  const auto m = number(std::string_view(text).substr(5, 2));
  const auto d = number(std::string_view(text).substr(8, 2));
  if (!y || !m || !d) return std::nullopt;
  const year_month_day date(year(*y), month(static_cast<unsigned>(*m)), day(static_cast<unsigned>(*d)));
  if (!date.ok() || (text.size() > 10 && text[10] != ' ' && text[10] != 'T')) return std::nullopt;
  return Day(date);
}

std::string text_of(Day date) {
  const year_month_day parts(date);
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(parts.year()),
                     static_cast<unsigned>(parts.month()), static_cast<unsigned>(parts.day()));
}

Day start_of(Day date, Grain grain) {
  const year_month_day parts(date);
  switch (grain) {
    case Grain::kDay:
      return date;
    case Grain::kWeek:
      return date - days(std::chrono::weekday(date).iso_encoding() - 1);
    case Grain::kMonth:
      return parts.year() / parts.month() / 1;
    case Grain::kQuarter:
      return parts.year() / month((static_cast<unsigned>(parts.month()) - 1) / 3 * 3 + 1) / 1;
    case Grain::kYear:
      return parts.year() / 1 / 1;
  }
  return date;
}

Day add_periods(Day start, Grain grain, int count) {
  switch (grain) {
    case Grain::kDay:
      return start + days(count);
    case Grain::kWeek:
      return start + days(7 * count);
    case Grain::kMonth:
      return add_months(start, count);
    case Grain::kQuarter:
      return add_months(start, 3 * count);
    case Grain::kYear:
      return add_months(start, 12 * count);
  }
  return start;
}

Span span_of(Day date, Grain grain) {
  const Day first = start_of(date, grain);
  return {first, add_periods(first, grain, 1) - days(1)};
}

Result<Span> parse_span(const std::string& text) {
  if (const auto date = day_of(text); date && text.size() == 10) return Span{*date, *date};
  if (text.size() == 7)
    if (const auto date = day_of(text + "-01")) return span_of(*date, Grain::kMonth);
  if (text.size() == 4)
    if (const auto date = day_of(text + "-01-01")) return span_of(*date, Grain::kYear);
  return fail(ErrorKind::kUsage, fmt::format("'{}' is not a date", text),
              "Write a year, a month or a day: 2022, 2022-03, 2022-03-31.");
}

Span span_before(Span span) {
  const Day after = span.last + days(1);
  if (is_month_start(span.first) && is_month_start(after)) {
    const year_month_day a(span.first);
    const year_month_day b(after);
    const int count = (static_cast<int>(b.year()) - static_cast<int>(a.year())) * 12 +
                      static_cast<int>(static_cast<unsigned>(b.month())) -
                      static_cast<int>(static_cast<unsigned>(a.month()));
    return {add_months(span.first, -count), span.first - days(1)};
  }
  return {span.first - (after - span.first), span.first - days(1)};
}

Span span_a_year_before(Span span) {
  const Day after = add_months(span.last + days(1), -12);
  return {add_months(span.first, -12), after - days(1)};
}

bool Calendar::finished(Day start, Grain grain) const {
  return !known_until || span_of(start, grain).last <= *known_until;
}

std::optional<Day> Calendar::unfinished_from(Grain grain) const {
  for (const Day date : periods)
    if (!finished(date, grain)) return start_of(date, grain);
  return std::nullopt;
}

std::optional<Day> Calendar::closing(Grain grain, std::optional<Day> from, std::optional<Day> to) const {
  std::optional<Day> any;
  for (auto date = periods.rbegin(); date != periods.rend(); ++date) {
    if ((from && *date < *from) || (to && *date > *to)) continue;
    if (!any) any = start_of(*date, grain);
    if (finished(*date, grain)) return start_of(*date, grain);
  }
  return any;
}

}  // namespace reelhouse::metric
