#pragma once

#include <optional>
#include <string>

#include "lake/http/transport.hpp"
#include "lake/s3/xml.hpp"

namespace reelhouse::lake::s3 {

/// Where a redirect says the bucket is; what it does not say is empty.
struct Elsewhere {
  std::string region;
  std::optional<Endpoint> endpoint;  ///< without the bucket
  bool path_style = false;           ///< of `endpoint`
};

/// Reads x-amz-bucket-region, Location, and the body's Region and Endpoint.
Elsewhere read_redirect(const HttpResponse& answer, const ErrorBody& body, const std::string& bucket);

/// The region in one of AWS's host names ("s3.eu-west-1.amazonaws.com"); empty when there is none.
std::string region_of_host(const std::string& host_name);

/// True when a request that was for `from` may be sent to `to`: the same host, a sibling of it, or both
/// AWS's; never from https to http.
bool may_follow(const Endpoint& from, const Endpoint& to);

}  // namespace reelhouse::lake::s3
