#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "lake/s3/piece_put.hpp"
#include "lake/s3/upload.hpp"

namespace reelhouse::lake::s3 {

/// Takes back the parts of uploads to this bucket whose processes died, as far as that is possible now.
void take_back_left(const Client& client, const OpenUploads& open);

/// Puts one large file in parts, several at a time; takes them back when it does not end well. When somebody
/// else takes them back, it begins again.
class MultipartUpload {
 public:
  MultipartUpload(const Client& client, const UploadFile& file, const std::string& key, int parallel,
                  Progress* progress, const OpenUploads& open);
  /// Errors: as upload.
  Result<> run();

 private:
  Result<> run_once();
  Request asking(const char* method) const;
  Result<> begin();
  Result<> put_parts();
  Result<> put_part(size_t index);
  Result<> complete();
  bool is_gone(const Failure& failure);

  const Client& client_;
  const UploadFile& file_;
  const std::string& key_;
  size_t parallel_;
  Progress* progress_;
  uint64_t part_size_;
  std::string id_;
  std::string mark_ = new_write_mark();
  std::vector<StoredPiece> parts_;
  const OpenUploads& open_;
  UploadNote note_;
  bool in_doubt_ = false;           ///< there may be a second upload, begun by a try whose answer was lost
  std::atomic<bool> gone_ = false;  ///< the server does not know the upload any more
};

}  // namespace reelhouse::lake::s3
