#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace reelhouse::lake::s3 {

/// An upload in parts as a file remembers it; the file is locked while its process lives.
class UploadNote {
 public:
  UploadNote() = default;  ///< remembers nothing
  UploadNote(std::filesystem::path file, int descriptor) : file_(std::move(file)), descriptor_(descriptor) {}
  UploadNote(UploadNote&& other) noexcept;
  UploadNote& operator=(UploadNote&& other) noexcept;
  /// Lets go of the file, which stays unless it was forgotten.
  ~UploadNote();

  /// Remembers an upload; `id` is empty as long as the server has not told it.
  void write(const std::string& place, const std::string& key, const std::string& id) const;
  /// Removes the file: the upload has ended.
  void forget();

 private:
  std::filesystem::path file_;
  int descriptor_ = -1;
};

/// The uploads in parts that processes of this machine have begun and not ended, in a folder, so that the
/// parts of one that died are taken back by the next. Several processes may share the folder.
class OpenUploads {
 public:
  /// An empty folder remembers nothing.
  explicit OpenUploads(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// Begins a note; one that remembers nothing when the folder cannot be written.
  UploadNote begin() const;

  struct Left {
    std::string key;
    std::string id;  ///< empty: the server's answer was not seen
    UploadNote note;
  };
  /// What processes that died have left at a place, and the keys that others upload to it just now.
  struct Found {
    std::vector<Left> left;
    std::set<std::string> alive;
  };
  Found look(const std::string& place) const;

 private:
  std::filesystem::path folder_;
};

}  // namespace reelhouse::lake::s3
