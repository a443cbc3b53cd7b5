#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace reelhouse::lake {

/// Reads a file front to back in large pieces and knows where it is.
class InputFile {
 public:
  /// Errors: kNotFound, kPermission, kUnavailable.
  static Result<InputFile> open(const std::filesystem::path& path);
  InputFile(InputFile&& other) noexcept;
  InputFile& operator=(InputFile&& other) = delete;
  ~InputFile();

  const std::string& name() const { return name_; }
  uint64_t position() const { return position_; }
  /// Reads until `buffer` is full or the file ends; returns the bytes read. Errors: kUnavailable.
  Result<size_t> read(std::span<std::byte> buffer);

 private:
  InputFile(int descriptor, std::string name) : descriptor_(descriptor), name_(std::move(name)) {}
  int descriptor_;
  std::string name_;
  uint64_t position_ = 0;
};

/// Compressed bytes that were read and not yet decoded.
struct InputBuffer {
  std::vector<std::byte> bytes = std::vector<std::byte>(256 * 1024);
  size_t begin = 0;
  size_t end = 0;
  bool at_end = false;

  size_t size() const { return end - begin; }
  /// Moves what is left to the front and reads on until the buffer is full or the file ends.
  Result<> refill(InputFile& file);
};

}  // namespace reelhouse::lake
