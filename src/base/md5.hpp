#pragma once

#include <array>
#include <cstdint>

#include "base/digest.hpp"

namespace reelhouse {

/// MD5 (RFC 1321), which ETags are made of. Not for security.
class Md5 final : public Digest {
 public:
  void add(std::span<const std::byte> bytes) override;
  std::string value() const override;

  using State = std::array<uint32_t, 4>;
  /// For whoever works whole blocks into the state by md5_side_by_side: only between blocks.
  bool is_between_blocks() const { return partial_size_ == 0; }
  State& state() { return state_; }
  void count(uint64_t bytes) { total_ += bytes; }

 private:
  State state_{0x67452301U, 0xefcdab89U, 0x98badcfeU, 0x10325476U};
  std::array<std::byte, 64> partial_{};
  size_t partial_size_ = 0;
  uint64_t total_ = 0;
};

/// Whole blocks of one stream, to be worked into its state.
struct Md5Work {
  Md5::State* state = nullptr;
  const std::byte* data = nullptr;
  size_t blocks = 0;
};

/// Works the same number of blocks of up to eight streams in, in the lanes of the processor's vector
/// registers, and moves each one's data on: one stream's steps wait for each other, eight streams take
/// little longer than one.
void md5_side_by_side(std::span<Md5Work* const> streams, size_t blocks);

}  // namespace reelhouse
