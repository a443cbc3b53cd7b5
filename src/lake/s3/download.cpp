#include "lake/s3/download.hpp"

#include "lake/s3/checks.hpp"
#include "lake/s3/large_download.hpp"
#include "lake/s3/range_sink.hpp"

namespace reelhouse::lake::s3 {
namespace {

constexpr int kMostDamaged = 6;  ///< times that an object may arrive damaged

Result<> download_whole(const Client& client, Transfers& transfers, const ObjectInfo& info,
                        const DownloadTarget& target) {
  RangeSink sink(target, {0, info.size}, info.etag);
  Request request = reading(info, sink);
  request.whole = true;
  request.accept = [&](const HttpResponse&) { return sink.check_complete(); };
  for (int damaged = 0; damaged < kMostDamaged; ++damaged) {
    RH_TRY(transfers.send(client, request));
    RH_ASSIGN(const bool right, all_hold(sink.checks(), {target.descriptor, 0, info.size}, target.name));
    if (right) return {};
    sink.restart();
  }
  return fail(damaged_on_its_way(client, info));
}

}  // namespace

Error damaged_on_its_way(const Client& client, const ObjectInfo& info) {
  return {ErrorKind::kDamaged,
          "reading the object: what arrives does not have the checksum that the server states",
          "Look at what lies between here and the server, or put the object again.",
          client.location().name_of(info.key)};
}

Result<HttpResponse> Transfers::send(const Client& client, const Request& request) {
  {
    std::unique_lock lock(mutex_);
    freed_.wait(lock, [&] { return free_ > 0; });
    --free_;
  }
  auto answer = client.send(request);
  const std::lock_guard lock(mutex_);
  ++free_;
  freed_.notify_one();
  return answer;
}

Result<> download(const Client& client, Transfers& transfers, const ObjectInfo& info,
                  const DownloadTarget& target) {
  if (info.size < kLargeObject) return download_whole(client, transfers, info, target);
  return LargeDownload(client, transfers, info, target).run();
}

}  // namespace reelhouse::lake::s3
