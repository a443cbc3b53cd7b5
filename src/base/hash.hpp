#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace reelhouse {

/// Returns the SHA-256 of `text` as 64 hexadecimal digits.
std::string sha256(std::string_view text);

/// Hashes a stream of bytes with XXH3 (128 bits): fast, for telling object versions apart; not for
/// security.
class ContentHash {
 public:
  ContentHash();
  ~ContentHash();
  ContentHash(const ContentHash&) = delete;
  ContentHash& operator=(const ContentHash&) = delete;
  void add(std::span<const std::byte> bytes);
  /// Returns 32 hexadecimal digits.
  std::string digest() const;

 private:
  void* state_;
};

}  // namespace reelhouse
