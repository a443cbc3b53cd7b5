#pragma once

#include <bitset>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace reelhouse::workflow {

/// Names the wall clock of a place: a zone of the IANA database. Cheap to copy; may be used by several
/// threads. A process sees the database as it was when it first asked for the zone.
class Zone {
 public:
  /// Finds a zone by its name, in the case that the database writes it ("Europe/Madrid").
  /// Errors: kProject with the near miss, or with the package when the machine has no database.
  static Result<Zone> find(const std::string& name);
  static Zone utc();
  const std::string& name() const;

 private:
  friend class Cron;
  struct Data;
  explicit Zone(std::shared_ptr<const Data> data) : data_(std::move(data)) {}
  std::shared_ptr<const Data> data_;
};

/// Holds a cron expression: minute, hour, day of month, month, day of week; lists, ranges, steps, names
/// (mon, jan), 7 for Sunday, @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually. As crontab(5)
/// says, either day may match when both are restricted; when one begins with `*` (also as `*/2`), both must.
///
/// Daylight saving, nearly as cron(8) of Debian does: an expression names times of the wall clock. One that
/// the clocks skip fires at the moment they jump (several skipped ones fire once); one that comes twice fires
/// the first time only. But an expression whose hour or minute begins with `*` fires whenever the wall clock
/// shows a time that matches: no more for what is skipped, and again when it comes again.
/// docs/decisions/0013-cron-and-daylight-saving.md has the cases.
class Cron {
 public:
  /// What an expression says, as sets of numbers.
  struct Fields {
    std::bitset<60> minutes;
    std::bitset<24> hours;
    std::bitset<32> days;      ///< 1 to 31
    std::bitset<13> months;    ///< 1 to 12
    std::bitset<7> weekdays;   ///< 0 = Sunday
    bool any_day = true;       ///< day of month begins with *
    bool any_weekday = true;   ///< day of week begins with *
    bool follows_time = true;  ///< hour or minute begins with *
  };

  /// Errors: kProject: what is wrong in which field; also for an expression that never fires (30 February).
  static Result<Cron> parse(const std::string& text);
  /// Returns the first firing strictly after `time`; nothing when there is none within 100 years.
  std::optional<Time> next(Time time, const Zone& zone) const;
  /// Returns the expression with one blank between fields.
  const std::string& text() const { return text_; }
  const Fields& fields() const { return fields_; }

 private:
  std::string text_;
  Fields fields_;
};

}  // namespace reelhouse::workflow
