#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "lake/http/retry.hpp"
#include "lake/http/transport.hpp"
#include "lake/s3/profile_file.hpp"
#include "lake/s3/signature.hpp"

namespace reelhouse::lake::s3 {

/// Credentials, where they came from (for people) and until when they hold.
struct FoundCredentials {
  Credentials credentials;
  std::string source;           ///< "the variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
  std::optional<Time> expires;  ///< nothing: they last
};

/// What looking for credentials needs from outside.
struct CredentialsContext {
  Environment environment;
  ProfileFiles files;
  std::shared_ptr<Transport> transport;
  std::shared_ptr<Timing> timing;
};

/// One place where credentials may be.
class CredentialsSource {
 public:
  virtual ~CredentialsSource() = default;
  /// Returns nothing when this place is not in use. Errors: kPermission (it is, and gives none),
  /// kUsage, kUnavailable, kInterrupted.
  virtual Result<std::optional<FoundCredentials>> find() = 0;
  /// Names the place for people.
  virtual std::string name() const = 0;
};

/// Hands out credentials and renews them five minutes before they expire. Thread-safe.
class CredentialsProvider {
 public:
  CredentialsProvider(std::vector<std::unique_ptr<CredentialsSource>> sources, std::shared_ptr<Timing> timing)
      : sources_(std::move(sources)), timing_(std::move(timing)) {}

  /// Errors: kPermission (there are none: the message lists where was looked), kUsage, kUnavailable,
  /// kInterrupted.
  Result<FoundCredentials> get();
  /// Forgets credentials that a server refused as expired, unless they were renewed meanwhile.
  void refused(const Credentials& credentials);

 private:
  Result<FoundCredentials> find();
  bool is_fresh(Time now) const;

  std::vector<std::unique_ptr<CredentialsSource>> sources_;
  std::shared_ptr<Timing> timing_;
  std::mutex mutex_;
  std::optional<FoundCredentials> current_;
  Time tried_;
};

/// The places in the order of AWS's own tools: variables; the profile that AWS_PROFILE names; web
/// identity; the default profile; a container's endpoint; the instance's metadata.
std::vector<std::unique_ptr<CredentialsSource>> default_sources(const CredentialsContext& context);

/// Makes the provider of the process: default_sources behind one cache.
std::shared_ptr<CredentialsProvider> make_credentials(const CredentialsContext& context);

}  // namespace reelhouse::lake::s3
