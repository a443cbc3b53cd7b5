#include "workflow/alert/webhook.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <strings.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <sstream>

#include "base/digest.hpp"

namespace reelhouse::workflow {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kSecretPrefix = "whsec_";
constexpr std::string_view kVersion = "v1,";
constexpr auto kTolerance = 5min;
constexpr size_t kMostSignatures = 32;

/// Decodes BASE64 with or without its padding; nothing when it is none.
std::optional<std::string> from_base64(std::string text) {
  const bool known = std::ranges::all_of(text, [](unsigned char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/' || c == '=';
  });
  while (text.ends_with('=')) text.pop_back();
  if (!known || text.find('=') != std::string::npos || text.size() % 4 == 1) return std::nullopt;
  const size_t padding = (4 - text.size() % 4) % 4;
  text.append(padding, '=');
  std::string out(text.size() / 4 * 3, '\0');
  if (text.empty()) return out;
  const int size =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  out.resize(out.size() - padding);
  return out;
}

std::string key_of(const std::string& secret) {
  if (secret.starts_with(kSecretPrefix))
    if (auto key = from_base64(secret.substr(kSecretPrefix.size())); key && !key->empty()) return *key;
  return secret;
}

std::string signature(const std::string& secret, const std::string& id, const std::string& timestamp,
                      const std::string& body) {
  return hmac_sha256(key_of(secret), id + "." + timestamp + "." + body);
}

std::string header(const std::map<std::string, std::string>& headers, const char* name) {
  for (const auto& [key, value] : headers)
    if (::strcasecmp(key.c_str(), name) == 0) return value;
  return "";
}

tl::unexpected<Error> refuse(const std::string& why, const std::string& hint) {
  return fail(ErrorKind::kPermission, "checking a webhook: " + why, hint);
}

Result<> check_time(const std::string& text, Time now) {
  int64_t seconds = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), seconds);
  constexpr int64_t kLast = 253'402'300'799;  // the end of the year 9999
  if (read.ec != std::errc() || read.ptr != text.data() + text.size() || seconds < 0 || seconds > kLast)
    return refuse("the header webhook-timestamp is no number of seconds since 1970",
                  "Send the Unix time at which the request was signed.");
  const Time sent{std::chrono::seconds(seconds)};
  if (sent < now - kTolerance)
    return refuse("it was signed more than five minutes ago",
                  "Sign it anew for each attempt; compare both machines' clocks.");
  if (sent > now + kTolerance)
    return refuse("it is dated more than five minutes ahead", "Compare both machines' clocks.");
  return {};
}

/// Compares with every signature that was sent, whichever of them holds.
bool any_holds(const std::string& signatures, const std::string& expected) {
  std::istringstream parts(signatures);
  bool holds = false;
  size_t seen = 0;
  for (std::string part; seen < kMostSignatures && parts >> part; ++seen) {
    if (!part.starts_with(kVersion)) continue;
    const auto sent = from_base64(part.substr(kVersion.size()));
    if (!sent || sent->size() != expected.size()) continue;
    const bool equal = CRYPTO_memcmp(sent->data(), expected.data(), expected.size()) == 0;
    holds = holds || equal;
  }
  return holds;
}

}  // namespace

std::string sign_webhook(const std::string& secret, const std::string& id, int64_t timestamp,
                         const std::string& body) {
  return std::string(kVersion) + to_base64(signature(secret, id, std::to_string(timestamp), body));
}

Result<> check_webhook(const std::string& secret, const std::map<std::string, std::string>& headers,
                       const std::string& body, Time now) {
  if (secret.empty()) return refuse("no secret is set for it", "Set the variable that its trigger names.");
  const std::string id = header(headers, "webhook-id");
  const std::string timestamp = header(headers, "webhook-timestamp");
  const std::string signatures = header(headers, "webhook-signature");
  for (const auto& [name, value] : {std::pair("webhook-id", &id), std::pair("webhook-timestamp", &timestamp),
                                    std::pair("webhook-signature", &signatures)})
    if (value->empty())
      return refuse(fmt::format("the header {} is missing", name),
                    "Sign requests as the Standard Webhooks specification says.");
  RH_TRY(check_time(timestamp, now));
  if (!any_holds(signatures, signature(secret, id, timestamp, body)))
    return refuse("no signature of version v1 in webhook-signature fits the request",
                  "Compare the secrets on both sides; what is signed is 'id.timestamp.body'.");
  return {};
}

}  // namespace reelhouse::workflow
