#pragma once

#include <filesystem>
#include <string_view>
#include <utility>

#include "base/result.hpp"

namespace reelhouse {

/// A file in the folder for temporary files, that is gone when this is.
class TemporaryFile {
 public:
  /// Makes it and writes a small text into it. Errors: those of system_error.
  static Result<TemporaryFile> make(std::string_view text = {});
  TemporaryFile(TemporaryFile&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TemporaryFile& operator=(TemporaryFile&&) = delete;
  ~TemporaryFile();
  const std::filesystem::path& path() const { return path_; }

 private:
  explicit TemporaryFile(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

}  // namespace reelhouse
