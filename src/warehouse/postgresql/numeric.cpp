#include "warehouse/postgresql/numeric.hpp"

#include <algorithm>
#include <array>

#include "warehouse/postgresql/bytes.hpp"

namespace reelhouse::warehouse::postgresql {
namespace {

__extension__ using UInt128 = unsigned __int128;

constexpr unsigned kBase = 10000;
constexpr unsigned kDigitsEach = 4;
constexpr uint16_t kNegative = 0x4000;
constexpr uint16_t kPositive = 0;
constexpr size_t kMostDigits = 12;
constexpr std::array<unsigned, kDigitsEach> kPowers = {1, 10, 100, 1000};

UInt128 magnitude(engine::Wide value) {
  const UInt128 bits = (static_cast<UInt128>(static_cast<uint64_t>(value.upper)) << 64) | value.lower;
  return value.upper < 0 ? ~bits + 1 : bits;
}

engine::Wide signed_of(UInt128 value, bool negative) {
  if (negative) value = ~value + 1;
  return {static_cast<uint64_t>(value), static_cast<int64_t>(static_cast<uint64_t>(value >> 64))};
}

/// Splits into base-10000 digits, the last first, so that the point falls between two of them.
size_t split(UInt128 value, unsigned scale, std::array<uint16_t, kMostDigits>& digits) {
  const unsigned pad = (kDigitsEach - scale % kDigitsEach) % kDigitsEach;
  size_t count = 0;
  // The first digit takes what is left of the point's group, so that nothing overflows.
  if (pad != 0) {
    const unsigned part = kPowers[kDigitsEach - pad];
    digits[count++] = static_cast<uint16_t>(static_cast<unsigned>(value % part) * kPowers[pad]);
    value /= part;
  }
  while (value > UINT64_MAX) {
    digits[count++] = static_cast<uint16_t>(value % kBase);
    value /= kBase;
  }
  for (auto rest = static_cast<uint64_t>(value); rest != 0; rest /= kBase)
    digits[count++] = static_cast<uint16_t>(rest % kBase);
  return count;
}

}  // namespace

void append_numeric(std::string& bytes, engine::Wide value, unsigned scale) {
  std::array<uint16_t, kMostDigits> digits;
  size_t high = split(magnitude(value), scale, digits);
  const size_t behind = (scale + kDigitsEach - 1) / kDigitsEach;
  while (high > 0 && digits[high - 1] == 0) --high;
  size_t low = 0;
  while (low < high && digits[low] == 0) ++low;
  const bool zero = low == high;
  const int weight = zero ? 0 : static_cast<int>(high) - 1 - static_cast<int>(behind);
  append_16(bytes, static_cast<uint16_t>(high - low));
  append_16(bytes, static_cast<uint16_t>(weight));
  append_16(bytes, !zero && value.upper < 0 ? kNegative : kPositive);
  append_16(bytes, static_cast<uint16_t>(scale));
  for (size_t i = high; i > low; --i) append_16(bytes, digits[i - 1]);
}

std::optional<engine::Wide> read_numeric(std::string_view bytes, unsigned scale) {
  constexpr size_t kHead = 8;
  if (bytes.size() < kHead) return std::nullopt;
  const size_t count = read_16(bytes.data());
  const int weight = static_cast<int16_t>(read_16(bytes.data() + 2));
  const uint16_t sign = read_16(bytes.data() + 4);
  if (bytes.size() != kHead + 2 * count || (sign != kPositive && sign != kNegative)) return std::nullopt;
  UInt128 value = 0;
  // Powers of ten by which the digits' integer has to be multiplied, or divided where it is negative.
  int exponent =
      static_cast<int>(kDigitsEach) * (weight - static_cast<int>(count) + 1) + static_cast<int>(scale);
  const UInt128 limit = static_cast<UInt128>(1) << 127;
  for (size_t i = 0; i < count; ++i) {
    unsigned digit = read_16(bytes.data() + kHead + 2 * i);
    if (digit >= kBase) return std::nullopt;
    unsigned base = kBase;
    // The last digit's zeros behind the scale are dropped before they overflow.
    if (i + 1 == count && exponent < 0 && exponent > -static_cast<int>(kDigitsEach)) {
      const unsigned part = kPowers[static_cast<size_t>(-exponent)];
      if (digit % part != 0) return std::nullopt;
      digit /= part;
      base /= part;
      exponent = 0;
    }
    if (value > (limit - digit) / base) return std::nullopt;
    value = value * base + digit;
  }
  if (exponent < 0 && value != 0) return std::nullopt;
  for (; exponent > 0 && value != 0; --exponent) {
    if (value > limit / 10) return std::nullopt;
    value *= 10;
  }
  if (value >= limit) return std::nullopt;
  return signed_of(value, sign == kNegative);
}

std::string decimal_text(engine::Wide value) {
  UInt128 rest = magnitude(value);
  std::string digits;
  do {
    digits.push_back(static_cast<char>('0' + static_cast<int>(rest % 10)));
    rest /= 10;
  } while (rest != 0);
  if (value.upper < 0) digits.push_back('-');
  std::ranges::reverse(digits);
  return digits;
}

}  // namespace reelhouse::warehouse::postgresql
