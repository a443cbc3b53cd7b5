#pragma once

#include <string>

#include "base/clock.hpp"
#include "lake/http/uri.hpp"

namespace reelhouse::lake::s3 {

/// Who signs. Nothing of it but the access key id may be shown to anybody.
struct Credentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;  ///< empty for lasting credentials
};

/// What is signed. `path` is encoded already; `headers` are all that will be sent besides those that
/// signing adds, with the host.
struct Signable {
  std::string method;
  std::string path;
  Pairs query;
  Pairs headers;
  std::string payload_hash;  ///< SHA-256 of the body in hexadecimal digits
};

/// Where and when a signature holds.
struct SigningScope {
  std::string region;
  std::string service;
  Time time;
};

/// Renders the canonical request (AWS, "Signature Version 4 signing process", step 1).
std::string canonical_request(const Signable& request);

/// Signs by signature version 4 and returns the headers to add: x-amz-date, x-amz-security-token when
/// there is one, and authorization.
Pairs sign(Signable request, const Credentials& credentials, const SigningScope& scope);

/// Renders a time as x-amz-date has it: 20130524T000000Z.
std::string amz_date(Time time);

}  // namespace reelhouse::lake::s3
