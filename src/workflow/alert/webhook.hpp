#pragma once

#include <map>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace reelhouse::workflow {

/// Signs and checks webhooks as the Standard Webhooks specification says (version 1, HMAC-SHA256): headers
/// webhook-id, webhook-timestamp (Unix seconds) and webhook-signature ("v1,BASE64", several parted by
/// blanks); signed is "id.timestamp.body". A secret is "whsec_" and BASE64 of the key, or any other text,
/// which is the key itself. Returns the content of webhook-signature. The secret must not be empty.
std::string sign_webhook(const std::string& secret, const std::string& id, int64_t timestamp,
                         const std::string& body);

/// Checks a signature in constant time, against all that were sent (the sender may be changing its secret),
/// and refuses what is older or newer than five minutes. Header names are compared without case. Does not
/// know which ids came before: within these minutes a copy of a request is as good as the first. Errors:
/// kPermission (the message names what is missing or wrong, never the secret), also for an empty secret.
Result<> check_webhook(const std::string& secret, const std::map<std::string, std::string>& headers,
                       const std::string& body, Time now);

}  // namespace reelhouse::workflow
