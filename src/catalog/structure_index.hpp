#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace reelhouse::catalog {

/// Positions of the characters that give a block of text its structure, in order. Uses AVX2 where the
/// machine has it.
class StructureIndex {
 public:
  /// Finds every `a`, `b` and `c` (which may be equal) in `size` bytes, of which less than 4 GB.
  /// Reads nothing behind them.
  void build(const char* data, size_t size, char a, char b, char c);
  const uint32_t* positions() const { return positions_.data(); }
  size_t count() const { return count_; }

 private:
  std::vector<uint32_t> positions_;
  size_t count_ = 0;
};

/// Counts how often `wanted` occurs.
size_t count_char(const char* data, size_t size, char wanted);
/// Counts the bytes with which a UTF-8 sequence of two bytes or more begins (0xC0 and above).
size_t count_lead_bytes(const char* data, size_t size);

}  // namespace reelhouse::catalog
