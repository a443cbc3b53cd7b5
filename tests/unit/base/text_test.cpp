#include "base/text.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace reelhouse {
namespace {

TEST(Text, CaseChangesTheLettersOfAsciiOnly) {
  EXPECT_EQ(lower("@AZ[`az{ 09_-Ä\xC4"), "@az[`az{ 09_-Ä\xC4");
  EXPECT_EQ(upper("@AZ[`az{ 09_-ä\xE4"), "@AZ[`AZ{ 09_-ä\xE4");
  EXPECT_EQ(lower(""), "");
  EXPECT_EQ(upper(""), "");
}

TEST(Text, TrimmedCutsBothEndsAndNothingWithin) {
  EXPECT_EQ(trimmed("\t a \t b\r"), "a \t b");
  EXPECT_EQ(trimmed("a"), "a");
  EXPECT_EQ(trimmed(" \t\r"), "");
  EXPECT_EQ(trimmed(""), "");
  EXPECT_EQ(trimmed("\n a \n"), "\n a \n") << "a line end is no blank of a line";
  EXPECT_EQ(trimmed("\r a\r", " \t"), "\r a\r");
  EXPECT_EQ(trimmed("\r\n a \r\n", " \r\n"), "a");
}

TEST(Text, OneLineTakesBreaksOutAndLeavesNamesAlone) {
  EXPECT_EQ(one_line("first  \r\n\r\n\t  second\nthird"), "first second third");
  EXPECT_EQ(one_line("\n\n a\tb \n"), "a b");
  EXPECT_EQ(one_line("raw/a  b.csv: \"x  y\""), "raw/a  b.csv: \"x  y\"");
  EXPECT_EQ(one_line("a\rb"), "a b");
  EXPECT_EQ(one_line(" \n\t"), "");
  EXPECT_EQ(one_line(""), "");
}

TEST(Text, ValidUtf8ReplacesWhatIsNone) {
  EXPECT_EQ(valid_utf8("plain \"text\"\n\\"), "plain \"text\"\n\\");
  EXPECT_EQ(valid_utf8("Käse 漢 🎬"), "Käse 漢 🎬");
  EXPECT_EQ(valid_utf8("a\xFFz"), "a\uFFFDz");
  EXPECT_EQ(valid_utf8("cut \xC3"), "cut \uFFFD");
  EXPECT_EQ(valid_utf8("K\xE4se"), "K\uFFFDse");
  EXPECT_EQ(valid_utf8(std::string_view("\0ä", 3)), std::string_view("\0ä", 3)) << "NUL is a character";
}

TEST(Text, GroupedSetsACommaBeforeEachThreeDigits) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(8807), "8,807");
  EXPECT_EQ(grouped(123456), "123,456");
  EXPECT_EQ(grouped(1234567), "1,234,567");
  EXPECT_EQ(grouped(std::numeric_limits<uint64_t>::max()), "18,446,744,073,709,551,615");
}

TEST(Text, CountedSaysOneAndMany) {
  EXPECT_EQ(counted(0, "model"), "0 models");
  EXPECT_EQ(counted(1, "model"), "1 model");
  EXPECT_EQ(counted(2, "model"), "2 models");
}

}  // namespace
}  // namespace reelhouse
