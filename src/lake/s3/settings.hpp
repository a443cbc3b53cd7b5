#pragma once

#include <cstdint>
#include <string>

#include "lake/http/retry.hpp"
#include "lake/http/uri.hpp"
#include "lake/s3/profile_file.hpp"

namespace reelhouse::lake::s3 {

/// Where S3 is and how it is spoken to, as AWS's variables and config files say.
struct S3Settings {
  std::string region = "us-east-1";
  Endpoint endpoint;                   ///< of S3, without a bucket
  bool is_aws = true;                  ///< the endpoint is AWS's own and follows the region
  bool path_style = false;             ///< host/bucket/key instead of bucket.host/key
  std::string ca_bundle;               ///< empty: the system's certificates
  uint64_t parts_from = 64ULL << 20U;  ///< larger files go up in parts
  uint64_t part_size = 16ULL << 20U;   ///< of these, unless there would be more than S3 takes
  RetryPolicy retry;
};

/// Reads AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, AWS_REGION, AWS_DEFAULT_REGION, AWS_CA_BUNDLE,
/// AWS_S3_ADDRESSING_STYLE, REELHOUSE_S3_STALL_SECONDS, and the profile's endpoint_url, services,
/// region, ca_bundle and s3 = addressing_style, multipart_threshold, multipart_chunksize. Errors: kUsage.
Result<S3Settings> load_settings(const Environment& environment, const ProfileFiles& files,
                                 const std::string& bucket);

/// AWS's own endpoint of a service ("s3", "sts") in a region.
Endpoint aws_endpoint(const std::string& service, const std::string& region);

/// The endpoint that is set for a service, by a variable or the profile; an empty host when none is.
/// Errors: kUsage.
Result<Endpoint> configured_endpoint(const std::string& service, const Environment& environment,
                                     const ProfileFiles& files);

/// The region that is set, by a variable or the profile; empty when none is.
std::string configured_region(const Environment& environment, const ProfileFiles& files);

}  // namespace reelhouse::lake::s3
