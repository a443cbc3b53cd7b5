#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>

#include "base/result.hpp"

namespace reelhouse::lake {

enum class Compression { kNone, kGzip, kZstd };
const char* name_of(Compression compression);

/// Tells how a file is compressed by its first bytes, never by its name.
Result<Compression> compression_of(const std::filesystem::path& file);

/// Reads a file's content, decompressed, from front to back.
class ByteStream {
 public:
  virtual ~ByteStream() = default;
  /// Fills `buffer` as far as it can and returns the bytes written; 0 only at the end.
  /// Errors: kDamaged (checksum, truncation, trailing garbage: where it is, in compressed bytes),
  /// kUnavailable.
  virtual Result<size_t> read(std::span<std::byte> buffer) = 0;
  /// Bytes taken from the file so far, for progress.
  virtual uint64_t consumed() const = 0;
};

/// Opens a file and decompresses it on the way: gzip with ISA-L (several members allowed, CRC and
/// length checked), zstd (several frames, checksums checked) or as it is.
Result<std::unique_ptr<ByteStream>> open_byte_stream(const std::filesystem::path& file,
                                                     Compression compression);

}  // namespace reelhouse::lake
