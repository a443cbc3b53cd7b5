#pragma once

#include <time.h>

#include <array>
#include <cstdlib>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "base/clock.hpp"

namespace reelhouse::workflow {

/// Reads cron its own way, for comparison: walks every minute of elapsed time, asks the C library what a wall
/// clock shows (asked every 15 minutes of the clock's offset, at whose multiples clocks have changed since
/// 1972), and compares that to the fields of the expression as text. Not thread-safe: it sets TZ.
class WallClockOracle {
 public:
  /// Whole days of UTC, [first, last).
  WallClockOracle(std::chrono::sys_days first, std::chrono::sys_days last) : first_(first), last_(last) {}

  std::vector<Time> firings(const std::string& expression, const std::string& zone) {
    const auto& shown = shown_by(zone);
    std::array<std::vector<bool>, 5> sets;
    std::istringstream words(expression);
    std::array<std::string, 5> fields;
    constexpr std::array<int, 5> kFirst = {0, 0, 1, 1, 0};
    constexpr std::array<int, 5> kLast = {59, 23, 31, 12, 7};
    for (size_t at = 0; at < 5; ++at) {
      words >> fields[at];
      for (int value = 0; value <= kLast[at]; ++value)
        sets[at].push_back(value >= kFirst[at] && holds(fields[at], value, kFirst[at], kLast[at]));
    }
    if (sets[4][7]) sets[4][0] = true;
    const bool either = fields[2][0] != '*' && fields[4][0] != '*';
    const auto matches = [&](int64_t minute) {
      const auto day = minute / 1440;
      const auto of_day = static_cast<size_t>(minute % 1440);
      if (!sets[0][of_day % 60] || !sets[1][of_day / 60]) return false;
      const std::chrono::sys_days date{std::chrono::days(day)};
      const std::chrono::year_month_day calendar(date);
      if (!sets[3][static_cast<unsigned>(calendar.month())]) return false;
      const bool month_day = sets[2][static_cast<unsigned>(calendar.day())];
      const bool week_day = sets[4][std::chrono::weekday(date).c_encoding()];
      return either ? month_day || week_day : month_day && week_day;
    };
    return fields[0][0] == '*' || fields[1][0] == '*' ? as_shown(shown, matches) : as_named(shown, matches);
  }

 private:
  static constexpr int kBlock = 30;       ///< minutes in which a clock does not change twice
  static constexpr int kLead = 3 * 1440;  ///< minutes before the first, for what clocks showed before

  /// Tells whether a field as text names a number.
  static bool holds(const std::string& field, int value, int first, int last) {
    std::istringstream items(field);
    for (std::string item; std::getline(items, item, ',');) {
      int step = 1;
      if (const auto slash = item.find('/'); slash != std::string::npos) {
        step = std::stoi(item.substr(slash + 1));
        item = item.substr(0, slash);
      }
      int from = first;
      int to = last;
      if (item != "*") {
        from = to = std::stoi(item);
        if (const auto dash = item.find('-'); dash != std::string::npos)
          to = std::stoi(item.substr(dash + 1));
      }
      if (value >= from && value <= to && (value - from) % step == 0) return true;
    }
    return false;
  }

  static int64_t offset_at(int64_t minute) {
    const time_t seconds = minute * 60;
    tm local{};
    ::localtime_r(&seconds, &local);
    return local.tm_gmtoff / 60;
  }

  /// The minutes that a wall clock shows, counted from 1970, for each minute of elapsed time.
  const std::vector<int64_t>& shown_by(const std::string& zone) {
    auto& shown = shown_[zone];
    if (!shown.empty()) return shown;
    ::setenv("TZ", (":" + zone).c_str(), 1);
    ::tzset();
    const int64_t begin = minute_of(first_) - kLead;
    for (int64_t minute = begin; minute < minute_of(last_); minute += kBlock) {
      const int64_t offset = offset_at(minute);
      const bool steady = offset == offset_at(minute + kBlock);
      for (int64_t at = minute; at < minute + kBlock; ++at)
        shown.push_back(at + (steady ? offset : offset_at(at)));
    }
    return shown;
  }

  template <typename Matches>
  std::vector<Time> as_shown(const std::vector<int64_t>& shown, const Matches& matches) const {
    std::vector<Time> fired;
    for (size_t at = kLead; at < shown.size(); ++at)
      if (matches(shown[at])) fired.push_back(instant(at));
    return fired;
  }

  /// Whatever the clock has newly passed, by running or by jumping, fires once.
  template <typename Matches>
  std::vector<Time> as_named(const std::vector<int64_t>& shown, const Matches& matches) const {
    std::vector<Time> fired;
    int64_t highest = shown[0];
    for (size_t at = 1; at < shown.size(); ++at) {
      bool any = false;
      for (; highest < shown[at]; ++highest) any = any || matches(highest + 1);
      if (any && at >= kLead) fired.push_back(instant(at));
    }
    return fired;
  }

  static int64_t minute_of(std::chrono::sys_days day) { return day.time_since_epoch().count() * 1440; }
  Time instant(size_t at) const { return first_ + std::chrono::minutes(static_cast<int64_t>(at) - kLead); }

  std::chrono::sys_days first_;
  std::chrono::sys_days last_;
  std::map<std::string, std::vector<int64_t>> shown_;
};

}  // namespace reelhouse::workflow
