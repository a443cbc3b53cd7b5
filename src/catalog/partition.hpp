#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "lake/drops.hpp"

namespace reelhouse::catalog {

/// A folder's name that says `key=value`, as Hive, Spark and Glue write them.
struct Partition {
  std::string key;    ///< in small letters
  std::string value;  ///< %XX decoded
};

/// Reads a folder's name; nothing for one without a key before a '='.
std::optional<Partition> read_partition(std::string_view folder);

/// Collects the day that the folders of one path name: `drop=`, `dt=`, `ds=`, `date=` or `day=` with a day
/// (2026-11-22 or 20261122), or `year=`, `month=` and `day=`. A month is its first day, as is a year.
class PathDay {
 public:
  /// Takes a folder; false when its key is none of those.
  bool take(const Partition& partition, std::string_view folder);
  /// True when a folder named a day, or tried to.
  bool is_dated() const { return tried_; }
  /// Ends the path. The drop, and why it cannot be understood: "" when it can.
  lake::DropName drop(std::string& problem) const;

 private:
  void whole(std::optional<lake::DropName> day, std::string_view folder);

  bool tried_ = false;
  std::string problem_;
  std::optional<lake::DropName> whole_;
  std::optional<int> year_;
  std::optional<int> month_;
  std::optional<int> day_;
};

}  // namespace reelhouse::catalog
