#include "lake/byte_stream.hpp"

#include <gmock/gmock.h>

#include <random>

#include "lake/compress.hpp"
#include "lake/temporary_folder.hpp"
#include "matchers.hpp"

namespace reelhouse::lake {
namespace {

using test::gzip;
using test::zstd;
using ::testing::HasSubstr;

/// Reads a file whole in pieces of `piece` bytes.
Result<std::string> content_of(const std::filesystem::path& file, size_t piece = 4096) {
  RH_ASSIGN(const Compression compression, compression_of(file));
  RH_ASSIGN(auto stream, open_byte_stream(file, compression));
  std::string text;
  std::string buffer(piece, '\0');
  while (true) {
    RH_ASSIGN(const size_t got, stream->read(std::as_writable_bytes(std::span(buffer))));
    if (got == 0) break;
    text.append(buffer, 0, got);
  }
  EXPECT_EQ(stream->consumed(), std::filesystem::file_size(file));
  return text;
}

std::string sample_text(size_t size) {
  std::mt19937 random(7);
  std::string text;
  while (text.size() < size)
    text += "line " + std::to_string(random() % 1000) + (random() % 3 == 0 ? "\n" : ", ");
  return text;
}

class ByteStreamTest : public ::testing::Test {
 protected:
  void expect_damaged(const std::string& bytes, const std::string& message) {
    const auto content = content_of(folder_.write("damaged", bytes));
    EXPECT_THAT(content, IsError(ErrorKind::kDamaged, HasMessage(message)))
        << "read " << content->size() << " bytes";
  }
  test::TemporaryFolder folder_;
};

TEST_F(ByteStreamTest, TellsCompressionByContent) {
  EXPECT_EQ(compression_of(folder_.write("a.gz", "plain")).value(), Compression::kNone);
  EXPECT_EQ(compression_of(folder_.write("a.csv", gzip("x"))).value(), Compression::kGzip);
  EXPECT_EQ(compression_of(folder_.write("a.txt", zstd("x"))).value(), Compression::kZstd);
  EXPECT_EQ(compression_of(folder_.write("empty", "")).value(), Compression::kNone);
  EXPECT_THAT(compression_of(folder_.path() / "none"), IsError(ErrorKind::kNotFound));
}

TEST_F(ByteStreamTest, ReadsAllFormatsWhateverTheSizeOfPieces) {
  const std::string text = sample_text(700'000);
  for (const size_t piece : {1000UL, 65536UL, 1UL << 20, 5UL << 20}) {
    EXPECT_EQ(content_of(folder_.write("p", text), piece).value(), text);
    EXPECT_EQ(content_of(folder_.write("g", gzip(text)), piece).value(), text);
    EXPECT_EQ(content_of(folder_.write("z", zstd(text)), piece).value(), text);
  }
}

TEST_F(ByteStreamTest, ReadsSeveralMembersAndFrames) {
  const std::string text = sample_text(300'000);
  std::string gzips;
  std::string zstds;
  std::string expected;
  for (int i = 0; i < 7; ++i) {
    const std::string part = i == 3 ? "" : text.substr(0, text.size() / static_cast<size_t>(i + 1));
    gzips += gzip(part);
    zstds += zstd(part);
    expected += part;
  }
  EXPECT_EQ(content_of(folder_.write("g", gzips)).value(), expected);
  EXPECT_EQ(content_of(folder_.write("z", zstds)).value(), expected);
}

TEST_F(ByteStreamTest, AllowsPaddingWithZerosBehindGzipButNoGarbage) {
  const std::string text = sample_text(10'000);
  EXPECT_EQ(content_of(folder_.write("g", gzip(text) + std::string(600'000, '\0'))).value(), text);
  expect_damaged(gzip(text) + "garbage",
                 "something else follows its end at byte " + std::to_string(gzip(text).size()));
  expect_damaged(gzip(text) + std::string(500, '\0') + "x", "something else follows");
  expect_damaged(gzip(text) + "\x1f", "something else follows");
  expect_damaged(zstd(text) + "garbage", "zstd");
}

TEST_F(ByteStreamTest, FindsEveryTruncation) {
  const std::string whole_gzip = gzip(sample_text(3000));
  const std::string whole_zstd = zstd(sample_text(3000));
  for (size_t size = 2; size < whole_gzip.size(); ++size)
    expect_damaged(whole_gzip.substr(0, size), "at byte " + std::to_string(size));
  for (size_t size = 4; size < whole_zstd.size(); ++size)
    expect_damaged(whole_zstd.substr(0, size), "cut off");
}

TEST_F(ByteStreamTest, FindsEveryFlippedBitThatChangesTheContent) {
  const std::string text = sample_text(600);
  for (const bool is_gzip : {true, false}) {
    std::string bytes = is_gzip ? gzip(text) : zstd(text);
    size_t found = 0;
    for (size_t i = 0; i < bytes.size(); ++i) {
      bytes[i] = static_cast<char>(bytes[i] ^ (1 << (i % 8)));
      const auto content = content_of(folder_.write("f", bytes));
      if (!content) {
        ++found;
        EXPECT_THAT(content, IsError(ErrorKind::kDamaged));
      } else if (*content != bytes) {  // a broken signature makes it a plain file
        EXPECT_EQ(*content, text) << "byte " << i;
      }
      bytes[i] = static_cast<char>(bytes[i] ^ (1 << (i % 8)));
    }
    EXPECT_GT(found, bytes.size() * 8 / 10);
  }
}

TEST_F(ByteStreamTest, ChecksTheLengthThatGzipEndsWith) {
  std::string bytes = gzip("some text");
  ++bytes[bytes.size() - 4];
  expect_damaged(bytes, "checksum or length");
}

TEST_F(ByteStreamTest, ReadsEmptyMembers) {
  EXPECT_EQ(content_of(folder_.write("g", gzip(""))).value(), "");
  EXPECT_EQ(content_of(folder_.write("z", zstd(""))).value(), "");
  EXPECT_EQ(content_of(folder_.write("p", "")).value(), "");
}

TEST_F(ByteStreamTest, ReadsGzipThatCarriesAName) {
  std::string bytes = gzip("text");
  bytes[3] = 8;
  bytes.insert(10, std::string("name.csv\0", 9));
  EXPECT_EQ(content_of(folder_.write("g", bytes)).value(), "text");
}

}  // namespace
}  // namespace reelhouse::lake
