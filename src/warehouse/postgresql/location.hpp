#pragma once

#include <string>

#include "base/result.hpp"

namespace reelhouse::warehouse::postgresql {

/// Where the database is, as libpq reads it: a URI, PG* variables, the service and password files.
struct Location {
  std::string uri;       ///< for libpq alone: it may hold a password
  std::string name;      ///< for people: postgresql://user@host:port/database
  std::string password;  ///< to be struck from messages; empty when the URI holds none
};

/// Reads a location: `postgresql:` stands for what the PG* variables say.
/// Errors: kUsage (no URI that libpq understands; the message repeats no part of it that may be secret).
Result<Location> read_location(const std::string& text);

/// Strikes the location's secret, and line breaks, from what libpq or a server says.
std::string without_secret(const Location& location, std::string message);

}  // namespace reelhouse::warehouse::postgresql
