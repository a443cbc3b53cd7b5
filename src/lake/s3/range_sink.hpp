#pragma once

#include "lake/s3/checks.hpp"
#include "lake/s3/client.hpp"
#include "lake/s3/download.hpp"

namespace reelhouse::lake::s3 {

/// Writes a range of an object into a file, at its own place, and goes on where a try broke off.
class RangeSink final : public BodySink {
 public:
  /// `etag`: the version that is read.
  RangeSink(const DownloadTarget& target, ByteRange range, std::string etag)
      : target_(target), range_(range), etag_(std::move(etag)) {}

  /// Errors: kBusy (another version), kUnavailable (other bytes than asked for).
  Result<> begin(const HttpResponse& head) override;
  /// Errors: kFull and others of writing, kUnavailable (more bytes than asked for).
  Result<> write(std::span<const std::byte> bytes) override;
  uint64_t position() const override { return position_; }

  /// Errors: kUnavailable when bytes are missing.
  Result<> check_complete() const;
  /// Forgets what came.
  void restart();
  const ByteRange& range() const { return range_; }
  /// What the server said the whole object can be verified by.
  const std::vector<Check>& checks() const { return checks_; }

 private:
  const DownloadTarget& target_;
  ByteRange range_;
  std::string etag_;
  std::vector<Check> checks_;
  uint64_t position_ = 0;
};

/// Makes the request for a range of one version of an object.
Request reading(const ObjectInfo& info, RangeSink& sink);

}  // namespace reelhouse::lake::s3
