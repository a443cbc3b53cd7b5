#pragma once

#include <optional>
#include <string>
#include <vector>

#include "serve/address.hpp"
#include "serve/http.hpp"

namespace reelhouse::serve {

/// Decides who may ask: by Host (a page elsewhere must not reach us under its own name), by Origin (it
/// must not send anything here), and by token. Immutable, so thread-safe.
class Guard {
 public:
  /// `token` empty = none is asked for; `hosts` are more names to be called by, as behind a proxy.
  Guard(Address address, std::string token, std::vector<std::string> hosts);

  /// Errors: kUsage (any address but a loopback one needs a token).
  static Result<> check_options(const Address& address, const std::string& token);

  /// Returns the refusal of a request, or nothing when it may be answered. A request with the right
  /// `token` parameter is answered by a redirect that leaves a cookie.
  std::optional<Response> refuse(const Request& request) const;
  /// Answers POST /api/login: {"token": "..."} as JSON, or a form's token=...
  Response log_in(const Request& request) const;

  /// Adds the headers that every response carries.
  static void decorate(Response& response);

 private:
  bool knows_host(const std::string& host) const;
  bool is_same_origin(const Request& request) const;
  bool is_known(const Request& request) const;
  std::string session_cookie() const;

  Address address_;
  std::string token_;
  std::string session_;  ///< what the cookie holds: derived from the token, not the token
  std::vector<std::string> hosts_;
};

}  // namespace reelhouse::serve
