#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/progress.hpp"
#include "base/result.hpp"
#include "catalog/encoding.hpp"
#include "catalog/format.hpp"
#include "lake/byte_stream.hpp"

namespace reelhouse::catalog {

/// A record longer than this is rejected: reading it would take memory without bound.
inline constexpr size_t kLongestRecord = 16 << 20;

/// A run of whole records of one object as UTF-8, each ended by the format's line end; one worker
/// parses it while another fetches the next. Reused from one to the next to keep its memory.
struct Block {
  std::vector<char> buffer;
  size_t size = 0;
  uint64_t number = 0;      ///< from 0; the first holds the header
  uint64_t first_line = 1;  ///< physical line of its first character
  bool too_long = false;    ///< holds only the beginning of a record longer than kLongestRecord

  std::string_view text() const { return {buffer.data(), size}; }
};

/// Position behind the last complete record of `text`, which begins at a record; 0 when there is none.
/// A quote opens only at the beginning of a field, a line end inside quotes ends nothing.
size_t last_record_end(std::string_view text, const Format& format);

/// Decompresses one object and cuts it into blocks. Any number of threads may call `next`; which
/// blocks come out does not depend on them.
class BlockReader {
 public:
  /// Opens an object whose compression, encoding, quoting and line ends are known. `progress` (may be
  /// null) counts compressed bytes. Errors: kNotFound, kPermission, kUnavailable, kDamaged.
  static Result<std::unique_ptr<BlockReader>> open(const std::filesystem::path& file, const Format& format,
                                                   Progress* progress);

  /// Fetches the next block; false at the end. After an error every call fails with it.
  /// Errors: kDamaged, kUnavailable, kInterrupted.
  Result<bool> next(Block& block);
  /// Bytes of the object after decompression; whole once `next` returned false.
  uint64_t uncompressed_bytes() const { return uncompressed_; }

 private:
  BlockReader(Format format, std::unique_ptr<lake::ByteStream> stream, Progress* progress);
  Result<bool> fetch(Block& block);
  Result<> append_chunk(Block& block);
  Result<> skip_long_record(Block& block);
  void cut(Block& block, size_t end);

  const Format format_;
  std::mutex mutex_;
  std::unique_ptr<lake::ByteStream> stream_;
  Progress* progress_;
  Transcoder transcoder_;
  std::vector<std::byte> raw_;
  std::vector<char> rest_;  ///< the beginning of the next block
  uint64_t uncompressed_ = 0;
  uint64_t reported_ = 0;
  uint64_t blocks_ = 0;
  uint64_t line_ = 1;
  bool at_end_ = false;
  std::optional<Error> error_;
};

}  // namespace reelhouse::catalog
