#include "base/digest.hpp"
#include "base/files.hpp"
#include "lake/s3/credential_sources.hpp"
#include "lake/s3/settings.hpp"
#include "lake/s3/xml.hpp"

namespace reelhouse::lake::s3 {
namespace {

Pairs role_query(const std::string& action, const Role& role) {
  Pairs query = {{"Action", action},
                 {"Version", "2011-06-15"},
                 {"RoleArn", role.arn},
                 {"RoleSessionName", role.session_name.empty() ? "reelhouse" : role.session_name}};
  if (!role.external_id.empty()) query.emplace_back("ExternalId", role.external_id);
  if (!role.duration_seconds.empty()) query.emplace_back("DurationSeconds", role.duration_seconds);
  return query;
}

/// Posts a query to STS, signed when there are credentials to sign with.
Result<FoundCredentials> lend(const CredentialsContext& context, const Role& role, const Pairs& query,
                              const Credentials* own) {
  std::string region = configured_region(context.environment, context.files);
  if (region.empty()) region = "us-east-1";
  RH_ASSIGN(Endpoint endpoint, configured_endpoint("sts", context.environment, context.files));
  if (endpoint.host.empty()) endpoint = aws_endpoint("sts", region);

  HttpRequest request;
  request.method = "POST";
  request.url = endpoint.to_string() + "/";
  request.text = encode_query(query);
  request.headers = {{"content-type", "application/x-www-form-urlencoded; charset=utf-8"}};
  request.direct = is_loopback(endpoint.host_name());
  if (own != nullptr) {
    Signable signable{"POST",
                      endpoint.path + "/",
                      {},
                      request.headers,
                      to_hex(digest_of(DigestKind::kSha256, request.text))};
    signable.headers.emplace_back("host", endpoint.host);
    const Pairs added = sign(std::move(signable), *own, {region, "sts", context.timing->now()});
    request.headers.insert(request.headers.end(), added.begin(), added.end());
  }
  const std::string doing = "taking on the role " + role.arn;
  RH_ASSIGN(const HttpResponse answer, ask(context, request, 5, doing));
  if (answer.status != 200) {
    const auto body = parse_error(answer.body);
    const std::string why =
        body ? body->code + ": " + body->message : fmt::format("HTTP status {}", answer.status);
    return fail(answer.status >= 500 ? ErrorKind::kUnavailable : ErrorKind::kPermission, doing + ": " + why,
                "Check that the role trusts this identity, and that sts:AssumeRole is allowed.");
  }
  auto lent = parse_lent(answer.body);
  if (!lent) return fail(ErrorKind::kPermission, doing + ": " + lent.error().message);
  return FoundCredentials{lent->credentials, "the role " + role.arn, lent->expires};
}

}  // namespace

Result<FoundCredentials> assume_role(const CredentialsContext& context, const Role& role,
                                     const Credentials& own) {
  return lend(context, role, role_query("AssumeRole", role), &own);
}

Result<FoundCredentials> assume_role_with_token(const CredentialsContext& context, const Role& role,
                                                const std::string& token_file) {
  auto token = read_file(token_file);
  if (!token)
    return fail(ErrorKind::kPermission, "reading the web identity token: " + token.error().message,
                "Check AWS_WEB_IDENTITY_TOKEN_FILE, or web_identity_token_file in the profile.", token_file);
  while (token->ends_with('\n') || token->ends_with('\r')) token->pop_back();
  Pairs query = role_query("AssumeRoleWithWebIdentity", role);
  query.emplace_back("WebIdentityToken", *token);
  return lend(context, role, query, nullptr);
}

}  // namespace reelhouse::lake::s3
