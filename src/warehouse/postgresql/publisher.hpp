#pragma once

#include <memory>
#include <string>
#include <vector>

#include "warehouse/postgresql/catalog.hpp"

namespace reelhouse::warehouse::postgresql {

/// The one who may change the warehouse: holds its advisory lock on the connection on which every switch is
/// made, so that who has lost the lock has lost the means, too.
class Publisher {
 public:
  /// Connects, and takes the lock within some seconds: the server may take as long to notice that an earlier
  /// publisher died. Makes the schemas where they are missing.
  /// Errors: kBusy (names the other publisher), kPermission (a standby; no right to make schemas), kUsage (a
  /// schema that is not ours), kUnavailable, kNotFound.
  static Result<Publisher> begin(const Location& location, const Names& names);

  /// Finds out whether `begin` and a publish would be let in; takes no lock and changes nothing.
  /// Errors: as begin, without kBusy.
  static Result<> check(const Location& location, const Names& names);

  /// Loads what is missing and makes a new version current. Errors: as Warehouse::publish.
  Result<Version> publish(const std::vector<PublishedTable>& tables, const std::string& run, int keep,
                          std::chrono::milliseconds patience, const Clock& clock);
  /// Makes a version that is there current. Errors: as Warehouse::roll_back.
  Result<Version> roll_back(int number, std::chrono::milliseconds patience);
  /// Moves the fixed names to the current version and drops what is old.
  Result<std::vector<std::string>> tend(int keep, std::chrono::milliseconds patience);

 private:
  Publisher(const Location& location, const Names& names, std::unique_ptr<Connection> control)
      : location_(location), names_(names), control_(std::move(control)) {}
  Result<> check_writable();
  Result<> take_lock();
  Result<StoredVersion> switch_to_new(StoredVersion version);

  Location location_;
  Names names_;
  std::unique_ptr<Connection> control_;
  std::vector<std::string> remarks_;
};

}  // namespace reelhouse::warehouse::postgresql
