#pragma once

#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/md5.hpp"
#include "lake/s3/checks.hpp"
#include "lake/s3/download.hpp"

namespace reelhouse::lake::s3 {

/// Brings one large object in parts, several at a time. When the whole does not have the checksum that
/// the server states, nobody knows which part was damaged on its way: parts are fetched again until each
/// came twice the same.
class LargeDownload {
 public:
  LargeDownload(const Client& client, Transfers& transfers, const ObjectInfo& info,
                const DownloadTarget& target)
      : client_(client), transfers_(transfers), info_(info), target_(target) {}
  /// Errors: as download.
  Result<> run();

 private:
  struct Part {
    ByteRange range;
    std::vector<std::string> md5s;  ///< of the upload's parts in it, when those are known
    std::set<std::string> seen;     ///< what came, as hashes
    bool confirmed = false;         ///< the same came twice
    bool is_here = false;
  };

  Result<> look();
  Result<> find_upload_parts();
  void cut();
  Result<> for_each_part(const std::function<Result<>(Part&)>& act);
  Result<> fetch(Part& part);
  Result<> hash_when_many(Part& part);
  Result<> hash(const std::vector<Part*>& parts);
  Result<> hash_on();
  Result<> confirm(Part& part);
  Result<bool> is_right();
  Result<bool> has_etag_of(uint64_t upload_part);
  bool all_confirmed() const;
  FilePiece piece(const ByteRange& range) const {
    return {target_.descriptor, range.begin, range.end - range.begin};
  }

  const Client& client_;
  Transfers& transfers_;
  const ObjectInfo& info_;
  const DownloadTarget& target_;
  std::vector<Check> checks_;           ///< of the whole
  std::vector<uint64_t> upload_parts_;  ///< sizes that a multipart ETag may be made of, likely ones first
  bool upload_part_is_known_ = false;
  std::vector<Part> parts_;
  Md5 whole_;                     ///< of the parts before next_to_hash_, as they came first
  bool whole_is_current_ = true;  ///< no part was fetched again
  size_t next_to_hash_ = 0;
  bool is_hashing_ = false;
  std::vector<Part*> unhashed_;  ///< are here and wait for company
  std::mutex mutex_;             ///< guards is_here, next_to_hash_, is_hashing_ and unhashed_
};

}  // namespace reelhouse::lake::s3
