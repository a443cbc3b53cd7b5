#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace reelhouse::lake::s3 {

/// Looks up an environment variable; empty when it is not set. Tests hand in their own.
using Environment = std::function<std::string(const std::string&)>;
Environment process_environment();

/// Settings of one profile by name; a nested one is "s3.addressing_style".
using Profile = std::map<std::string, std::string>;

/// What ~/.aws/config and ~/.aws/credentials say together.
struct ProfileFiles {
  std::map<std::string, Profile> profiles;      ///< credentials win over config
  std::map<std::string, Profile> sso_sessions;  ///< [sso-session x]
  std::map<std::string, Profile> services;      ///< [services x]

  const Profile* find(const std::string& name) const;
};

/// Reads one file's text. `is_credentials`: sections are bare profile names; in a config file only
/// "default" is, others are "profile NAME". What cannot be read is passed over, as AWS's own tools do.
void add_profiles(std::string_view text, bool is_credentials, ProfileFiles& files);

/// Reads both files, from where the environment says (AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE) or
/// below ~/.aws; one that does not exist is empty. Errors: kPermission, kUnavailable.
Result<ProfileFiles> load_profiles(const Environment& environment);

/// The profile that AWS_PROFILE (or AWS_DEFAULT_PROFILE) names, else "default".
std::string chosen_profile(const Environment& environment);

}  // namespace reelhouse::lake::s3
