#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "metric/snapshot.hpp"

namespace reelhouse::serve {

/// Keeps the published version open, and notices a new one: it is opened beside the old, its cubes made,
/// and only then do new questions go to it; those that run end on the old one. Thread-safe.
class Live {
 public:
  struct Source {
    /// Opens the current version. Errors: as metric::Snapshot::open.
    std::function<Result<std::shared_ptr<const metric::Snapshot>>()> open;
    /// Tells the current version's number cheaply; nothing when none is published.
    std::function<Result<std::optional<int>>()> current;
    /// A new version is open (from the watching thread).
    std::function<void(int)> opened;
    /// The current version cannot be opened; told once for each reason.
    std::function<void(const Error&)> failed;
    std::chrono::milliseconds poll{500};
    std::chrono::milliseconds retry{10'000};  ///< after a failure
  };

  /// A session on an open version, given back when this ends.
  class Lease {
   public:
    Lease(Live& live, std::shared_ptr<const metric::Snapshot> snapshot,
          std::unique_ptr<engine::Session> session)
        : live_(&live), snapshot_(std::move(snapshot)), session_(std::move(session)) {}
    Lease(Lease&&) = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease();
    const metric::Snapshot& snapshot() const { return *snapshot_; }
    engine::Session& session() const { return *session_; }

   private:
    Live* live_;
    std::shared_ptr<const metric::Snapshot> snapshot_;
    std::unique_ptr<engine::Session> session_;
  };

  explicit Live(Source source) : source_(std::move(source)) {}
  ~Live();
  Live(const Live&) = delete;
  Live& operator=(const Live&) = delete;

  /// Makes one attempt to open, then watches from a thread of its own.
  void start();
  void stop();

  /// Returns the open version; null when there is none yet.
  std::shared_ptr<const metric::Snapshot> snapshot() const;
  /// Says why the current version is not open; nothing when it is. An older one may be open nevertheless.
  std::optional<Error> problem() const;
  /// Errors: kUnavailable (no version is open, with the reason), and those of Snapshot::connect.
  Result<Lease> lease();

 private:
  void watch();
  void look();
  void give_back(const std::shared_ptr<const metric::Snapshot>& snapshot,
                 std::unique_ptr<engine::Session> session);

  Source source_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::shared_ptr<const metric::Snapshot> snapshot_;
  std::vector<std::unique_ptr<engine::Session>> idle_;  ///< of `snapshot_`; destroyed before it
  std::optional<Error> problem_ =
      Error{ErrorKind::kUnavailable, "the published version is being opened", "Try again in a moment.", {}};
  int tried_ = 0;  ///< version whose opening failed
  std::chrono::steady_clock::time_point retry_at_{};
  std::thread thread_;
};

}  // namespace reelhouse::serve
