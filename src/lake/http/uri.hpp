#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace reelhouse::lake {

/// Names and values of headers or of a query, in the order given.
using Pairs = std::vector<std::pair<std::string, std::string>>;

/// Percent-encodes all but A-Z a-z 0-9 - . _ ~ (and '/' when it is kept), as signature V4 wants it.
std::string uri_encode(std::string_view text, bool keep_slash = false);
/// Undoes percent-encoding; '+' is a space. What is no valid escape stays as it is.
std::string uri_decode(std::string_view text);
/// Renders a query, encoded and sorted, as it is both signed and sent.
std::string encode_query(const Pairs& query);

/// A server: "https://host:port/path".
struct Endpoint {
  std::string scheme;
  std::string host;  ///< with the port when it is not the scheme's own
  std::string path;  ///< empty, or begins with '/'; without one at the end

  /// The host without its port.
  std::string host_name() const;
  std::string to_string() const { return scheme + "://" + host + path; }
};

/// Reads an http or https URL; one without a scheme is https. Errors: kUsage; user names and passwords
/// are refused, and not repeated.
Result<Endpoint> parse_endpoint(const std::string& url, const std::string& set_by);

/// True for this machine's own addresses, which are never reached through a proxy.
bool is_loopback(std::string_view host_name);

}  // namespace reelhouse::lake
