#include "catalog/partition.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.hpp"

namespace reelhouse::catalog {
namespace {

constexpr std::array<std::string_view, 3> kDayKeys = {"dt", "ds", "date"};

std::optional<int> number_in(std::string_view text) {
  int number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string percent_decoded(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    unsigned char letter = 0;
    const bool is_escape =
        text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 3, letter, 16).ptr == text.data() + i + 3;
    decoded += is_escape ? static_cast<char>(letter) : text[i];
    if (is_escape) i += 2;
  }
  return decoded;
}

/// Reads 2026-11-22, 20261122, or either with a midnight behind it.
std::optional<lake::DropName> day_in(std::string text) {
  for (const std::string_view midnight : {" 00:00:00", "T00:00:00", "T00:00:00Z", " 00:00:00.0"})
    if (text.size() > midnight.size() && text.ends_with(midnight)) {
      text.resize(text.size() - midnight.size());
      break;
    }
  if (text.size() == 8 && number_in(text))
    text = text.substr(0, 4) + "-" + text.substr(4, 2) + "-" + text.substr(6);
  return text.size() == 10 ? lake::parse_drop(text) : std::nullopt;
}

}  // namespace

std::optional<Partition> read_partition(std::string_view folder) {
  const size_t sign = folder.find('=');
  if (sign == 0 || sign == std::string_view::npos) return std::nullopt;
  return Partition{lower(std::string(folder.substr(0, sign))), percent_decoded(folder.substr(sign + 1))};
}

void PathDay::whole(std::optional<lake::DropName> day, std::string_view folder) {
  if (tried_)
    problem_ = "it stands in a drop folder within a drop folder; move it up";
  else if (!day)
    problem_ = fmt::format("its folder '{}' does not name a day; rename it to drop=YYYY-MM-DD", folder);
  whole_ = day;
  tried_ = true;
}

bool PathDay::take(const Partition& partition, std::string_view folder) {
  const auto& [key, value] = partition;
  if (key == "drop") {
    whole(lake::parse_drop(value), folder);
    return true;
  }
  const auto number = number_in(value);
  const bool is_part =
      number && *number >= 0 && (key == "year" || key == "month" || (key == "day" && *number < 100));
  if (is_part) {
    auto& part = key == "year" ? year_ : key == "month" ? month_ : day_;
    if (part || whole_)
      problem_ = fmt::format("its folder '{}' names a part of a day that another has named", folder);
    part = number;
    tried_ = true;
    return true;
  }
  if (key != "day" && std::ranges::find(kDayKeys, key) == kDayKeys.end()) return false;
  whole(day_in(value), folder);
  return true;
}

lake::DropName PathDay::drop(std::string& problem) const {
  problem = problem_;
  if (!problem.empty() || whole_) return whole_.value_or(lake::DropName{});
  const Date day{std::chrono::year(year_.value_or(0)),
                 std::chrono::month(static_cast<unsigned>(month_.value_or(1))),
                 std::chrono::day(static_cast<unsigned>(day_.value_or(1)))};
  if (!year_ || *year_ < 1000 || *year_ > 9999 || (day_ && !month_) || !day.ok()) {
    problem = fmt::format(
        "its folders name no day (year {}, month {}, day {}); they are read as year=2026/month=11/day=22",
        year_ ? std::to_string(*year_) : "-", month_ ? std::to_string(*month_) : "-",
        day_ ? std::to_string(*day_) : "-");
    return {};
  }
  return {day, 1};
}

}  // namespace reelhouse::catalog
