#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <set>

#include "lake/s3/credential_sources.hpp"

namespace reelhouse::lake::s3 {
namespace {

using Found = Result<std::optional<FoundCredentials>>;

/// Credentials of a profile: its keys, a role that it takes on, or a program that it runs.
class ProfileSource final : public CredentialsSource {
 public:
  ProfileSource(CredentialsContext context, std::string profile)
      : context_(std::move(context)), fixed_(std::move(profile)) {}

  std::string name() const override {
    if (!fixed_.empty()) return "the profile '" + fixed_ + "' in ~/.aws";
    return "the profile that AWS_PROFILE names";
  }

  Found find() override {
    const std::string chosen = chosen_profile(context_.environment);
    const bool is_named =
        !context_.environment("AWS_PROFILE").empty() || !context_.environment("AWS_DEFAULT_PROFILE").empty();
    if (fixed_.empty() ? !is_named : is_named) return std::optional<FoundCredentials>();
    const Profile* profile = context_.files.find(chosen);
    if (profile == nullptr) {
      if (!is_named) return std::optional<FoundCredentials>();
      return fail(ErrorKind::kPermission, fmt::format("the AWS profile '{}' does not exist", chosen),
                  "Check AWS_PROFILE; aws configure list-profiles lists them.");
    }
    std::set<std::string> seen;
    return of(chosen, seen);
  }

 private:
  static std::string at(const Profile& profile, const char* name) {
    const auto found = profile.find(name);
    return found == profile.end() ? "" : found->second;
  }

  Found of(const std::string& name, std::set<std::string>& seen) {
    const Profile* profile = context_.files.find(name);
    if (profile == nullptr)
      return fail(ErrorKind::kPermission, fmt::format("the AWS profile '{}' does not exist", name),
                  "Check source_profile in ~/.aws/config.");
    const bool again = !seen.insert(name).second;
    if (!again && !at(*profile, "role_arn").empty()) return role_of(name, *profile, seen);
    const FoundCredentials keys{{at(*profile, "aws_access_key_id"), at(*profile, "aws_secret_access_key"),
                                 at(*profile, "aws_session_token")},
                                fmt::format("the AWS profile '{}'", name),
                                {}};
    const bool has_id = !keys.credentials.access_key_id.empty();
    const bool has_secret = !keys.credentials.secret_access_key.empty();
    if (has_id && has_secret) return std::optional(keys);
    if (again)
      return fail(ErrorKind::kPermission, fmt::format("the AWS profile '{}' leads back to itself", name),
                  "Check source_profile in ~/.aws/config.");
    if (has_id || has_secret)
      return fail(ErrorKind::kPermission,
                  fmt::format("the AWS profile '{}' has only one half of a key", name),
                  "Give it aws_access_key_id and aws_secret_access_key.");
    if (!at(*profile, "sso_session").empty() || !at(*profile, "sso_start_url").empty()) return sso(name);
    if (const std::string command = at(*profile, "credential_process"); !command.empty())
      return process(name, command);
    if (name == "default") return std::optional<FoundCredentials>();  // it may hold a region only
    return fail(ErrorKind::kPermission, fmt::format("the AWS profile '{}' holds no credentials", name),
                "Give it keys, role_arn with source_profile, or credential_process.");
  }

  Found role_of(const std::string& name, const Profile& profile, std::set<std::string>& seen) {
    const Role role{at(profile, "role_arn"), at(profile, "role_session_name"), at(profile, "external_id"),
                    at(profile, "duration_seconds")};
    if (const std::string file = at(profile, "web_identity_token_file"); !file.empty())
      return lent(assume_role_with_token(context_, role, file));
    if (!at(profile, "mfa_serial").empty())
      return fail(ErrorKind::kPermission,
                  fmt::format("the AWS profile '{}' needs a code from an MFA device", name),
                  export_hint(name));
    const std::string source = at(profile, "source_profile");
    const std::string kind = at(profile, "credential_source");
    Found own;
    if (!source.empty())
      own = of(source, seen);
    else if (kind == "Environment")
      own = make_environment_source(context_)->find();
    else if (kind == "EcsContainer")
      own = make_container_source(context_)->find();
    else if (kind == "Ec2InstanceMetadata")
      own = make_instance_source(context_)->find();
    else
      return fail(ErrorKind::kPermission,
                  fmt::format("the AWS profile '{}' has a role_arn but no source_profile", name),
                  "Add source_profile, or credential_source = Environment, EcsContainer or "
                  "Ec2InstanceMetadata.");
    if (!own) return own;
    if (!*own)
      return fail(ErrorKind::kPermission,
                  fmt::format("the AWS profile '{}' takes on a role, but {} gives no credentials for it",
                              name, source.empty() ? kind : "the profile '" + source + "'"),
                  "Check ~/.aws/config.");
    return lent(assume_role(context_, role, (*own)->credentials));
  }

  static Found lent(Result<FoundCredentials> found) {
    if (!found) return fail(std::move(found).error());
    return std::optional(std::move(*found));
  }

  static std::string export_hint(const std::string& name) {
    return fmt::format("Run: eval \"$(aws configure export-credentials --profile {} --format env)\"", name);
  }

  static Found sso(const std::string& name) {
    return fail(
        ErrorKind::kPermission,
        fmt::format("the AWS profile '{}' signs in through SSO, which this program leaves to AWS's own",
                    name),
        fmt::format("Run: aws sso login --profile {}\n  then: eval \"$(aws configure export-credentials "
                    "--profile {} --format env)\"",
                    name, name));
  }

  static Found process(const std::string& name, const std::string& command) {
    const std::string source = fmt::format("credential_process of the AWS profile '{}'", name);
    std::FILE* pipe = ::popen(command.c_str(), "re");
    if (pipe == nullptr) return fail(ErrorKind::kPermission, source + " cannot be started");
    std::string text;
    std::array<char, 4096> buffer{};
    while (const size_t got = std::fread(buffer.data(), 1, buffer.size(), pipe))
      text.append(buffer.data(), got);
    const int status = ::pclose(pipe);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
      return fail(ErrorKind::kPermission,
                  WIFEXITED(status) ? fmt::format("{} ended with {}", source, WEXITSTATUS(status))
                                    : source + " was ended by a signal",
                  "Run it by hand to see why.");
    return lent(parse_json_credentials(text, source));
  }

  CredentialsContext context_;
  std::string fixed_;
};

}  // namespace

std::unique_ptr<CredentialsSource> make_profile_source(const CredentialsContext& context, std::string name) {
  return std::make_unique<ProfileSource>(context, std::move(name));
}

}  // namespace reelhouse::lake::s3
