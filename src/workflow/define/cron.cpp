#include "workflow/define/cron.hpp"

#include <cctz/civil_time.h>
#include <cctz/time_zone.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <vector>

#include "base/near_miss.hpp"
#include "base/text.hpp"

namespace reelhouse::workflow {

struct Zone::Data {
  std::string name;
  cctz::time_zone zone;
};

namespace {

using Instant = cctz::time_point<cctz::seconds>;

constexpr int kYears = 100;

std::filesystem::path database_folder() {
  const char* folder = std::getenv("TZDIR");
  return folder != nullptr && *folder != '\0' ? folder : "/usr/share/zoneinfo";
}

/// The database also holds every zone once more with leap seconds, which the program's clock does not count.
bool is_copy(std::string_view name) {
  return name.starts_with("right/") || name.starts_with("posix/");
}

/// Lists the database's zones: files whose first letter is a capital.
std::vector<std::string> known_zones() {
  namespace fs = std::filesystem;
  std::vector<std::string> names;
  const fs::path folder = database_folder();
  std::error_code error;
  for (fs::recursive_directory_iterator file(folder, error), end; !error && file != end;
       file.increment(error)) {
    const std::string name = file->path().lexically_relative(folder).string();
    if (!is_copy(name) && name.front() >= 'A' && name.front() <= 'Z' && !file->is_directory(error))
      names.push_back(name);
  }
  std::ranges::sort(names);
  return names;
}

/// Keeps out what the library would take for a path or for a zone of its own making.
bool is_zone_name(const std::string& name) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";
  return !name.empty() && name.front() >= 'A' && name.front() <= 'Z' && !is_copy(name) &&
         name.find_first_not_of(kLetters) == std::string::npos;
}

std::string zone_hint(const std::string& name) {
  const auto zones = known_zones();
  if (zones.empty())
    return "There is no time zone database in " + database_folder().string() +
           ": install the package tzdata.";
  const std::string folded = upper(name);
  if ((folded.starts_with("UTC") || folded.starts_with("GMT") || folded.front() == '+' ||
       folded.front() == '-') &&
      folded.find_first_of("+-0123456789") != std::string::npos)
    return "A fixed offset is written Etc/GMT-2 for two hours east of UTC (its sign is the other way round).";
  // "Madrid" for "Europe/Madrid".
  for (const auto& zone : zones)
    if (zone.ends_with("/" + name)) return "Did you mean " + zone + "?";
  return did_you_mean(name, zones, "Take a name of the IANA database, such as Europe/Madrid or UTC.");
}

bool matches_day(const Cron::Fields& fields, const cctz::civil_day& day) {
  const bool in_month = fields.days[static_cast<size_t>(day.day())];
  // cctz counts from Monday.
  const bool in_week = fields.weekdays[(static_cast<size_t>(cctz::get_weekday(day)) + 1) % 7];
  return fields.any_day || fields.any_weekday ? in_month && in_week : in_month || in_week;
}

/// Finds the first minute of the calendar from `from` on that an expression names; nothing after `last`.
std::optional<cctz::civil_minute> next_match(const Cron::Fields& fields, const cctz::civil_minute& from,
                                             const cctz::civil_day& last) {
  cctz::civil_day day(from);
  int hour = from.hour();
  int minute = from.minute();
  while (day <= last) {
    if (!fields.months[static_cast<size_t>(day.month())]) {
      day = cctz::civil_day(cctz::civil_month(day) + 1);
      hour = minute = 0;
      continue;
    }
    if (matches_day(fields, day))
      for (; hour < 24; ++hour, minute = 0) {
        if (!fields.hours[static_cast<size_t>(hour)]) continue;
        for (; minute < 60; ++minute)
          if (fields.minutes[static_cast<size_t>(minute)])
            return cctz::civil_minute(day.year(), day.month(), day.day(), hour, minute);
      }
    ++day;
    hour = minute = 0;
  }
  return std::nullopt;
}

cctz::civil_day last_day(const cctz::civil_second& local) {
  return cctz::civil_day(local.year() + kYears, local.month(), local.day());
}

/// Walks the calendar: a skipped minute stands for the moment of the jump, a repeated one for its first time.
/// That mapping never goes backwards, so the first match that lies after `at` is the next firing.
std::optional<Instant> next_named(const Cron::Fields& fields, Instant at, const cctz::time_zone& zone) {
  const auto local = zone.lookup(at).cs;
  const auto last = last_day(local);
  cctz::civil_minute from = cctz::civil_minute(local) + 1;
  while (const auto match = next_match(fields, from, last)) {
    const auto found = zone.lookup(cctz::civil_second(*match));
    const bool skipped = found.kind == cctz::time_zone::civil_lookup::SKIPPED;
    const Instant instant = skipped ? found.trans : found.pre;
    if (instant > at) return instant;
    // `at` lies where minutes come for the second time: go on where they end.
    const auto repeated_until = zone.lookup(found.trans - cctz::seconds(1)).cs + 1;
    from = std::max(*match + 1, cctz::civil_minute(repeated_until));
  }
  return std::nullopt;
}

/// Walks elapsed time from one change of the clocks to the next; between two of them both run alike.
std::optional<Instant> next_shown(const Cron::Fields& fields, Instant at, const cctz::time_zone& zone) {
  cctz::civil_second local = zone.lookup(at).cs;
  const auto last = last_day(local);
  cctz::civil_minute from = cctz::civil_minute(local) + 1;
  while (const auto match = next_match(fields, from, last)) {
    const Instant instant = at + cctz::seconds(cctz::civil_second(*match) - local);
    cctz::time_zone::civil_transition change;
    if (!zone.next_transition(at, &change)) return instant;
    const Instant changed = zone.lookup(change.to).trans;
    if (instant < changed) return instant;
    at = changed;
    local = change.to;
    from = cctz::civil_minute(local) + (local.second() == 0 ? 0 : 1);
  }
  return std::nullopt;
}

}  // namespace

Result<Zone> Zone::find(const std::string& name) {
  auto data = std::make_shared<Data>();
  data->name = name;
  if (!is_zone_name(name) || !cctz::load_time_zone(name, &data->zone))
    return fail(ErrorKind::kProject, "'" + name.substr(0, 80) + "' is not a time zone", zone_hint(name));
  return Zone(std::move(data));
}

Zone Zone::utc() {
  return Zone(std::make_shared<Data>(Data{"UTC", cctz::utc_time_zone()}));
}

const std::string& Zone::name() const {
  return data_->name;
}

std::optional<Time> Cron::next(Time time, const Zone& zone) const {
  const auto at = std::chrono::floor<cctz::seconds>(time);
  const auto next = fields_.follows_time ? next_shown(fields_, at, zone.data_->zone)
                                         : next_named(fields_, at, zone.data_->zone);
  if (!next) return std::nullopt;
  return std::chrono::time_point_cast<Time::duration>(*next);
}

}  // namespace reelhouse::workflow
