#pragma once

#include <string>

#include "lake/s3/credentials.hpp"
#include "lake/s3/xml.hpp"

namespace reelhouse::lake::s3 {

/// An answer that is no success.
struct Refusal {
  int status = 0;
  ErrorBody body;
};

/// Kinds of refusal by what can be done about them.
enum class Remedy {
  kNone,         ///< asking again brings the same
  kWait,         ///< the server is busy or broke: try again later
  kRefresh,      ///< the credentials have expired
  kSetClock,     ///< the clock here is too far off
  kGoElsewhere,  ///< another region or host has the bucket
};
Remedy remedy_of(const Refusal& refusal);

/// What a message about a refusal says besides.
struct Asked {
  std::string doing;  ///< "reading the object"
  std::string where;  ///< "s3://bucket/key"
  std::string host;
  std::string region;
  std::string action;  ///< what a policy has to allow: "s3:GetObject"
};

/// Turns a refusal into a message for people. `with`: the credentials that were refused.
Error explain(const Refusal& refusal, const Asked& asked, const FoundCredentials& with);

/// Takes the secret and the token out of a text, should a server have repeated them.
std::string redacted(std::string text, const Credentials& credentials);

}  // namespace reelhouse::lake::s3
