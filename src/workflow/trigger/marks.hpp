#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace reelhouse::workflow {

/// Writes any bytes as printable ASCII: keys of a lake need not be UTF-8. `%` and what is not printable
/// become %XX.
std::string escape(std::string_view bytes);
/// Reads what `escape` wrote; nothing when it did not.
std::optional<std::string> unescape(std::string_view text);

/// What a schedule remembers. Another expression or zone than it was makes it a new one.
struct ScheduleMark {
  std::string cron;
  std::string zone;
  Time until;  ///< every firing up to here is settled
  std::optional<Time>
      once_was;  ///< before the clock was set back by far: up to here late ones are settled too

  std::string content() const;
  static std::optional<ScheduleMark> read(const std::string& content);
};

/// What became of an object since the last run of a trigger.
enum class Change : char { kCreated = 'c', kChanged = 'm', kDeleted = 'd' };

/// What an objects trigger remembers. That it has one says that it has seen a listing.
struct ObjectsMark {
  std::string prefix;
  std::optional<Time> since;            ///< first change of the batch that waits; nothing when none waits
  std::map<std::string, Change> batch;  ///< by key

  std::string content() const;
  static std::optional<ObjectsMark> read(const std::string& content);
};

/// What an `after` trigger remembers.
struct AfterMark {
  std::string workflow;
  int are = 0;  ///< Condition::Are
  Time since;   ///< runs that ended earlier do not count

  std::string content() const;
  static std::optional<AfterMark> read(const std::string& content);
};

}  // namespace reelhouse::workflow
