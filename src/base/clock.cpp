#include "base/clock.hpp"

#include <fmt/format.h>

#include <charconv>
#include <tuple>

namespace reelhouse {

Time SystemClock::now() const {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

std::string to_iso(Date date) {
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

std::string to_iso(Time time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::hh_mm_ss clock(time - day);
  return fmt::format("{}T{:02}:{:02}:{:02}.{:03}Z", to_iso(Date(day)), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

std::optional<Time> parse_iso(std::string_view text) {
  Date date;
  const bool is_short = text.size() == 20;
  if ((!is_short && text.size() != 24) || text[10] != 'T' || text[13] != ':' || text[16] != ':' ||
      text.back() != 'Z' || (!is_short && text[19] != '.') || !parse_date(text.substr(0, 10), date))
    return std::nullopt;
  int parts[4] = {};
  for (const auto& [part, at, size] : {std::tuple(0, 11, 2), {1, 14, 2}, {2, 17, 2}, {3, 20, 3}}) {
    if (part == 3 && is_short) continue;
    const char* begin = text.data() + at;
    if (*begin == '-' || std::from_chars(begin, begin + size, parts[part]).ptr != begin + size)
      return std::nullopt;
  }
  if (parts[0] > 23 || parts[1] > 59 || parts[2] > 59) return std::nullopt;
  return Time(std::chrono::sys_days(date)) + std::chrono::hours(parts[0]) + std::chrono::minutes(parts[1]) +
         std::chrono::seconds(parts[2]) + std::chrono::milliseconds(parts[3]);
}

bool parse_date(std::string_view text, Date& date) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  const auto number = [](std::string_view digits, auto& value) {
    const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return code == std::errc() && end == digits.data() + digits.size() && digits.front() != '-';
  };
  if (!number(text.substr(0, 4), year) || !number(text.substr(5, 2), month) ||
      !number(text.substr(8, 2), day))
    return false;
  date = std::chrono::year{year} / std::chrono::month{month} / std::chrono::day{day};
  return date.ok();
}

}  // namespace reelhouse
