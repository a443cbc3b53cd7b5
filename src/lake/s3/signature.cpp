#include "lake/s3/signature.hpp"

#include <map>

#include "base/digest.hpp"
#include "base/text.hpp"

namespace reelhouse::lake::s3 {
namespace {

/// Headers by their lower-case names, values with spaces trimmed and runs of them made one.
std::map<std::string, std::string> canonical_headers(const Pairs& headers) {
  std::map<std::string, std::string> out;
  for (const auto& [name, value] : headers) {
    std::string trimmed;
    for (const char c : value) {
      if (c == ' ' && (trimmed.empty() || trimmed.back() == ' ')) continue;
      trimmed += c;
    }
    while (trimmed.ends_with(' ')) trimmed.pop_back();
    auto [at, is_new] = out.emplace(lower(name), trimmed);
    if (!is_new) at->second += "," + trimmed;
  }
  return out;
}

std::string signed_names(const std::map<std::string, std::string>& headers) {
  std::string names;
  for (const auto& [name, value] : headers) names += (names.empty() ? "" : ";") + name;
  return names;
}

}  // namespace

std::string amz_date(Time time) {
  std::string text = to_iso(time).substr(0, 19) + "Z";
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text;
}

std::string canonical_request(const Signable& request) {
  const auto headers = canonical_headers(request.headers);
  std::string text = request.method + "\n" + request.path + "\n" + encode_query(request.query) + "\n";
  for (const auto& [name, value] : headers) text += name + ":" + value + "\n";
  return text + "\n" + signed_names(headers) + "\n" + request.payload_hash;
}

Pairs sign(Signable request, const Credentials& credentials, const SigningScope& scope) {
  const std::string date = amz_date(scope.time);
  const std::string day = date.substr(0, 8);
  Pairs added = {{"x-amz-date", date}};
  if (!credentials.session_token.empty())
    added.emplace_back("x-amz-security-token", credentials.session_token);
  request.headers.insert(request.headers.end(), added.begin(), added.end());

  const std::string credential_scope = day + "/" + scope.region + "/" + scope.service + "/aws4_request";
  const std::string to_sign = "AWS4-HMAC-SHA256\n" + date + "\n" + credential_scope + "\n" +
                              to_hex(digest_of(DigestKind::kSha256, canonical_request(request)));
  std::string key = hmac_sha256("AWS4" + credentials.secret_access_key, day);
  key = hmac_sha256(key, scope.region);
  key = hmac_sha256(key, scope.service);
  key = hmac_sha256(key, "aws4_request");
  added.emplace_back(
      "authorization",
      fmt::format("AWS4-HMAC-SHA256 Credential={}/{},SignedHeaders={},Signature={}",
                  credentials.access_key_id, credential_scope,
                  signed_names(canonical_headers(request.headers)), to_hex(hmac_sha256(key, to_sign))));
  return added;
}

}  // namespace reelhouse::lake::s3
