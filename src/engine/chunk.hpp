#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace reelhouse::engine {

/// How a column's values lie in memory.
enum class Physical {
  kBool,  ///< bool
  kInt8,  ///< int8_t, and so on
  kInt16,
  kInt32,  ///< also dates: days since 1970-01-01
  kInt64,  ///< also timestamps: microseconds since 1970-01-01, and times of day
  kUint8,
  kUint16,
  kUint32,
  kUint64,
  kInt128,  ///< Wide; also UUIDs, with the highest bit flipped
  kFloat,
  kDouble,
  kText,       ///< 16 bytes that `text` reads; also binary
  kUnreadable  ///< nested and rare types: cast them in the statement
};

/// A 128-bit integer in two halves.
struct Wide {
  uint64_t lower = 0;
  int64_t upper = 0;
};

/// The values of one column of a chunk, valid until the next chunk is fetched.
struct Vector {
  Physical physical = Physical::kUnreadable;
  const void* data = nullptr;
  const uint64_t* validity = nullptr;  ///< a bit a row, 0 = null; null when no row is

  bool is_null(size_t row) const {
    return validity != nullptr && (validity[row / 64] >> (row % 64) & 1) == 0;
  }
  template <typename T>
  T at(size_t row) const {
    return static_cast<const T*>(data)[row];
  }
  /// Reads text of kText: a length, then up to 12 bytes in place, or a prefix of 4 and a pointer.
  std::string_view text(size_t row) const {
    constexpr size_t kSize = 16;
    constexpr uint32_t kInline = 12;
    const char* cell = static_cast<const char*>(data) + row * kSize;
    uint32_t length = 0;
    std::memcpy(&length, cell, sizeof length);
    if (length <= kInline) return {cell + sizeof length, length};
    const char* pointer = nullptr;
    std::memcpy(&pointer, cell + 8, sizeof pointer);
    return {pointer, length};
  }
};

/// Some thousands of rows of a result.
struct Chunk {
  size_t rows = 0;
  std::vector<Vector> columns;
};

/// A running statement whose rows are fetched chunk by chunk, as the engine holds them. Use it from one
/// thread at a time; it lives no longer than its session.
class Scan {
 public:
  struct Column {
    std::string name;
    std::string type;  ///< as Column::type
    Physical physical = Physical::kUnreadable;
    unsigned scale = 0;  ///< of a decimal
  };
  virtual ~Scan() = default;
  virtual const std::vector<Column>& columns() const = 0;
  /// Fetches the next chunk into `chunk`, whose values belong to the returned holder; null at the end.
  /// Errors: kQuery, kFull, kInterrupted.
  virtual Result<std::shared_ptr<void>> next(Chunk& chunk) = 0;
};

}  // namespace reelhouse::engine
