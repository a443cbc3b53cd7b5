#include "catalog/block_reader.hpp"

#include <gmock/gmock.h>

#include "lake/temporary_folder.hpp"

namespace reelhouse::catalog {
namespace {

class BlockReaderTest : public ::testing::Test {
 protected:
  /// Reads all blocks and checks that each begins where the one before ended.
  std::vector<std::string> blocks(const std::string& content) {
    auto reader = BlockReader::open(folder_.write("file", content), format_, nullptr).value();
    std::vector<std::string> texts;
    Block block;
    uint64_t line = 1;
    while (reader->next(block).value()) {
      EXPECT_EQ(block.number, texts.size());
      EXPECT_EQ(block.first_line, line);
      texts.emplace_back(block.text());
      line +=
          block.too_long
              ? 1
              : static_cast<uint64_t>(std::count(texts.back().begin(), texts.back().end(), format_.newline));
      too_long_ += block.too_long ? 1 : 0;
    }
    EXPECT_EQ(reader->uncompressed_bytes(), content.size());
    return texts;
  }
  test::TemporaryFolder folder_;
  Format format_;
  size_t too_long_ = 0;
};

TEST_F(BlockReaderTest, LosesNothingBetweenBlocks) {
  std::string content;
  for (int i = 0; content.size() < 5'000'000; ++i)
    content +=
        std::to_string(i) + ",\"text\nover lines\"," + std::string(static_cast<size_t>(i % 200), 'x') + "\n";
  std::string joined;
  const auto texts = blocks(content);
  EXPECT_GT(texts.size(), 3U);
  for (const auto& text : texts) {
    EXPECT_EQ(text.back(), '\n');
    joined += text;
  }
  EXPECT_EQ(joined, content);
}

TEST_F(BlockReaderTest, EndsTheLastRecord) {
  EXPECT_THAT(blocks("\xef\xbb\xbf"
                     "a\nb"),
              ::testing::ElementsAre("a\nb\n"));
  EXPECT_THAT(blocks(""), ::testing::ElementsAre());
  EXPECT_THAT(blocks("\xef\xbb\xbf"), ::testing::ElementsAre());
}

TEST_F(BlockReaderTest, GoesOnBehindAQuoteThatIsNotClosedInSight) {
  std::string content = "\"open\n";
  while (content.size() < 2 * kLongestRecord) content += "some,plain,line of text\n";
  const auto texts = blocks(content);
  ASSERT_GT(texts.size(), 2U);
  EXPECT_EQ(texts.front(), "\"open\n");
  size_t size = 0;
  for (const auto& text : texts) size += text.size();
  EXPECT_EQ(size, content.size());
}

TEST_F(BlockReaderTest, PassesOverALineWithoutEnd) {
  const std::string before = "a,b\n";
  const std::string content = before + std::string(3 * kLongestRecord, 'x') + "\nc,d\n";
  const auto texts = blocks(content);
  ASSERT_EQ(texts.size(), 3U);
  EXPECT_EQ(too_long_, 1U);
  EXPECT_EQ(texts[0], before);
  EXPECT_LT(texts[1].size(), 10'000U);
  EXPECT_EQ(texts[2], "c,d\n");
  EXPECT_EQ(blocks(before + std::string(2 * kLongestRecord, 'x')).size(), 2U);
}

TEST_F(BlockReaderTest, DecodesOnTheWay) {
  format_.encoding = Encoding::kWindows1252;
  EXPECT_THAT(blocks("caf\xe9\n"), ::testing::ElementsAre("café\n"));
  format_.encoding = Encoding::kUtf16Be;
  using namespace std::string_literals;
  EXPECT_THAT(blocks("\xfe\xff\0a\0\n\0b"s), ::testing::ElementsAre("a\nb\n"));
}

}  // namespace
}  // namespace reelhouse::catalog
