#include "lake/s3/credential_sources.hpp"

#include "base/files.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "lake/s3/xml.hpp"

namespace reelhouse::lake::s3 {
namespace {

using Found = Result<std::optional<FoundCredentials>>;

/// Wraps a result that is there into one that might not be.
Found present(Result<FoundCredentials> found) {
  if (!found) return fail(std::move(found).error());
  return std::optional(std::move(*found));
}

class EnvironmentSource final : public CredentialsSource {
 public:
  explicit EnvironmentSource(Environment environment) : environment_(std::move(environment)) {}
  std::string name() const override { return "the variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"; }
  Found find() override {
    FoundCredentials found{{environment_("AWS_ACCESS_KEY_ID"), environment_("AWS_SECRET_ACCESS_KEY"),
                            environment_("AWS_SESSION_TOKEN")},
                           name(),
                           {}};
    const bool has_id = !found.credentials.access_key_id.empty();
    const bool has_secret = !found.credentials.secret_access_key.empty();
    if (!has_id && !has_secret) return std::optional<FoundCredentials>();
    if (!has_id || !has_secret)
      return fail(ErrorKind::kPermission,
                  has_id ? "AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not"
                         : "AWS_SECRET_ACCESS_KEY is set, but AWS_ACCESS_KEY_ID is not",
                  "Set both, or neither.");
    return std::optional(std::move(found));
  }

 private:
  Environment environment_;
};

class WebIdentitySource final : public CredentialsSource {
 public:
  explicit WebIdentitySource(CredentialsContext context) : context_(std::move(context)) {}
  std::string name() const override { return "web identity (AWS_WEB_IDENTITY_TOKEN_FILE)"; }
  Found find() override {
    const std::string file = context_.environment("AWS_WEB_IDENTITY_TOKEN_FILE");
    const Role role{context_.environment("AWS_ROLE_ARN"), context_.environment("AWS_ROLE_SESSION_NAME"), "",
                    ""};
    if (file.empty()) return std::optional<FoundCredentials>();
    if (role.arn.empty())
      return fail(ErrorKind::kPermission, "AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN is not",
                  "Set both, or neither.");
    return present(assume_role_with_token(context_, role, file));
  }

 private:
  CredentialsContext context_;
};

class ContainerSource final : public CredentialsSource {
 public:
  explicit ContainerSource(CredentialsContext context) : context_(std::move(context)) {}
  std::string name() const override { return "the container's credentials"; }
  Found find() override {
    const std::string relative = context_.environment("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    const std::string full = context_.environment("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    if (relative.empty() && full.empty()) return std::optional<FoundCredentials>();
    HttpRequest request;
    request.method = "GET";
    request.url = relative.empty() ? full : "http://169.254.170.2" + relative;
    request.direct = true;
    request.connect_timeout = Milliseconds(2000);
    request.total = Milliseconds(10'000);
    if (relative.empty()) RH_TRY(check_host(full));
    RH_ASSIGN(const std::string token, authorization());
    if (!token.empty()) request.headers.emplace_back("authorization", token);
    const std::string doing = "asking for the container's credentials";
    RH_ASSIGN(const HttpResponse answer, ask(context_, request, 4, doing));
    if (answer.status != 200)
      return fail(ErrorKind::kPermission, fmt::format("{}: HTTP status {}", doing, answer.status),
                  "Check the task's or pod's role.");
    return present(parse_json_credentials(answer.body, name()));
  }

 private:
  /// A token goes only to this machine, to the well-known addresses, or over https.
  static Result<> check_host(const std::string& url) {
    RH_ASSIGN(const Endpoint at,
              parse_endpoint(url.substr(0, url.find('?')), "AWS_CONTAINER_CREDENTIALS_FULL_URI"));
    const std::string host = at.host_name();
    const bool well_known = host == "169.254.170.2" || host == "169.254.170.23" || host == "[fd00:ec2::23]";
    if (at.scheme == "https" || well_known || is_loopback(host)) return {};
    return fail(ErrorKind::kUsage,
                "AWS_CONTAINER_CREDENTIALS_FULL_URI names a host that credentials are not asked of",
                "It has to be https, this machine, 169.254.170.2 or 169.254.170.23.");
  }

  Result<std::string> authorization() const {
    const std::string file = context_.environment("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    if (file.empty()) return context_.environment("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    auto token = read_file(file);
    if (!token)
      return fail(ErrorKind::kPermission,
                  "reading the container's authorization token: " + token.error().message,
                  "Check AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE.", file);
    while (token->ends_with('\n') || token->ends_with('\r')) token->pop_back();
    return token;
  }

  CredentialsContext context_;
};

class InstanceSource final : public CredentialsSource {
 public:
  explicit InstanceSource(CredentialsContext context) : context_(std::move(context)) {}
  std::string name() const override { return "the instance's metadata"; }

  Found find() override {
    if (lower(context_.environment("AWS_EC2_METADATA_DISABLED")) == "true")
      return std::optional<FoundCredentials>();
    HttpRequest wants_token = request("PUT", "/latest/api/token");
    wants_token.headers = {{"x-aws-ec2-metadata-token-ttl-seconds", "21600"}};
    const auto token = ask(context_, wants_token, 2, "asking the instance's metadata");
    if (!token && token.error().kind == ErrorKind::kInterrupted) return fail(token.error());
    if (!token || token->status != 200) return std::optional<FoundCredentials>();  // no instance of EC2

    const std::string place = "/latest/meta-data/iam/security-credentials/";
    RH_ASSIGN(const HttpResponse roles, get(place, token->body));
    if (roles.status == 404) return std::optional<FoundCredentials>();  // an instance without a role
    const std::string role = roles.body.substr(0, roles.body.find_first_of("\r\n"));
    RH_ASSIGN(const HttpResponse answer, get(place + role, token->body));
    if (roles.status != 200 || answer.status != 200)
      return fail(ErrorKind::kPermission,
                  fmt::format("asking the instance's metadata for credentials: HTTP status {}",
                              roles.status != 200 ? roles.status : answer.status),
                  "Check the instance's role.");
    return present(parse_json_credentials(answer.body, "the instance's role " + role));
  }

 private:
  HttpRequest request(const std::string& method, const std::string& path) const {
    std::string base = context_.environment("AWS_EC2_METADATA_SERVICE_ENDPOINT");
    const bool ipv6 = context_.environment("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE") == "IPv6";
    if (base.empty()) base = ipv6 ? "http://[fd00:ec2::254]" : "http://169.254.169.254";
    while (base.ends_with('/')) base.pop_back();
    HttpRequest made;
    made.method = method;
    made.url = base + path;
    made.direct = true;
    made.connect_timeout = Milliseconds(1000);
    made.total = Milliseconds(5000);
    return made;
  }
  Result<HttpResponse> get(const std::string& path, const std::string& token) const {
    HttpRequest made = request("GET", path);
    made.headers = {{"x-aws-ec2-metadata-token", token}};
    return ask(context_, made, 4, "asking the instance's metadata for credentials");
  }

  CredentialsContext context_;
};

}  // namespace

Result<HttpResponse> ask(const CredentialsContext& context, const HttpRequest& request, int attempts,
                         const std::string& doing) {
  RetryPolicy policy;
  policy.longest = Milliseconds(2000);
  Retry retry(policy, *context.timing);
  while (true) {
    const auto answer = context.transport->perform(request);
    if (answer && answer->status < 500 && answer->status != 429) return *answer;
    if (!answer && answer.error().kind == HttpFailure::Kind::kInterrupted)
      return fail(ErrorKind::kInterrupted, doing + ": interrupted");
    const auto next = retry.again(attempts);
    if (next == Retry::Next::kTry) continue;
    if (next == Retry::Next::kInterrupted) return fail(ErrorKind::kInterrupted, doing + ": interrupted");
    if (answer) return *answer;
    return fail(ErrorKind::kUnavailable, doing + ": " + answer.error().message);
  }
}

Result<FoundCredentials> parse_json_credentials(const std::string& text, const std::string& source) {
  const Json json = Json::parse(text, nullptr, false);
  const auto field = [&](const char* name) {
    const auto found = json.is_object() ? json.find(name) : json.end();
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  const std::string token = field("SessionToken");
  FoundCredentials found{
      {field("AccessKeyId"), field("SecretAccessKey"), token.empty() ? field("Token") : token}, source, {}};
  if (found.credentials.access_key_id.empty() || found.credentials.secret_access_key.empty())
    return fail(ErrorKind::kPermission, source + ": the answer holds no AccessKeyId and SecretAccessKey",
                "Look at what it gives.");
  if (const std::string expires = field("Expiration"); !expires.empty()) {
    found.expires = parse_iso_time(expires);
    if (!found.expires) return fail(ErrorKind::kPermission, source + ": its Expiration is no time");
  }
  return found;
}

std::unique_ptr<CredentialsSource> make_environment_source(const CredentialsContext& context) {
  return std::make_unique<EnvironmentSource>(context.environment);
}
std::unique_ptr<CredentialsSource> make_web_identity_source(const CredentialsContext& context) {
  return std::make_unique<WebIdentitySource>(context);
}
std::unique_ptr<CredentialsSource> make_container_source(const CredentialsContext& context) {
  return std::make_unique<ContainerSource>(context);
}
std::unique_ptr<CredentialsSource> make_instance_source(const CredentialsContext& context) {
  return std::make_unique<InstanceSource>(context);
}

std::vector<std::unique_ptr<CredentialsSource>> default_sources(const CredentialsContext& context) {
  std::vector<std::unique_ptr<CredentialsSource>> sources;
  sources.push_back(make_environment_source(context));
  sources.push_back(make_profile_source(context, ""));
  sources.push_back(make_web_identity_source(context));
  sources.push_back(make_profile_source(context, "default"));
  sources.push_back(make_container_source(context));
  sources.push_back(make_instance_source(context));
  return sources;
}

}  // namespace reelhouse::lake::s3
