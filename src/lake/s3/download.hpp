#pragma once

#include <condition_variable>
#include <mutex>
#include <string>

#include "base/progress.hpp"
#include "lake/object_store.hpp"
#include "lake/s3/client.hpp"

namespace reelhouse::lake::s3 {

/// Objects from this size on come in parts, several at a time.
constexpr uint64_t kLargeObject = 64ULL << 20U;
/// About the sizes of such parts: as few as keep all transfers busy, for each costs the server a start.
constexpr uint64_t kLeastDownloadPart = 16ULL << 20U;
constexpr uint64_t kMostDownloadPart = 64ULL << 20U;

/// Where an object's bytes go.
struct DownloadTarget {
  int descriptor = -1;
  std::string name;              ///< the file's, for messages
  Progress* progress = nullptr;  ///< may be null
};

/// Bounds the transfers that run at a time. Checking what came needs no connection, so that there are more
/// threads than transfers.
class Transfers {
 public:
  explicit Transfers(int limit) : limit_(limit), free_(limit) {}
  /// Sends within the bound. Errors: as Client::send.
  Result<HttpResponse> send(const Client& client, const Request& request);
  uint64_t limit() const { return static_cast<uint64_t>(limit_); }
  /// Threads that keep the transfers busy.
  size_t threads() const { return 2 * static_cast<size_t>(limit_); }

 private:
  int limit_;
  std::mutex mutex_;
  std::condition_variable freed_;
  int free_;
};

/// Brings an object, as of its ETag, into an empty file: never two versions mixed, its length and all
/// checksums that the server gives verified. What arrives damaged is fetched again. `info.key` is whole.
/// Errors: kNotFound, kPermission, kUnavailable, kDamaged, kFull, kInterrupted; kBusy when the object
/// has changed since `info`.
Result<> download(const Client& client, Transfers& transfers, const ObjectInfo& info,
                  const DownloadTarget& target);

/// Says that an object arrived damaged again and again.
Error damaged_on_its_way(const Client& client, const ObjectInfo& info);

}  // namespace reelhouse::lake::s3
