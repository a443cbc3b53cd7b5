#include "catalog/encoding.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <utility>

#include "catalog/structure_index.hpp"

namespace reelhouse::catalog {
namespace {

/// Windows-1252's characters 0x80 to 0x9F; 0 where it defines none.
constexpr std::array<uint16_t, 32> kWindows1252 = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

/// Length of the valid sequence at `at`, or 0.
size_t sequence_at(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) -> unsigned {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const auto follows = [&](size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const unsigned first = byte(at);
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4 || !follows(at + 1)) return 0;
  if (first < 0xE0) return 2;
  const unsigned second = byte(at + 1);
  if (!follows(at + 2)) return 0;
  if (first < 0xF0) {
    if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F)) return 0;
    return 3;
  }
  if ((first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F)) return 0;
  return follows(at + 3) ? 4 : 0;
}

}  // namespace

size_t put_utf8(uint32_t code, char* out) {
  const auto byte = [](uint32_t value) { return static_cast<char>(static_cast<uint8_t>(value)); };
  if (code < 0x80) {
    out[0] = byte(code);
    return 1;
  }
  if (code < 0x800) {
    out[0] = byte(0xC0 | code >> 6);
    out[1] = byte(0x80 | (code & 0x3F));
    return 2;
  }
  if (code < 0x10000) {
    out[0] = byte(0xE0 | code >> 12);
    out[1] = byte(0x80 | (code >> 6 & 0x3F));
    out[2] = byte(0x80 | (code & 0x3F));
    return 3;
  }
  out[0] = byte(0xF0 | code >> 18);
  out[1] = byte(0x80 | (code >> 12 & 0x3F));
  out[2] = byte(0x80 | (code >> 6 & 0x3F));
  out[3] = byte(0x80 | (code & 0x3F));
  return 4;
}

size_t mark_length(std::span<const std::byte> head, Encoding encoding) {
  const auto begins = [&](std::initializer_list<unsigned> mark) {
    if (head.size() < mark.size()) return false;
    return std::equal(mark.begin(), mark.end(), head.begin(),
                      [](unsigned want, std::byte have) { return std::to_integer<unsigned>(have) == want; });
  };
  if (encoding == Encoding::kUtf8 && begins({0xEF, 0xBB, 0xBF})) return 3;
  if (encoding == Encoding::kUtf16Le && begins({0xFF, 0xFE})) return 2;
  if (encoding == Encoding::kUtf16Be && begins({0xFE, 0xFF})) return 2;
  return 0;
}

EncodingHint encoding_of(std::span<const std::byte> head) {
  EncodingHint hint;
  for (const Encoding encoding : {Encoding::kUtf8, Encoding::kUtf16Le, Encoding::kUtf16Be}) {
    hint.mark = mark_length(head, encoding);
    if (hint.mark == 0) continue;
    hint.encoding = encoding;
    hint.certain = true;
    hint.utf32 = encoding == Encoding::kUtf16Le && head.size() >= 4 && head[2] == std::byte{0} &&
                 head[3] == std::byte{0};
    return hint;
  }
  // Without a mark UTF-16 shows by NULs in every second byte of its Latin letters and separators.
  const auto sample = head.first(std::min<size_t>(head.size(), 64 * 1024));
  std::array<size_t, 2> nuls{};
  for (size_t i = 0; i < sample.size(); ++i)
    if (sample[i] == std::byte{0}) ++nuls[i % 2];
  const size_t units = sample.size() / 2;
  const bool enough = units >= 4;
  if (enough && nuls[1] * 5 > units && nuls[0] * 50 < nuls[1]) {
    hint.encoding = Encoding::kUtf16Le;
    hint.certain = true;
  } else if (enough && nuls[0] * 5 > units && nuls[1] * 50 < nuls[0]) {
    hint.encoding = Encoding::kUtf16Be;
    hint.certain = true;
  }
  return hint;
}

size_t Transcoder::unit(uint32_t unit, char* out) {
  if (high_ != 0) {
    const uint32_t high = std::exchange(high_, 0);
    if (unit >= 0xDC00 && unit < 0xE000)
      return put_utf8(0x10000 + ((high - 0xD800) << 10) + (unit - 0xDC00), out);
    const size_t lone = put_utf8(high, out);
    return lone + this->unit(unit, out + lone);
  }
  if (unit >= 0xD800 && unit < 0xDC00) {
    high_ = unit;
    return 0;
  }
  return put_utf8(unit, out);
}

size_t Transcoder::convert(std::span<const std::byte> raw, char* out) {
  char* at = out;
  if (encoding_ == Encoding::kWindows1252) {
    for (const std::byte value : raw) {
      const auto byte = std::to_integer<uint32_t>(value);
      if (byte < 0x80) {
        *at++ = static_cast<char>(byte);
      } else if (byte >= 0xA0) {
        at += put_utf8(byte, at);
      } else if (kWindows1252[byte - 0x80] != 0) {
        at += put_utf8(kWindows1252[byte - 0x80], at);
      } else {
        *at++ = static_cast<char>(static_cast<uint8_t>(byte));
      }
    }
    return static_cast<size_t>(at - out);
  }
  const bool big = encoding_ == Encoding::kUtf16Be;
  for (const std::byte value : raw) {
    const int byte = std::to_integer<int>(value);
    if (odd_ < 0) {
      odd_ = byte;
      continue;
    }
    const int first = std::exchange(odd_, -1);
    at += unit(static_cast<uint32_t>(big ? first << 8 | byte : byte << 8 | first), at);
  }
  return static_cast<size_t>(at - out);
}

size_t Transcoder::finish(char* out) {
  char* at = out;
  if (high_ != 0) at += put_utf8(std::exchange(high_, 0), at);
  if (std::exchange(odd_, -1) >= 0) *at++ = static_cast<char>(static_cast<uint8_t>(0xFF));
  return static_cast<size_t>(at - out);
}

size_t invalid_utf8_at(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const size_t length = sequence_at(text, i);
    if (length == 0) return i;
    i += length;
  }
  return std::string_view::npos;
}

Utf8Count count_utf8(std::string_view text, bool known_valid) {
  Utf8Count count;
  if (known_valid) {
    count.sequences = count_lead_bytes(text.data(), text.size());
    return count;
  }
  for (size_t i = 0; i < text.size();) {
    const size_t length = sequence_at(text, i);
    if (length == 0) ++count.invalid;
    if (length > 1) ++count.sequences;
    i += std::max<size_t>(length, 1);
  }
  return count;
}

std::string shown(std::string_view text, size_t most) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    size_t length = sequence_at(text, i);
    const bool replace = length == 0 || text[i] == '\0';
    const std::string_view part = replace ? std::string_view("\xEF\xBF\xBD") : text.substr(i, length);
    if (out.size() + part.size() > most) break;
    out += part;
    i += std::max<size_t>(length, 1);
  }
  return out;
}

}  // namespace reelhouse::catalog
