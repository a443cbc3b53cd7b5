#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace reelhouse {

using Time = std::chrono::sys_time<std::chrono::milliseconds>;
using Date = std::chrono::year_month_day;

/// Tells the time; tests hand in a fake.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() const = 0;
};

/// The machine's clock.
class SystemClock final : public Clock {
 public:
  Time now() const override;
};

/// Renders UTC as `2026-07-19T06:12:00.123Z`.
std::string to_iso(Time time);
/// Reads what to_iso renders, with or without the milliseconds; nothing when it is anything else.
std::optional<Time> parse_iso(std::string_view text);
/// Renders a calendar day as `2026-07-19`.
std::string to_iso(Date date);
/// Reads `YYYY-MM-DD` strictly; false when it is no calendar day.
bool parse_date(std::string_view text, Date& date);

}  // namespace reelhouse
