#include "base/digest.hpp"

#include <isa-l/crc.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <charconv>

#include "base/md5.hpp"

namespace reelhouse {
namespace {

/// The SHAs, by OpenSSL.
class EvpDigest final : public Digest {
 public:
  explicit EvpDigest(const EVP_MD* kind) : context_(EVP_MD_CTX_new()) {
    EVP_DigestInit_ex(context_, kind, nullptr);
  }
  ~EvpDigest() override { EVP_MD_CTX_free(context_); }
  EvpDigest(const EvpDigest&) = delete;
  EvpDigest& operator=(const EvpDigest&) = delete;
  void add(std::span<const std::byte> bytes) override {
    EVP_DigestUpdate(context_, bytes.data(), bytes.size());
  }
  std::string value() const override {
    std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
    unsigned int size = 0;
    EVP_MD_CTX* copy = EVP_MD_CTX_new();
    EVP_MD_CTX_copy_ex(copy, context_);
    EVP_DigestFinal_ex(copy, out.data(), &size);
    EVP_MD_CTX_free(copy);
    return {reinterpret_cast<const char*>(out.data()), size};
  }

 private:
  EVP_MD_CTX* context_;
};

std::string big_endian(uint64_t value, int bytes) {
  std::string out;
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * static_cast<unsigned>(i)));
  return out;
}

class Crc32 final : public Digest {
 public:
  void add(std::span<const std::byte> bytes) override {
    value_ = crc32_gzip_refl(value_, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  }
  std::string value() const override { return big_endian(value_, 4); }

 private:
  uint32_t value_ = 0;
};

class Crc32c final : public Digest {
 public:
  void add(std::span<const std::byte> bytes) override {
    // ISA-L takes an int and writes nothing.
    auto* data = reinterpret_cast<unsigned char*>(const_cast<std::byte*>(bytes.data()));
    constexpr size_t kPiece = size_t{1} << 30U;
    for (size_t at = 0; at < bytes.size(); at += kPiece)
      value_ = crc32_iscsi(data + at, static_cast<int>(std::min(kPiece, bytes.size() - at)), value_);
  }
  std::string value() const override { return big_endian(value_ ^ 0xffffffffU, 4); }

 private:
  uint32_t value_ = 0xffffffffU;
};

/// CRC-64/NVME (NVM Express Command Set Specification, 5.2.1.3.4): eight bytes a step, by tables.
class Crc64Nvme final : public Digest {
 public:
  void add(std::span<const std::byte> bytes) override {
    const auto& table = tables();
    const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
    size_t left = bytes.size();
    for (; left >= 8; left -= 8, data += 8) {
      uint64_t word = value_;
      for (unsigned i = 0; i < 8; ++i) word ^= uint64_t{data[i]} << (8 * i);
      value_ = 0;
      for (unsigned i = 0; i < 8; ++i) value_ ^= table[7 - i][(word >> (8 * i)) & 0xffU];
    }
    for (; left > 0; --left, ++data) value_ = table[0][(value_ ^ *data) & 0xffU] ^ (value_ >> 8U);
  }
  std::string value() const override { return big_endian(~value_, 8); }

 private:
  using Tables = std::array<std::array<uint64_t, 256>, 8>;
  static const Tables& tables() {
    static const Tables made = [] {
      Tables t{};
      for (uint64_t i = 0; i < 256; ++i) {
        uint64_t crc = i;
        for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0x9a6c9329ac4bc9b5ULL : 0);
        t[0][i] = crc;
      }
      for (size_t k = 1; k < 8; ++k)
        for (size_t i = 0; i < 256; ++i) t[k][i] = t[0][t[k - 1][i] & 0xffU] ^ (t[k - 1][i] >> 8U);
      return t;
    }();
    return made;
  }
  uint64_t value_ = ~uint64_t{0};
};

}  // namespace

std::unique_ptr<Digest> make_digest(DigestKind kind) {
  switch (kind) {
    case DigestKind::kMd5:
      return std::make_unique<Md5>();
    case DigestKind::kSha1:
      return std::make_unique<EvpDigest>(EVP_sha1());
    case DigestKind::kSha256:
      return std::make_unique<EvpDigest>(EVP_sha256());
    case DigestKind::kCrc32:
      return std::make_unique<Crc32>();
    case DigestKind::kCrc32c:
      return std::make_unique<Crc32c>();
    case DigestKind::kCrc64Nvme:
      break;
  }
  return std::make_unique<Crc64Nvme>();
}

std::string digest_of(DigestKind kind, std::string_view text) {
  const auto digest = make_digest(kind);
  digest->add(std::as_bytes(std::span(text)));
  return digest->value();
}

std::string hmac_sha256(std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), out.data(), &size);
  return {reinterpret_cast<const char*>(out.data()), size};
}

std::string to_hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

std::string to_base64(std::string_view bytes) {
  std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  out.resize(static_cast<size_t>(size));
  return out;
}

std::optional<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string out;
  for (size_t i = 0; i < text.size(); i += 2) {
    unsigned byte = 0;
    if (std::from_chars(text.data() + i, text.data() + i + 2, byte, 16).ptr != text.data() + i + 2)
      return std::nullopt;
    out += static_cast<char>(byte);
  }
  return out;
}

}  // namespace reelhouse
