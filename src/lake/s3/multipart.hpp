#pragma once

#include <string>
#include <vector>

#include "lake/s3/piece_put.hpp"
#include "lake/s3/upload.hpp"

namespace reelhouse::lake::s3 {

/// Puts one large file in parts, several at a time; takes them back when it does not end well.
class MultipartUpload {
 public:
  MultipartUpload(const Client& client, const UploadFile& file, const std::string& key, int parallel,
                  Progress* progress);
  /// Errors: as upload.
  Result<> run();

 private:
  Request asking(const char* method) const;
  Result<> begin();
  Result<> put_parts();
  Result<> put_part(size_t index);
  Result<> complete();
  void abort() const;

  const Client& client_;
  const UploadFile& file_;
  const std::string& key_;
  size_t parallel_;
  Progress* progress_;
  uint64_t part_size_;
  std::string id_;
  std::string mark_ = new_write_mark();
  std::vector<StoredPiece> parts_;
};

}  // namespace reelhouse::lake::s3
