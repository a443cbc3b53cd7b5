#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace reelhouse::lake::s3 {

/// "s3://bucket/prefix" in parts.
struct Location {
  std::string bucket;
  std::string prefix;  ///< empty, or ends with '/'

  /// Names a key for people: "s3://bucket/prefix/key".
  std::string name_of(std::string_view full_key) const;
};

/// Reads a store's location. Errors: kUsage; the message never repeats what could be a secret.
Result<Location> parse_location(const std::string& text);

}  // namespace reelhouse::lake::s3
