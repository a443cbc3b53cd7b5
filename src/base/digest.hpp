#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace reelhouse {

/// Kinds of checksum: those that S3 knows.
enum class DigestKind { kMd5, kSha1, kSha256, kCrc32, kCrc32c, kCrc64Nvme };

/// Works out one checksum over bytes that come piece by piece.
class Digest {
 public:
  virtual ~Digest() = default;
  virtual void add(std::span<const std::byte> bytes) = 0;
  /// Returns the checksum so far, as bytes, the most significant first.
  virtual std::string value() const = 0;
};

std::unique_ptr<Digest> make_digest(DigestKind kind);
/// Returns the checksum of a text.
std::string digest_of(DigestKind kind, std::string_view text);
/// HMAC-SHA256 as 32 bytes.
std::string hmac_sha256(std::string_view key, std::string_view text);
std::string to_hex(std::string_view bytes);
std::string to_base64(std::string_view bytes);
/// Reads hexadecimal digits; nothing when there is anything else.
std::optional<std::string> from_hex(std::string_view text);

}  // namespace reelhouse
