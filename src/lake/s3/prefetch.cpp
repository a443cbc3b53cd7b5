#include "lake/s3/prefetch.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <thread>

#include "lake/s3/download.hpp"

namespace reelhouse::lake::s3 {
namespace {

/// Objects that the server may fail to give, one after the other, before it counts as gone.
constexpr int kMostUnavailable = 3;

/// Large objects on their way together: each uses connections of its own, but one's checksum can only be
/// worked out front to back.
constexpr size_t kLargeAtATime = 4;

/// Judges what becomes of each object.
class Outcome {
 public:
  void note(const Result<>& fetched) {
    const std::lock_guard lock(mutex_);
    if (fetched) {
      unavailable_ = 0;
      return;
    }
    const ErrorKind kind = fetched.error().kind;
    const bool gone = kind == ErrorKind::kUnavailable && ++unavailable_ >= kMostUnavailable;
    if (!gone && kind != ErrorKind::kFull && kind != ErrorKind::kInterrupted) return;
    if (!error_) error_ = fetched.error();
    ended_ = true;
  }
  bool ended() const { return ended_; }
  Result<> result() const {
    if (error_) return fail(*error_);
    return {};
  }

 private:
  std::mutex mutex_;
  int unavailable_ = 0;
  std::optional<Error> error_;
  std::atomic<bool> ended_ = false;
};

}  // namespace

Result<> prefetch_all(std::vector<ObjectInfo> objects, size_t threads, const Fetch& fetch) {
  if (objects.empty()) return {};
  std::ranges::stable_sort(objects, std::greater(), &ObjectInfo::size);
  uint64_t bytes = 0;
  for (const auto& object : objects) bytes += object.size;
  Progress progress("downloading", bytes, "bytes");
  Outcome outcome;
  const auto first_small = std::ranges::find_if(objects, [](const auto& o) { return o.size < kLargeObject; });
  const auto large = static_cast<size_t>(first_small - objects.begin());
  const auto bring = [&](size_t begin, size_t end, size_t at_a_time) {
    std::atomic<size_t> next = begin;
    const auto work = [&] {
      for (size_t i = next++; i < end && !outcome.ended(); i = next++)
        outcome.note(fetch(objects[i], &progress));
    };
    std::vector<std::jthread> workers;
    for (size_t i = 1; i < std::min(end - begin, at_a_time); ++i) workers.emplace_back(work);
    work();
  };
  bring(0, large, kLargeAtATime);
  bring(large, objects.size(), threads);
  return outcome.result();
}

}  // namespace reelhouse::lake::s3
