#include "serve/live.hpp"

#include <malloc.h>

namespace reelhouse::serve {
namespace {

constexpr size_t kSessionsKept = 4;
constexpr auto kTrim = std::chrono::seconds(20);

}  // namespace

Live::Lease::~Lease() {
  if (session_) live_->give_back(snapshot_, std::move(session_));
}

Live::~Live() {
  stop();
  idle_.clear();
}

void Live::start() {
  thread_ = std::thread([this] { watch(); });
}

void Live::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::shared_ptr<const metric::Snapshot> Live::snapshot() const {
  const std::lock_guard lock(mutex_);
  return snapshot_;
}

std::optional<Error> Live::problem() const {
  const std::lock_guard lock(mutex_);
  return problem_;
}

Result<Live::Lease> Live::lease() {
  std::shared_ptr<const metric::Snapshot> snapshot;
  {
    const std::lock_guard lock(mutex_);
    if (!snapshot_) {
      Error error = problem_.value_or(Error{ErrorKind::kUnavailable, "no version is open", {}, {}});
      error.kind = ErrorKind::kUnavailable;
      return fail(std::move(error));
    }
    snapshot = snapshot_;
    if (!idle_.empty()) {
      auto session = std::move(idle_.back());
      idle_.pop_back();
      return Lease(*this, std::move(snapshot), std::move(session));
    }
  }
  RH_ASSIGN(auto session, snapshot->connect());
  return Lease(*this, std::move(snapshot), std::move(session));
}

void Live::give_back(const std::shared_ptr<const metric::Snapshot>& snapshot,
                     std::unique_ptr<engine::Session> session) {
  const std::lock_guard lock(mutex_);
  if (snapshot == snapshot_ && idle_.size() < kSessionsKept) idle_.push_back(std::move(session));
}

/// Opens the current version when it is another than the one that is open.
void Live::look() {
  const auto number = source_.current();
  std::optional<Error> problem;
  if (!number) {
    problem = number.error();
  } else if (!*number) {
    problem = Error{ErrorKind::kNotFound, "nothing is published yet", "Publish with: reelhouse run", {}};
  } else {
    const auto open = snapshot();
    const bool is_open = open && open->version().number == **number;
    const auto now = std::chrono::steady_clock::now();
    if (!is_open && **number == tried_ && now < retry_at_) return;
    if (!is_open) {
      auto opened = source_.open();
      if (opened) {
        const int version = (*opened)->version().number;
        std::vector<std::unique_ptr<engine::Session>> old_sessions;
        {
          const std::lock_guard lock(mutex_);
          old_sessions = std::move(idle_);
          idle_.clear();
          snapshot_ = std::move(*opened);
          problem_.reset();
        }
        tried_ = 0;
        if (source_.opened) source_.opened(version);
        return;
      }
      problem = std::move(opened).error();
      tried_ = **number;
      retry_at_ = now + source_.retry;
    }
  }
  bool is_news = false;
  {
    const std::lock_guard lock(mutex_);
    is_news = problem && (!problem_ || problem_->message != problem->message);
    problem_ = problem;
  }
  if (is_news && source_.failed) source_.failed(*problem);
}

void Live::watch() {
  auto trim_at = std::chrono::steady_clock::now() + kTrim;
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    look();
    if (std::chrono::steady_clock::now() > trim_at) {
      ::malloc_trim(0);  // large answers and old versions have been freed; give their memory back
      trim_at = std::chrono::steady_clock::now() + kTrim;
    }
    lock.lock();
    wake_.wait_for(lock, source_.poll, [&] { return stopping_; });
  }
}

}  // namespace reelhouse::serve
