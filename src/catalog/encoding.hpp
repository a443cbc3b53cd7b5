#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "catalog/format.hpp"

namespace reelhouse::catalog {

/// What the first bytes of an object tell about its encoding.
struct EncodingHint {
  Encoding encoding = Encoding::kUtf8;
  size_t mark = 0;       ///< bytes of the byte-order mark, to be skipped
  bool certain = false;  ///< by a mark or by the pattern of NULs
  bool utf32 = false;    ///< a byte-order mark of UTF-32, which is not understood
};
EncodingHint encoding_of(std::span<const std::byte> head);
/// Bytes of the mark that `encoding` has at the front of `head`; 0 when there is none.
size_t mark_length(std::span<const std::byte> head, Encoding encoding);

/// Writes a code point as UTF-8 and returns its length; a surrogate comes out as the three bytes that
/// valid UTF-8 may not hold.
size_t put_utf8(uint32_t code, char* out);

/// Turns another encoding's bytes into UTF-8, piece after piece. What has no meaning (a lone
/// surrogate, an odd last byte, an undefined byte) becomes a sequence that is not valid UTF-8, so that
/// the record that holds it is rejected like any other that cannot be decoded.
class Transcoder {
 public:
  explicit Transcoder(Encoding encoding) : encoding_(encoding) {}
  /// Appends UTF-8 to `out`, which needs room for `most(raw.size())` bytes; returns what it wrote.
  size_t convert(std::span<const std::byte> raw, char* out);
  /// Writes what an incomplete last character becomes (at most 8 bytes).
  size_t finish(char* out);
  static size_t most(size_t raw) { return raw * 3 + 8; }

 private:
  size_t unit(uint32_t unit, char* out);
  Encoding encoding_;
  int odd_ = -1;       ///< first byte of a 16-bit unit that was cut
  uint32_t high_ = 0;  ///< high surrogate that waits for its low one
};

/// Position of the first byte that is not part of valid UTF-8, or npos.
size_t invalid_utf8_at(std::string_view text);

/// Counts sequences of two bytes and more, and bytes that are invalid, for telling UTF-8 that is
/// damaged here and there from another encoding.
struct Utf8Count {
  uint64_t sequences = 0;
  uint64_t invalid = 0;
};
Utf8Count count_utf8(std::string_view text, bool known_valid);

/// Replaces what is not valid UTF-8, and NULs, by U+FFFD, and cuts at `most` bytes between characters.
std::string shown(std::string_view text, size_t most);

}  // namespace reelhouse::catalog
