#include "catalog/structure_index.hpp"

#include <algorithm>
#include <bit>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace reelhouse::catalog {
namespace {

constexpr size_t kStep = 64;

/// Writes the positions of the bits of `mask`; may write up to seven entries more than there are.
inline uint32_t* put_positions(uint64_t mask, uint32_t base, uint32_t* out) {
  const int count = std::popcount(mask);
  uint32_t* const end = out + count;
  for (; out < end; out += 8) {
    for (size_t i = 0; i < 8; ++i) {
      out[i] = base + static_cast<uint32_t>(std::countr_zero(mask | 1ULL << 63));
      mask &= mask - 1;
    }
  }
  return end;
}

uint64_t scalar_mask(const char* data, size_t size, char a, char b, char c) {
  uint64_t mask = 0;
  for (size_t i = 0; i < size; ++i) {
    const char value = data[i];
    mask |= static_cast<uint64_t>(value == a || value == b || value == c) << i;
  }
  return mask;
}

#if defined(__x86_64__)

bool has_avx2() {
  static const bool has = __builtin_cpu_supports("avx2") != 0;
  return has;
}

__attribute__((target("avx2"))) inline uint64_t find_in_32(const char* data, __m256i a, __m256i b,
                                                           __m256i c) {
  const __m256i text = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(data));
  const __m256i hit = _mm256_or_si256(_mm256_or_si256(_mm256_cmpeq_epi8(text, a), _mm256_cmpeq_epi8(text, b)),
                                      _mm256_cmpeq_epi8(text, c));
  return static_cast<uint32_t>(_mm256_movemask_epi8(hit));
}

/// Handles whole steps; returns how many bytes it looked at.
__attribute__((target("avx2,bmi,popcnt"))) size_t index_steps(const char* data, size_t size, char a, char b,
                                                              char c, std::vector<uint32_t>& positions,
                                                              size_t& count) {
  const __m256i wide_a = _mm256_set1_epi8(a);
  const __m256i wide_b = _mm256_set1_epi8(b);
  const __m256i wide_c = _mm256_set1_epi8(c);
  size_t at = 0;
  for (; at + kStep <= size; at += kStep) {
    if (count + kStep + 8 > positions.size()) positions.resize(positions.size() * 2);
    const uint64_t mask = find_in_32(data + at, wide_a, wide_b, wide_c) |
                          find_in_32(data + at + 32, wide_a, wide_b, wide_c) << 32;
    uint32_t* out = positions.data() + count;
    count += static_cast<size_t>(put_positions(mask, static_cast<uint32_t>(at), out) - out);
  }
  return at;
}

__attribute__((target("avx2,popcnt"))) size_t count_steps(const char* data, size_t size, char wanted,
                                                          size_t& count) {
  const __m256i wide = _mm256_set1_epi8(wanted);
  size_t at = 0;
  for (; at + 32 <= size; at += 32)
    count +=
        static_cast<size_t>(std::popcount(static_cast<uint32_t>(find_in_32(data + at, wide, wide, wide))));
  return at;
}

__attribute__((target("avx2,popcnt"))) size_t count_lead_steps(const char* data, size_t size, size_t& count) {
  // As signed numbers continuation bytes lie below -64, lead bytes between it and -1.
  const __m256i below = _mm256_set1_epi8(-65);
  size_t at = 0;
  for (; at + 32 <= size; at += 32) {
    const __m256i text = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(data + at));
    const auto high = static_cast<uint32_t>(_mm256_movemask_epi8(text));
    if (high == 0) continue;
    const __m256i above = _mm256_cmpgt_epi8(text, below);
    count += static_cast<size_t>(std::popcount(high & static_cast<uint32_t>(_mm256_movemask_epi8(above))));
  }
  return at;
}

#endif

}  // namespace

void StructureIndex::build(const char* data, size_t size, char a, char b, char c) {
  count_ = 0;
  if (positions_.size() < 4096) positions_.resize(4096);
  size_t at = 0;
#if defined(__x86_64__)
  if (has_avx2()) at = index_steps(data, size, a, b, c, positions_, count_);
#endif
  for (; at < size; at += kStep) {
    if (count_ + kStep + 8 > positions_.size()) positions_.resize(positions_.size() * 2);
    const uint64_t mask = scalar_mask(data + at, std::min(kStep, size - at), a, b, c);
    uint32_t* out = positions_.data() + count_;
    count_ += static_cast<size_t>(put_positions(mask, static_cast<uint32_t>(at), out) - out);
  }
}

size_t count_char(const char* data, size_t size, char wanted) {
  size_t count = 0;
  size_t at = 0;
#if defined(__x86_64__)
  if (has_avx2()) at = count_steps(data, size, wanted, count);
#endif
  for (; at < size; ++at) count += data[at] == wanted ? 1 : 0;
  return count;
}

size_t count_lead_bytes(const char* data, size_t size) {
  size_t count = 0;
  size_t at = 0;
#if defined(__x86_64__)
  if (has_avx2()) at = count_lead_steps(data, size, count);
#endif
  for (; at < size; ++at) count += static_cast<unsigned char>(data[at]) >= 0xC0 ? 1 : 0;
  return count;
}

}  // namespace reelhouse::catalog
