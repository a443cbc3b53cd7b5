#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace reelhouse {

/// Reads a whole small file. Errors: kNotFound, kPermission, kUnavailable.
Result<std::string> read_file(const std::filesystem::path& path);

/// Writes `content` so that a reader, or a crash, sees the old file or the new one and nothing
/// between: a temporary file beside it, fsync, rename, fsync of the folder. Makes missing folders.
/// Errors: kPermission, kFull, kUnavailable.
Result<> write_file_atomically(const std::filesystem::path& path, std::string_view content);

/// Makes a folder and its parents. Errors: kPermission, kFull, kUnavailable.
Result<> make_folders(const std::filesystem::path& path);

/// Flushes a file's or folder's content to the disk. Errors: kUnavailable, kFull.
Result<> sync_to_disk(const std::filesystem::path& path);

/// Renames within one file system and flushes the folder of `to`. Errors: as write_file_atomically.
Result<> rename_durably(const std::filesystem::path& from, const std::filesystem::path& to);

/// Holds an exclusive flock on a file until destroyed; the kernel releases it when a process dies.
class FileLock {
 public:
  /// Takes the lock without waiting and writes this process's id into the file.
  /// Errors: kBusy (the hint names the holder's process id), kPermission, kUnavailable.
  static Result<FileLock> take(const std::filesystem::path& path, std::string_view what_for);
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  ~FileLock();

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

}  // namespace reelhouse
