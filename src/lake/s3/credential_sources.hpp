#pragma once

#include "lake/s3/credentials.hpp"

namespace reelhouse::lake::s3 {

/// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN.
std::unique_ptr<CredentialsSource> make_environment_source(const CredentialsContext& context);
/// AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN: Kubernetes.
std::unique_ptr<CredentialsSource> make_web_identity_source(const CredentialsContext& context);
/// AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI: ECS, EKS.
std::unique_ptr<CredentialsSource> make_container_source(const CredentialsContext& context);
/// The instance's metadata service, version 2: EC2.
std::unique_ptr<CredentialsSource> make_instance_source(const CredentialsContext& context);
/// A profile of the config files; `name` empty: only the one that AWS_PROFILE names.
std::unique_ptr<CredentialsSource> make_profile_source(const CredentialsContext& context, std::string name);

/// Asks a service for a small answer, a few times when it fails in ways that heal.
/// Errors: kUnavailable, kInterrupted; an answer of any status is a result.
Result<HttpResponse> ask(const CredentialsContext& context, const HttpRequest& request, int attempts,
                         const std::string& doing);

/// Reads the JSON that credential_process, containers and instances give. Errors: kPermission.
Result<FoundCredentials> parse_json_credentials(const std::string& text, const std::string& source);

/// A role to take on.
struct Role {
  std::string arn;
  std::string session_name;
  std::string external_id;
  std::string duration_seconds;
};
/// Asks STS for a role's credentials. Errors: kPermission, kUnavailable, kInterrupted, kUsage.
Result<FoundCredentials> assume_role(const CredentialsContext& context, const Role& role,
                                     const Credentials& own);
/// The same by a token that somebody else vouches for. Errors: the same.
Result<FoundCredentials> assume_role_with_token(const CredentialsContext& context, const Role& role,
                                                const std::string& token_file);

}  // namespace reelhouse::lake::s3
