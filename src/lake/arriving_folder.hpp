#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "lake/object_store.hpp"

namespace reelhouse::lake {

/// Copies a file's content to an open one and syncs it. `to_name` is for messages.
/// Errors: kFull, kPermission, kUnavailable, kNotFound.
Result<> copy_content(const std::filesystem::path& from, int to, const std::string& to_name);

/// A folder that is filled under a hidden name and then renamed whole. Unless it arrived, it goes with this,
/// and what was moved into it returns; what a process that died left is removed by the next.
class ArrivingFolder {
 public:
  /// Makes one below `parent`, which has to be there. Errors: kPermission, kFull, kUnavailable.
  static Result<ArrivingFolder> make(const std::filesystem::path& parent);
  ArrivingFolder(ArrivingFolder&& other) noexcept;
  ArrivingFolder& operator=(ArrivingFolder&&) = delete;
  ~ArrivingFolder();

  const std::filesystem::path& path() const { return path_; }
  /// Copies a file into the folder, or moves it where it may. Errors: as copy_content.
  Result<> add(const FolderFile& file);
  /// Gives the folder its name. Errors: kBusy (it is taken), kPermission, kFull, kUnavailable.
  Result<> arrive(const std::filesystem::path& target);

 private:
  ArrivingFolder(std::filesystem::path path, int descriptor)
      : path_(std::move(path)), descriptor_(descriptor) {}

  std::filesystem::path path_;
  int descriptor_;  ///< holds the flock that tells others that we live
  std::vector<std::pair<std::filesystem::path, std::filesystem::path>> moved_;  ///< (from, to)
};

}  // namespace reelhouse::lake
