#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/progress.hpp"
#include "lake/object_store.hpp"
#include "lake/s3/client.hpp"
#include "lake/s3/open_uploads.hpp"

namespace reelhouse::lake::s3 {

/// The most that S3 takes in one request.
constexpr uint64_t kLargestConditionalPut = 5ULL << 30U;

/// The size of the parts that a file of this size goes up in: `usual`, or what 10,000 parts need.
uint64_t part_size_for(uint64_t size, uint64_t usual = 16ULL << 20U);

/// A file that is open to be put.
class UploadFile {
 public:
  /// Errors: kNotFound, kPermission, kUsage (a folder), kUnavailable.
  static Result<UploadFile> open(const std::filesystem::path& path);
  UploadFile(UploadFile&& other) noexcept;
  UploadFile& operator=(UploadFile&&) = delete;
  ~UploadFile();
  FilePiece piece(uint64_t offset, uint64_t length) const { return {descriptor_, offset, length}; }
  uint64_t size() const { return size_; }
  const std::string& name() const { return name_; }

 private:
  UploadFile(int descriptor, uint64_t size, std::string name)
      : descriptor_(descriptor), size_(size), name_(std::move(name)) {}
  int descriptor_;
  uint64_t size_;
  std::string name_;
};

/// Puts a file, in one request or in parts, `parallel` at a time; `key` is whole. What the server says
/// it stored is compared with what was read. A put that fails leaves nothing; `open` remembers uploads in
/// parts in case that this process dies. Errors: kPermission, kUnavailable, kFull, kBusy (the file changes
/// meanwhile), kDamaged, kInterrupted.
Result<> upload(const Client& client, const UploadFile& file, const std::string& key, int parallel,
                Progress* progress, const OpenUploads& open = OpenUploads({}));

/// Puts a file in one request, only over the object whose ETag is `etag` (nullopt: only when there is
/// none), and returns the ETag that is stored. Errors: as upload; kBusy when it is another one.
Result<std::string> upload_if(const Client& client, const UploadFile& file, const std::string& key,
                              const std::optional<std::string>& etag);

}  // namespace reelhouse::lake::s3
