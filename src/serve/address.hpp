#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"

namespace reelhouse::serve {

/// Where to listen.
struct Address {
  std::string host;     ///< as it was written: "localhost", "0.0.0.0", "::1"
  std::string numeric;  ///< resolved
  uint16_t port = 0;    ///< 0 = a free one
  bool loopback = false;

  /// Renders "127.0.0.1:8080", "[::1]:8080".
  std::string text() const;
};

/// Reads and resolves "HOST:PORT", "[V6]:PORT" or a port alone. Errors: kUsage.
Result<Address> parse_address(const std::string& text);

/// True for "127.0.0.1", "::1" and other numeric addresses of this machine alone.
bool is_loopback_number(const std::string& host);
/// True for an IPv4 or IPv6 address in digits.
bool is_number(const std::string& host);

}  // namespace reelhouse::serve
