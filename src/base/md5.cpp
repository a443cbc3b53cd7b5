#include "base/md5.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#ifdef __AVX2__
#define REELHOUSE_WITH_AVX2
#elif defined(__x86_64__)
#define REELHOUSE_WITH_AVX2 [[gnu::target("avx2")]]
#else
#define REELHOUSE_WITH_AVX2
#endif

namespace reelhouse {
namespace {

static_assert(std::endian::native == std::endian::little, "MD5's words are read as they lie in memory");

constexpr size_t kBlock = 64;
constexpr size_t kLanes = 8;

using Vector = uint32_t __attribute__((vector_size(4 * kLanes)));

/// 2^32 * |sin(i + 1)|, from RFC 1321.
constexpr uint32_t kSines[64] = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391};

/// a = b + rotate_left(a + f + word + sine, by); Word is one lane or eight.
template <typename Word>
[[gnu::always_inline]] inline void step(Word& a, const Word& b, const Word& f, const Word& word, size_t i,
                                        int by) {
  const Word sum = (a + word + kSines[i]) + f;
  a = b + ((sum << by) | (sum >> (32 - by)));
}

template <typename Word>
[[gnu::always_inline]] inline void work_in_block(Word& a0, Word& b0, Word& c0, Word& d0, const Word* words) {
  Word a = a0;
  Word b = b0;
  Word c = c0;
  Word d = d0;
  for (size_t i = 0; i < 16; i += 4) {
    step<Word>(a, b, d ^ (b & (c ^ d)), words[i], i, 7);
    step<Word>(d, a, c ^ (a & (b ^ c)), words[i + 1], i + 1, 12);
    step<Word>(c, d, b ^ (d & (a ^ b)), words[i + 2], i + 2, 17);
    step<Word>(b, c, a ^ (c & (d ^ a)), words[i + 3], i + 3, 22);
  }
  for (size_t i = 16; i < 32; i += 4) {
    step<Word>(a, b, d & b, words[(5 * i + 1) % 16] + (~d & c), i, 5);
    step<Word>(d, a, c & a, words[(5 * i + 6) % 16] + (~c & b), i + 1, 9);
    step<Word>(c, d, b & d, words[(5 * i + 11) % 16] + (~b & a), i + 2, 14);
    step<Word>(b, c, a & c, words[(5 * i + 16) % 16] + (~a & d), i + 3, 20);
  }
  for (size_t i = 32; i < 48; i += 4) {
    step<Word>(a, b, b ^ c ^ d, words[(3 * i + 5) % 16], i, 4);
    step<Word>(d, a, a ^ b ^ c, words[(3 * i + 8) % 16], i + 1, 11);
    step<Word>(c, d, d ^ a ^ b, words[(3 * i + 11) % 16], i + 2, 16);
    step<Word>(b, c, c ^ d ^ a, words[(3 * i + 14) % 16], i + 3, 23);
  }
  for (size_t i = 48; i < 64; i += 4) {
    step<Word>(a, b, c ^ (b | ~d), words[(7 * i) % 16], i, 6);
    step<Word>(d, a, b ^ (a | ~c), words[(7 * i + 7) % 16], i + 1, 10);
    step<Word>(c, d, a ^ (d | ~b), words[(7 * i + 14) % 16], i + 2, 15);
    step<Word>(b, c, d ^ (c | ~a), words[(7 * i + 21) % 16], i + 3, 21);
  }
  a0 += a;
  b0 += b;
  c0 += c;
  d0 += d;
}

/// Works blocks of one stream in.
void work_alone(Md5Work& stream, size_t blocks) {
  auto& [a, b, c, d] = *stream.state;
  uint32_t words[16];
  for (; blocks > 0; --blocks, --stream.blocks, stream.data += kBlock) {
    std::memcpy(words, stream.data, kBlock);
    work_in_block<uint32_t>(a, b, c, d, words);
  }
}

/// Turns eight rows of eight words (one row a stream) into eight columns.
[[gnu::always_inline]] inline void transpose(const Vector* rows, Vector* columns) {
  Vector pairs[8];
  for (size_t i = 0; i < 8; i += 2) {
    pairs[i] = __builtin_shufflevector(rows[i], rows[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
    pairs[i + 1] = __builtin_shufflevector(rows[i], rows[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
  }
  Vector fours[8];
  for (size_t i = 0; i < 8; i += 4) {
    for (size_t j = 0; j < 2; ++j) {
      const Vector& low = pairs[i + j];
      const Vector& high = pairs[i + j + 2];
      fours[i + 2 * j] = __builtin_shufflevector(low, high, 0, 1, 8, 9, 4, 5, 12, 13);
      fours[i + 2 * j + 1] = __builtin_shufflevector(low, high, 2, 3, 10, 11, 6, 7, 14, 15);
    }
  }
  for (size_t i = 0; i < 4; ++i) {
    columns[i] = __builtin_shufflevector(fours[i], fours[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    columns[i + 4] = __builtin_shufflevector(fours[i], fours[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
  }
}

[[gnu::always_inline]] inline void work_in_lanes(std::span<Md5Work* const> streams, size_t blocks) {
  Md5::State unused{};
  const Md5Work* lanes[kLanes];
  for (size_t i = 0; i < kLanes; ++i) lanes[i] = streams[i < streams.size() ? i : 0];
  Vector state[4] = {};
  for (size_t i = 0; i < kLanes; ++i)
    for (size_t k = 0; k < 4; ++k) state[k][i] = (*lanes[i]->state)[k];
  for (size_t block = 0; block < blocks; ++block) {
    Vector words[16];
    for (size_t half = 0; half < 2; ++half) {
      Vector rows[kLanes];
      for (size_t i = 0; i < kLanes; ++i)
        std::memcpy(&rows[i], lanes[i]->data + block * kBlock + half * 32, sizeof(Vector));
      transpose(rows, words + 8 * half);
    }
    work_in_block<Vector>(state[0], state[1], state[2], state[3], words);
  }
  for (size_t i = 0; i < kLanes; ++i) {
    Md5::State& into = i < streams.size() ? *streams[i]->state : unused;
    for (size_t k = 0; k < 4; ++k) into[k] = state[k][i];
  }
  for (Md5Work* stream : streams) {
    stream->data += blocks * kBlock;
    stream->blocks -= blocks;
  }
}

REELHOUSE_WITH_AVX2 void work_in_wide_lanes(std::span<Md5Work* const> streams, size_t blocks) {
  work_in_lanes(streams, blocks);
}

bool has_wide_lanes() {
#ifdef __x86_64__
  static const bool has = __builtin_cpu_supports("avx2") != 0;
  return has;
#else
  return true;
#endif
}

}  // namespace

void md5_side_by_side(std::span<Md5Work* const> streams, size_t blocks) {
  if (streams.size() == 1)
    work_alone(*streams.front(), blocks);
  else if (has_wide_lanes())
    work_in_wide_lanes(streams, blocks);
  else
    work_in_lanes(streams, blocks);
}

void Md5::add(std::span<const std::byte> bytes) {
  total_ += bytes.size();
  if (partial_size_ > 0) {
    const size_t taken = std::min(kBlock - partial_size_, bytes.size());
    std::memcpy(partial_.data() + partial_size_, bytes.data(), taken);
    partial_size_ += taken;
    bytes = bytes.subspan(taken);
    if (partial_size_ < kBlock) return;
    Md5Work block{&state_, partial_.data(), 1};
    work_alone(block, 1);
    partial_size_ = 0;
  }
  const size_t blocks = bytes.size() / kBlock;
  Md5Work work{&state_, bytes.data(), blocks};
  work_alone(work, blocks);
  bytes = bytes.subspan(blocks * kBlock);
  if (!bytes.empty()) std::memcpy(partial_.data(), bytes.data(), bytes.size());
  partial_size_ = bytes.size();
}

std::string Md5::value() const {
  State state = state_;
  std::array<std::byte, 2 * kBlock> last{};
  std::memcpy(last.data(), partial_.data(), partial_size_);
  last[partial_size_] = std::byte{0x80};
  const size_t blocks = partial_size_ < kBlock - 8 ? 1 : 2;
  const uint64_t bits = total_ * 8;
  std::memcpy(last.data() + blocks * kBlock - 8, &bits, sizeof(bits));
  Md5Work work{&state, last.data(), blocks};
  work_alone(work, blocks);
  return {reinterpret_cast<const char*>(state.data()), sizeof(state)};
}

}  // namespace reelhouse
