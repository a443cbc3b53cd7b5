#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/result.hpp"
#include "workflow/alert/state.hpp"

namespace reelhouse::workflow {

/// How a notice is sent.
struct DeliveryOptions {
  std::string project;         ///< its name, for people
  std::function<bool()> stop;  ///< asked about once a second; ends the attempt
  std::chrono::milliseconds connect{10'000};
  std::chrono::milliseconds whole{30'000};  ///< of one attempt
};

/// The JSON that a webhook gets: {type: "alert.open", title, detail, text, state, since, ended, rule, key,
/// project}; `text` is all of it for chats that show just that.
Json notice_json(const Notice& notice, const std::string& project);

/// Delivers a notice once: a POST of JSON with webhook-id and webhook-timestamp, signed when the channel has
/// a secret (redirects are not followed), or a mail over SMTP (STARTTLS; unencrypted only to this machine).
/// Neither a secret nor a path of a webhook's address nor what the other side answers reaches an error.
/// Errors: kUnavailable, kUsage (a variable that is not set, an address that is none), kPermission (refused:
/// 401, 403, a wrong password, a certificate), kInterrupted (`stop`).
Result<> deliver(const Notice& notice, const Channel& channel, const DeliveryOptions& options, Time now);

}  // namespace reelhouse::workflow
