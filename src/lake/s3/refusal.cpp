#include "lake/s3/refusal.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace reelhouse::lake::s3 {
namespace {

template <size_t N>
bool is_one_of(const std::string& code, const std::array<std::string_view, N>& codes) {
  return std::ranges::find(codes, code) != codes.end();
}

constexpr std::array<std::string_view, 17> kBusyCodes = {"SlowDown",
                                                         "InternalError",
                                                         "ServiceUnavailable",
                                                         "RequestTimeout",
                                                         "Throttling",
                                                         "ThrottlingException",
                                                         "RequestLimitExceeded",
                                                         "BandwidthLimitExceeded",
                                                         "RequestThrottled",
                                                         "RequestTimeoutException",
                                                         "TooManyRequests",
                                                         "OperationAborted",
                                                         "BadDigest",
                                                         "IncompleteBody",
                                                         "ConditionalRequestConflict",
                                                         "XAmzContentSHA256Mismatch",
                                                         "TooManyRequestsException"};
constexpr std::array<std::string_view, 5> kExpiredCodes = {
    "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired", "ExpiredCredentials"};
constexpr std::array<std::string_view, 2> kClockCodes = {"RequestTimeTooSkewed", "RequestInTheFuture"};
constexpr std::array<std::string_view, 4> kElsewhereCodes = {"PermanentRedirect", "TemporaryRedirect",
                                                             "AuthorizationHeaderMalformed",
                                                             "IllegalLocation"
                                                             "ConstraintException"};

/// What is wrong, its kind and what to do, when the code says so clearly.
struct Meaning {
  ErrorKind kind;
  std::string what;
  std::string hint;
};

std::optional<Meaning> meaning_of(const std::string& code, const Asked& asked, const FoundCredentials& with) {
  const std::string& id = with.credentials.access_key_id;
  if (code == "SignatureDoesNotMatch")
    return Meaning{ErrorKind::kPermission,
                   fmt::format("the secret access key does not belong to the access key id {}", id),
                   "Check the credentials; they come from " + with.source + "."};
  if (code == "InvalidAccessKeyId" || code == "InvalidClientTokenId")
    return Meaning{ErrorKind::kPermission,
                   fmt::format("the access key id {} is not known to {}", id, asked.host),
                   "Check the credentials and the endpoint; they come from " + with.source + "."};
  if (code == "InvalidToken" || code == "UnrecognizedClientException")
    return Meaning{ErrorKind::kPermission, "the session token is not valid",
                   "Get new credentials; they come from " + with.source + "."};
  if (is_one_of(code, kExpiredCodes))
    return Meaning{ErrorKind::kPermission, "the credentials have expired",
                   "Get new ones; they come from " + with.source + "."};
  if (code == "NoSuchBucket")
    return Meaning{ErrorKind::kNotFound, "the bucket does not exist at " + asked.host,
                   "Check its name, AWS_REGION and AWS_ENDPOINT_URL_S3."};
  if (code == "InvalidBucketName")
    return Meaning{ErrorKind::kNotFound, "that is no name of a bucket", "Check the location."};
  if (code == "NoSuchKey") return Meaning{ErrorKind::kNotFound, "there is no such object", "Check the key."};
  if (is_one_of(code, kClockCodes))
    return Meaning{ErrorKind::kPermission, "this machine's clock is too far off", "Set the clock."};
  if (code == "InvalidObjectState")
    return Meaning{ErrorKind::kPermission, "the object is archived (Glacier) and cannot be read",
                   "Restore it first: aws s3api restore-object."};
  if (code == "QuotaExceeded")
    return Meaning{ErrorKind::kFull, "the server's quota is used up", "Free space, or raise the quota."};
  if (code == "EntityTooLarge")
    return Meaning{ErrorKind::kUsage, "the server takes no object so large", "Split the file."};
  return std::nullopt;
}

Meaning meaning_of_status(int status, const Asked& asked, const FoundCredentials& with) {
  if (status == 401 || status == 403)
    return {
        ErrorKind::kPermission, fmt::format("access denied, {} is not allowed", asked.action),
        fmt::format("Allow {} on it for the identity of access key id {}, from {}; check that its secret is "
                    "right too.",
                    asked.action, with.credentials.access_key_id, with.source)};
  if (status == 404)
    return {ErrorKind::kNotFound, "there is no such object", "Check the key and the bucket's name."};
  if (status == 412 || status == 409)
    return {ErrorKind::kBusy, "the object has changed meanwhile", "Read it again, then decide anew."};
  if (status == 507) return {ErrorKind::kFull, "the server has no space left", "Free space there."};
  if (status / 100 == 3)
    return {
        ErrorKind::kUnavailable, "the server sends elsewhere, but not to where",
        fmt::format("Check AWS_REGION (now {}) and AWS_ENDPOINT_URL_S3 (now {}).", asked.region, asked.host)};
  if (status >= 500 || status == 429)
    return {ErrorKind::kUnavailable, "the server cannot answer now", "Try again later."};
  return {ErrorKind::kUnavailable, "the server refuses the request",
          "Check the endpoint " + asked.host + "."};
}

}  // namespace

Remedy remedy_of(const Refusal& refusal) {
  const std::string& code = refusal.body.code;
  if (is_one_of(code, kExpiredCodes)) return Remedy::kRefresh;
  if (is_one_of(code, kClockCodes)) return Remedy::kSetClock;
  if (is_one_of(code, kElsewhereCodes)) return Remedy::kGoElsewhere;
  if (is_one_of(code, kBusyCodes)) return Remedy::kWait;
  const int status = refusal.status;
  if (status == 301 || status == 302 || status == 307 || status == 308) return Remedy::kGoElsewhere;
  const bool lasting = status == 501 || status == 505 || status == 507;
  if (status == 408 || status == 429 || (status >= 500 && !lasting)) return Remedy::kWait;
  return Remedy::kNone;
}

Error explain(const Refusal& refusal, const Asked& asked, const FoundCredentials& with) {
  const auto known = meaning_of(refusal.body.code, asked, with);
  const Meaning meaning = known ? *known : meaning_of_status(refusal.status, asked, with);
  std::string detail = refusal.body.code;
  if (!known && !refusal.body.message.empty()) detail += (detail.empty() ? "" : ": ") + refusal.body.message;
  if (detail.empty()) detail = fmt::format("HTTP status {}", refusal.status);
  Error error{meaning.kind, fmt::format("{}: {} ({})", asked.doing, meaning.what, detail), meaning.hint,
              asked.where};
  error.message = redacted(std::move(error.message), with.credentials);
  error.hint = redacted(std::move(error.hint), with.credentials);
  return error;
}

std::string redacted(std::string text, const Credentials& credentials) {
  for (const std::string& secret : {credentials.secret_access_key, credentials.session_token}) {
    if (secret.empty()) continue;
    for (size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at))
      text.replace(at, secret.size(), "***");
  }
  return text;
}

}  // namespace reelhouse::lake::s3
