#include "warehouse/postgresql/numeric.hpp"

#include <gmock/gmock.h>

namespace reelhouse::warehouse::postgresql {
namespace {

__extension__ using Int128 = __int128;

engine::Wide wide(Int128 value) {
  return {static_cast<uint64_t>(value), static_cast<int64_t>(value >> 64)};
}

Int128 power_of_ten(int exponent) {
  Int128 value = 1;
  for (int i = 0; i < exponent; ++i) value *= 10;
  return value;
}

std::string hex_of(const std::string& bytes) {
  std::string text;
  for (const char c : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return text;
}

std::string written(Int128 value, unsigned scale) {
  std::string bytes;
  append_numeric(bytes, wide(value), scale);
  return hex_of(bytes);
}

// What `select encode(numeric_send(...), 'hex_of')` gives on PostgreSQL 15.
TEST(Numeric, IsWrittenAsTheServerWritesIt) {
  EXPECT_EQ(written(12345678, 3), "0003000100000003000109291a7c");
  EXPECT_EQ(written(0, 2), "0000000000000002");
  EXPECT_EQ(written(-1, 2), "0001ffff400000020064");
  EXPECT_EQ(written(10000000000, 2), "00010002000000020001");
  EXPECT_EQ(written(1, 4), "0001ffff000000040001");
  EXPECT_EQ(written(10000, 0), "00010001000000000001");
  EXPECT_EQ(written(15, 1), "000200000000000100011388");
  EXPECT_EQ(written(power_of_ten(38) - 1, 0), "000a0009000000000063270f270f270f270f270f270f270f270f270f");
  EXPECT_EQ(written(1 - power_of_ten(38), 3), "000a00084000000303e7270f270f270f270f270f270f270f270f2706");
}

TEST(Numeric, ComesBackAsItWas) {
  for (const unsigned scale : {0U, 1U, 2U, 3U, 4U, 5U, 9U, 17U, 38U})
    for (int digits = 0; digits <= 38; ++digits)
      for (const Int128 off : {Int128{-1}, Int128{0}, Int128{7}})
        for (const int sign : {1, -1}) {
          const Int128 value = sign * (power_of_ten(digits) - 1 + (digits < 38 ? off : 0));
          std::string bytes;
          append_numeric(bytes, wide(value), scale);
          const auto read = read_numeric(bytes, scale);
          ASSERT_TRUE(read) << digits << " digits, scale " << scale;
          EXPECT_EQ(read->lower, wide(value).lower) << digits << " digits, scale " << scale;
          EXPECT_EQ(read->upper, wide(value).upper) << digits << " digits, scale " << scale;
        }
}

TEST(Numeric, RefusesWhatIsNoSuchNumber) {
  std::string bytes;
  append_numeric(bytes, wide(12345), 3);
  EXPECT_FALSE(read_numeric(bytes, 2)) << "a digit would be lost";
  EXPECT_TRUE(read_numeric(bytes, 5));
  EXPECT_FALSE(read_numeric(bytes.substr(0, bytes.size() - 1), 3));
  EXPECT_FALSE(read_numeric("", 0));
  EXPECT_FALSE(read_numeric(std::string("\0\0\0\0\xC0\0\0\0", 8), 0)) << "NaN";
  std::string large;
  append_numeric(large, wide(power_of_ten(38) - 1), 0);
  EXPECT_FALSE(read_numeric(large, 4)) << "more than 128 bits";
}

TEST(Numeric, IsRenderedAsText) {
  EXPECT_EQ(decimal_text(wide(0)), "0");
  EXPECT_EQ(decimal_text(wide(-1205)), "-1205");
  EXPECT_EQ(decimal_text(wide(power_of_ten(38))), "1" + std::string(38, '0'));
}

}  // namespace
}  // namespace reelhouse::warehouse::postgresql
