#include "catalog/records.hpp"

#include <gmock/gmock.h>

#include <random>

#include "catalog/blocks.hpp"

namespace reelhouse::catalog {
namespace {

using test::block_of;
using test::format_of;
using test::outcome_of;
using ::testing::ElementsAre;

class RecordsTest : public ::testing::Test {
 protected:
  std::vector<std::string> read(std::string_view text) { return outcome_of(block_of(text), format_); }
  Format format_ = format_of(',', '"', {"a", "b", "c"});
};

TEST_F(RecordsTest, SplitsRecordsAndCountsLines) {
  EXPECT_THAT(read("1,2,3\n\n4,,6\r\n\r\n,\\N,\n"),
              ElementsAre("1: 1|2|3", "3: 4|<null>|6", "5: <null>|<null>|<null>"));
  EXPECT_THAT(read("1,2,3"), ElementsAre("1: 1|2|3"));
  EXPECT_THAT(read(""), ElementsAre());
}

TEST_F(RecordsTest, ReadsQuotes) {
  EXPECT_THAT(read("\"1,1\",\"2\n2\",\"say \"\"3\"\"\"\r\n4,5,6\n"),
              ElementsAre("1: 1,1|2\n2|say \"3\"", "3: 4|5|6"));
  EXPECT_THAT(read("\"\",\"\\N\",\"\"\"\"\n"), ElementsAre("1: <null>|\\N|\""));
  EXPECT_THAT(read("5\" disk,a\"b\", \"x\n"), ElementsAre("1: 5\" disk|a\"b\"| \"x"));
}

TEST_F(RecordsTest, ReadsEscapes) {
  format_.escape = '\\';
  EXPECT_THAT(read(R"("He said \"stop\", then","C:\temp\\","a""b")"
                   "\n4,5,6\n"),
              ElementsAre(R"(1: He said "stop", then|C:\temp\|a"b)", "2: 4|5|6"));
  EXPECT_THAT(read(R"(a \"b\",c\,d,\N)"
                   "\n"),
              ElementsAre(R"(1: a "b"|c,d|<null>)"));
  EXPECT_THAT(read("\"1\\\"\n2\",3,4\n5,6\\\n7,8,9\n"),
              ElementsAre("1: 1\"\n2|3|4", "3! has 2 fields, expected 3", "4: 7|8|9"));
  EXPECT_THAT(read("1,\"2\\\",3\n4,5,6\n"),
              ElementsAre("1! b: a quote is opened and never closed", "2: 4|5|6"));
}

TEST_F(RecordsTest, TakesAnEscapeForALetterWhereThereIsNone) {
  EXPECT_THAT(read(R"("C:\",b\,c)"
                   "\n"),
              ElementsAre(R"(1: C:\|b\|c)"));
  format_.quote = '\0';
  format_.escape = '\\';
  EXPECT_THAT(read("a\\,b,\"c,d\n"), ElementsAre("1: a,b|\"c|d"));
}

TEST_F(RecordsTest, PassesOverThePreambleOfTheFirstBlock) {
  format_.has_header = true;
  format_.preamble = 2;
  EXPECT_THAT(read("sep=,\r\nUsers, as of today\n\na,b,c\n1,2,3\n"), ElementsAre("5: 1|2|3"));
  EXPECT_THAT(read("only\n"), ElementsAre());
  EXPECT_THAT(outcome_of(block_of("1,2,3\n4,5,6\n", 1, 7), format_), ElementsAre("7: 1|2|3", "8: 4|5|6"));
}

TEST_F(RecordsTest, SkipsTheHeaderOfTheFirstBlockOnly) {
  format_.has_header = true;
  EXPECT_THAT(read("\n\"a\",b,c\n1,2,3\n"), ElementsAre("3: 1|2|3"));
  EXPECT_THAT(read("a,b,c\n1,2,3\n"), ElementsAre("2: 1|2|3"));
  EXPECT_THAT(outcome_of(block_of("a,b,c\n1,2,3\n", 1, 7), format_), ElementsAre("7: a|b|c", "8: 1|2|3"));
}

TEST_F(RecordsTest, RejectsAWrongNumberOfFields) {
  EXPECT_THAT(read("1,2\n1,2,3,4\n1,2,3\nx\n"),
              ElementsAre("1! has 2 fields, expected 3", "2! has 4 fields, expected 3", "3: 1|2|3",
                          "4! has 1 field, expected 3"));
  EXPECT_THAT(read("1,\"2\n2\"\n1,2,3\n"), ElementsAre("1! has 2 fields, expected 3", "3: 1|2|3"));
}

TEST_F(RecordsTest, RejectsNulsAndInvalidTextWhereTheyStand) {
  using namespace std::string_literals;
  EXPECT_THAT(read("1,2\0,3\n4,5,6\n"s),
              ElementsAre("1! b: a NUL character at byte 4 of the record", "2: 4|5|6"));
  EXPECT_THAT(read("1,2,x\xe9\n\"4\",5,6\n"),
              ElementsAre("1! c: byte 0xE9 at byte 6 of the record is not valid UTF-8", "2: 4|5|6"));
}

TEST_F(RecordsTest, RejectsTextAfterAClosingQuote) {
  EXPECT_THAT(read("1,\"2\"x,3\n4,5,6\n"), ElementsAre("1! b: text after a closing quote", "2: 4|5|6"));
}

TEST_F(RecordsTest, RecoversBehindAQuoteThatIsNeverClosed) {
  EXPECT_THAT(read("1,\"2,3\n4,5,6\n7,8,9\n"),
              ElementsAre("1! b: a quote is opened and never closed", "2: 4|5|6", "3: 7|8|9"));
  EXPECT_THAT(read("1,2,\"3"), ElementsAre("1! c: a quote is opened and never closed"));
  EXPECT_THAT(read("1,2,3\n\""), ElementsAre("1: 1|2|3", "2! a: a quote is opened and never closed"));
}

TEST_F(RecordsTest, RecoversBehindAQuoteThatALaterRecordCloses) {
  EXPECT_THAT(read("1,\"2,3\n4,5,6\n7,\"8\",9\n\"10\",11,12\n"),
              ElementsAre("1! b: a quote is opened and not closed before the line ends", "2: 4|5|6",
                          "3: 7|8|9", "4: 10|11|12"));
  // Closed at the end of a later record's last field: the line between shows what happened.
  EXPECT_THAT(read("1,\"2,3\n4,5,6\n7,8,9\"\n10,11,12\n"),
              ElementsAre("1! b: a quote is opened and not closed before the line ends", "2: 4|5|6",
                          "3: 7|8|9\"", "4: 10|11|12"));
}

TEST_F(RecordsTest, KnowsNoQuotesWhereThereAreNone) {
  format_ = format_of('\t', '\0', {"a", "b"});
  EXPECT_THAT(read("\"x\t\"y\" z\n\"\t\"\"\n"), ElementsAre("1: \"x|\"y\" z", "2: \"|\"\""));
}

TEST_F(RecordsTest, ReadsLineEndsOfOldMacs) {
  format_.newline = '\r';
  EXPECT_THAT(outcome_of(block_of("1,2,3\r\r\"4\r\",5,6", 0, 1, '\r'), format_),
              ElementsAre("1: 1|2|3", "3: 4\r|5|6"));
}

TEST_F(RecordsTest, ReadsOneColumn) {
  format_ = format_of(',', '"', {"a"});
  EXPECT_THAT(read("x\n\n\"\"\n y \n\n"), ElementsAre("1: x", "3: <null>", "4:  y "));
}

TEST_F(RecordsTest, RejectsTheBeginningOfARecordThatIsTooLong) {
  Block block = block_of("abc", 3, 17);
  block.too_long = true;
  EXPECT_THAT(outcome_of(block, format_), ElementsAre("17! is longer than 16 MB"));
}

TEST_F(RecordsTest, GivesUpOnQuotesThatNeverBalanceWithoutTakingForever) {
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += i % 2 == 0 ? "\"\n" : "x,y,z\n";
  const auto outcome = read(text);
  EXPECT_GT(outcome.size(), 1U);
}

/// Cuts random text where a reader would and expects the same records and rejects as from the whole.
TEST_F(RecordsTest, JudgesAlikeWhereverBlocksEnd) {
  std::mt19937 random(3);
  const std::string letters = "ab,,\"\"\\\\\n\n\r\xe9";
  size_t cuts = 0;
  for (int round = 0; round < 4000; ++round) {
    format_.newline = round % 2 == 0 ? '\n' : '\r';
    format_.escape = round % 4 < 2 ? '\0' : '\\';
    const auto read_part = [&](std::string_view part, uint64_t number, uint64_t line) {
      return outcome_of(block_of(part, number, line, format_.newline), format_);
    };
    std::string text;
    for (unsigned size = random() % 60 + 1; size > 0; --size) text += letters[random() % letters.size()];
    const auto whole = read_part(text, 0, 1);
    for (size_t seen = 1; seen < text.size(); ++seen) {
      const std::string_view prefix(text.data(), seen);
      const size_t cut = last_record_end(prefix, format_);
      if (cut == 0) continue;
      const uint64_t lines = count_char(text.data(), cut, format_.newline);
      auto parts = read_part(prefix.substr(0, cut), 0, 1);
      const auto rest = read_part(std::string_view(text).substr(cut), 1, lines + 1);
      parts.insert(parts.end(), rest.begin(), rest.end());
      ASSERT_EQ(parts, whole) << "cut at " << cut << " of: " << ::testing::PrintToString(text);
      ++cuts;
    }
  }
  EXPECT_GT(cuts, 10'000U);
}

}  // namespace
}  // namespace reelhouse::catalog
