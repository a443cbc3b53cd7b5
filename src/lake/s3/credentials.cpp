#include "lake/s3/credentials.hpp"

namespace reelhouse::lake::s3 {
namespace {

constexpr auto kRenewBefore = std::chrono::minutes(5);
/// Credentials that still hold are not asked for more often, should they be lent for less than that.
constexpr auto kRenewEvery = std::chrono::seconds(30);

}  // namespace

bool CredentialsProvider::is_fresh(Time now) const {
  if (!current_->expires || now < *current_->expires - kRenewBefore) return true;
  return now < *current_->expires && now < tried_ + kRenewEvery;
}

Result<FoundCredentials> CredentialsProvider::get() {
  const std::lock_guard lock(mutex_);
  const Time now = timing_->now();
  if (current_ && is_fresh(now)) return *current_;
  tried_ = now;
  auto found = find();
  if (found) {
    current_ = *found;
  } else if (current_ && now < *current_->expires && found.error().kind != ErrorKind::kInterrupted) {
    return *current_;  // they hold for a while; the next try may succeed
  }
  return found;
}

void CredentialsProvider::refused(const Credentials& credentials) {
  const std::lock_guard lock(mutex_);
  const bool same = current_ && current_->credentials.access_key_id == credentials.access_key_id &&
                    current_->credentials.session_token == credentials.session_token;
  if (same) current_.reset();
}

Result<FoundCredentials> CredentialsProvider::find() {
  std::string places;
  for (const auto& source : sources_) {
    RH_ASSIGN(auto found, source->find());
    if (found) return std::move(*found);
    places += (places.empty() ? "" : ", ") + source->name();
  }
  return fail(ErrorKind::kPermission, "there are no AWS credentials; looked at " + places,
              "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or run: aws configure");
}

std::shared_ptr<CredentialsProvider> make_credentials(const CredentialsContext& context) {
  return std::make_shared<CredentialsProvider>(default_sources(context), context.timing);
}

}  // namespace reelhouse::lake::s3
