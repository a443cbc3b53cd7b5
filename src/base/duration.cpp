#include "base/duration.hpp"

#include <charconv>

namespace reelhouse {
namespace {

constexpr int64_t kMost = int64_t{100} * 366 * 86'400;

int64_t seconds_of(char unit) {
  switch (unit) {
    case 's':
      return 1;
    case 'm':
      return 60;
    case 'h':
      return 3'600;
    case 'd':
      return 86'400;
    case 'w':
      return 7 * 86'400;
    default:
      return 0;
  }
}

}  // namespace

std::optional<std::chrono::seconds> read_duration(std::string_view text) {
  if (text.size() < 2 || text.front() < '0' || text.front() > '9') return std::nullopt;
  const int64_t unit = seconds_of(text.back());
  int64_t number = 0;
  const char* end = text.data() + text.size() - 1;
  const auto read = std::from_chars(text.data(), end, number);
  if (read.ec != std::errc() || read.ptr != end || unit == 0 || number < 0 || number > kMost / unit)
    return std::nullopt;
  return std::chrono::seconds(number * unit);
}

Result<std::chrono::seconds> duration_or(const Yaml& yaml, std::chrono::seconds otherwise,
                                         std::chrono::seconds least) {
  if (yaml.empty()) return otherwise;
  RH_ASSIGN(const std::string text, yaml.text());
  if (const auto duration = read_duration(text); duration && *duration >= least) return *duration;
  return fail(yaml.error(fmt::format("'{}' is no duration", text),
                         "Write a whole number and its unit: 90s, 30m, 2h, 7d or 2w."));
}

std::string duration_text(std::chrono::seconds duration) {
  const int64_t all = duration.count();
  const int64_t days = all / 86'400;
  const int64_t hours = all / 3'600 % 24;
  const int64_t minutes = all / 60 % 60;
  const auto two = [](int64_t first, const char* unit, int64_t second, const char* smaller) {
    return second == 0 ? fmt::format("{} {}", first, unit)
                       : fmt::format("{} {} {} {}", first, unit, second, smaller);
  };
  if (days > 0) return two(days, "d", hours, "h");
  if (hours > 0) return two(hours, "h", minutes, "min");
  if (minutes > 0) return fmt::format("{} min", minutes);
  return fmt::format("{} s", all);
}

std::string duration_code(std::chrono::seconds duration) {
  const int64_t all = duration.count();
  for (const char unit : {'d', 'h', 'm'})
    if (all >= seconds_of(unit) && all % seconds_of(unit) == 0)
      return fmt::format("{}{}", all / seconds_of(unit), unit);
  return fmt::format("{}s", all);
}

}  // namespace reelhouse
