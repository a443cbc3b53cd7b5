#include "catalog/encoding.hpp"

#include <gmock/gmock.h>

#include <iconv.h>

namespace reelhouse::catalog {
namespace {

std::span<const std::byte> bytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

/// Converts with pieces of `piece` bytes.
std::string converted(std::string_view raw, Encoding encoding, size_t piece) {
  Transcoder transcoder(encoding);
  std::string out(Transcoder::most(raw.size()) + 64, '\0');
  size_t size = 0;
  for (size_t at = 0; at < raw.size(); at += piece)
    size += transcoder.convert(bytes(raw.substr(at, piece)), out.data() + size);
  size += transcoder.finish(out.data() + size);
  out.resize(size);
  return out;
}

std::string through_iconv(const char* to, std::string text) {
  iconv_t handle = iconv_open(to, "UTF-8");
  std::string out(text.size() * 4 + 16, '\0');
  char* in_at = text.data();
  size_t in_left = text.size();
  char* out_at = out.data();
  size_t out_left = out.size();
  EXPECT_NE(iconv(handle, &in_at, &in_left, &out_at, &out_left), static_cast<size_t>(-1));
  iconv_close(handle);
  out.resize(out.size() - out_left);
  return out;
}

TEST(Encoding, AgreesWithAnotherConverter) {
  const std::string text = "plain, Größe € Ω 日本 🎬 end";
  for (const size_t piece : {1UL, 2UL, 3UL, 7UL, 1000UL}) {
    EXPECT_EQ(converted(through_iconv("UTF-16LE", text), Encoding::kUtf16Le, piece), text);
    EXPECT_EQ(converted(through_iconv("UTF-16BE", text), Encoding::kUtf16Be, piece), text);
    const std::string western = "Größe € “quoted” – Žižek™";
    EXPECT_EQ(converted(through_iconv("WINDOWS-1252", western), Encoding::kWindows1252, piece), western);
  }
}

TEST(Encoding, MakesWhatHasNoMeaningInvalid) {
  using namespace std::string_literals;
  EXPECT_NE(invalid_utf8_at(converted("a\x00\x00\xd8"s + "b\x00"s, Encoding::kUtf16Le, 1)),
            std::string::npos);
  EXPECT_NE(invalid_utf8_at(converted("a\x00\x00\xdc"s, Encoding::kUtf16Le, 9)), std::string::npos);
  EXPECT_NE(invalid_utf8_at(converted("a\x00\x00\xd8"s, Encoding::kUtf16Le, 9)), std::string::npos);
  EXPECT_NE(invalid_utf8_at(converted("a\x00z"s, Encoding::kUtf16Le, 9)), std::string::npos);
  EXPECT_EQ(invalid_utf8_at(converted("ab\x81"s, Encoding::kWindows1252, 9)), 2U);
}

TEST(Encoding, ShowsByMarksAndByNuls) {
  using namespace std::string_literals;
  EXPECT_EQ(encoding_of(bytes("\xef\xbb\xbfid")).mark, 3U);
  EXPECT_TRUE(encoding_of(bytes("\xef\xbb\xbfid")).certain);
  EXPECT_EQ(encoding_of(bytes("\xff\xfei\0"s)).encoding, Encoding::kUtf16Le);
  EXPECT_EQ(encoding_of(bytes("\xfe\xff\0i"s)).encoding, Encoding::kUtf16Be);
  EXPECT_TRUE(encoding_of(bytes("\xff\xfe\0\0i\0\0\0"s)).utf32);
  EXPECT_EQ(encoding_of(bytes(through_iconv("UTF-16LE", "id,name\n1,日本\n"))).encoding, Encoding::kUtf16Le);
  EXPECT_EQ(encoding_of(bytes(through_iconv("UTF-16BE", "id,name\n1,日本\n"))).encoding, Encoding::kUtf16Be);
  EXPECT_EQ(encoding_of(bytes("id,name\n1,a\0b\n"s)).encoding, Encoding::kUtf8);
  EXPECT_FALSE(encoding_of(bytes("id,name")).certain);
  EXPECT_EQ(encoding_of(bytes("")).mark, 0U);
}

TEST(Encoding, FindsInvalidUtf8) {
  EXPECT_EQ(invalid_utf8_at("ok é € 🎬"), std::string::npos);
  EXPECT_EQ(invalid_utf8_at("ab\xff"), 2U);
  EXPECT_EQ(invalid_utf8_at("ab\xc3"), 2U);
  EXPECT_EQ(invalid_utf8_at("\xc0\x80"), 0U);
  EXPECT_EQ(invalid_utf8_at("\xe0\x80\x80"), 0U);
  EXPECT_EQ(invalid_utf8_at("\xed\xa0\x80"), 0U);
  EXPECT_EQ(invalid_utf8_at("\xf4\x90\x80\x80"), 0U);
  EXPECT_EQ(invalid_utf8_at("\xf0\x8f\x80\x80"), 0U);
}

TEST(Encoding, CountsSequences) {
  EXPECT_EQ(count_utf8("aé€🎬", true).sequences, 3U);
  EXPECT_EQ(count_utf8("aé€🎬\xe9x", false).sequences, 3U);
  EXPECT_EQ(count_utf8("aé€🎬\xe9x", false).invalid, 1U);
}

TEST(Encoding, ShowsTextValidAndCutBetweenCharacters) {
  using namespace std::string_literals;
  EXPECT_EQ(shown("a\xff"
                  "b",
                  100),
            "a\uFFFD"
            "b");
  EXPECT_EQ(shown("a\0b"s, 100),
            "a\uFFFD"
            "b");
  EXPECT_EQ(shown("aé€", 3), "aé");
  EXPECT_EQ(shown("aé€", 5), "aé");
  EXPECT_EQ(shown("aé€", 6), "aé€");
}

}  // namespace
}  // namespace reelhouse::catalog
