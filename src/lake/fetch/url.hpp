#pragma once

#include <string>

#include "base/result.hpp"

namespace reelhouse::lake {

/// An http or https address without user name and fragment.
struct Url {
  std::string text;       ///< what is asked for, whole
  std::string origin;     ///< "https://host:port": who may be told a password
  std::string display;    ///< for messages: without the query, which may hold a secret
  std::string last_part;  ///< of the path, decoded; may be empty
  bool secure = false;
};

/// Reads an address. Errors: kUsage (another scheme, no host, a user name or password in it).
Result<Url> parse_url(const std::string& text);

/// Follows a redirect's Location, which may be relative. Errors: kUnavailable (no address, another scheme,
/// from https to http).
Result<Url> redirected(const Url& from, const std::string& location);

}  // namespace reelhouse::lake
