#include "model/testing/comparison.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/testing/difference_text.hpp"

namespace reelhouse::model {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::vector<ComparedColumn> kColumns = {{"id", false}, {"name", false}, {"score", true}};

TextRow row(TextCell id, TextCell name, TextCell score) {
  return {std::move(id), std::move(name), std::move(score)};
}

/// Renders differences as "expected/got: columns", "-" for a row that is not there.
std::vector<std::string> compared(const std::vector<TextRow>& expected, const std::vector<TextRow>& got,
                                  bool ordered = false) {
  const auto index = [](size_t i) { return i == Difference::kNone ? "-" : std::to_string(i); };
  std::vector<std::string> texts;
  for (const auto& each : compare(kColumns, expected, got, ordered))
    texts.push_back(
        fmt::format("{}/{}: {}", index(each.expected), index(each.got), fmt::join(each.columns, ",")));
  return texts;
}

TEST(Compare, TakesRowsAsABag) {
  const std::vector<TextRow> rows = {row("1", "a", "1"), row("2", "b", std::nullopt), row("1", "a", "1")};
  EXPECT_THAT(compared(rows, {rows[1], rows[0], rows[2]}), IsEmpty());
  EXPECT_THAT(compared(rows, {rows[1], rows[0]}), ElementsAre("2/-: "));
  EXPECT_THAT(compared({rows[1], rows[0]}, rows), ElementsAre("-/2: "));
}

TEST(Compare, TakesRowsPlaceByPlaceWhenOrdered) {
  const std::vector<TextRow> rows = {row("1", "a", "1"), row("2", "b", "2"), row("3", "c", "3")};
  EXPECT_THAT(compared(rows, rows, true), IsEmpty());
  EXPECT_THAT(compared(rows, {rows[1], rows[0], rows[2]}, true), ElementsAre("0/0: 0,1,2", "1/1: 0,1,2"));
  EXPECT_THAT(compared(rows, {rows[0]}, true), ElementsAre("1/-: ", "2/-: "));
  EXPECT_THAT(compared({rows[0]}, rows, true), ElementsAre("-/1: ", "-/2: "));
}

TEST(Compare, PairsWhatIsLeftWithTheRowThatIsMostLikeIt) {
  EXPECT_THAT(compared({row("1", "a", "1"), row("2", "b", "2")}, {row("2", "x", "2"), row("1", "a", "9")}),
              ElementsAre("0/1: 2", "1/0: 1"));
  EXPECT_THAT(compared({row("1", "a", "1"), row("2", "b", "2")}, {row("3", "c", "3"), row("4", "d", "4")}),
              ElementsAre("0/-: ", "1/-: ", "-/0: ", "-/1: "));
}

TEST(Compare, PairsTheOnlyTwoThatAreLeft) {
  EXPECT_THAT(compared({row("1", "a", "1")}, {row("2", "b", "2")}), ElementsAre("0/0: 0,1,2"));
}

TEST(Compare, TellsNullFromEmptyTextAndFindsNoLikenessInNulls) {
  EXPECT_THAT(compared({row("1", "", "1")}, {row("1", std::nullopt, "1")}), ElementsAre("0/0: 1"));
  EXPECT_THAT(compared({row("1", std::nullopt, std::nullopt), row("2", "b", "2")},
                       {row("3", std::nullopt, std::nullopt), row("4", "d", "4")}),
              ElementsAre("0/-: ", "1/-: ", "-/0: ", "-/1: "));
}

TEST(Compare, TakesFloatingPointNumbersAsEqualToNineDigits) {
  EXPECT_THAT(compared({row("1", "a", "0.3")}, {row("1", "a", "0.30000000000000004")}), IsEmpty());
  EXPECT_THAT(compared({row("1", "a", "0.3")}, {row("1", "a", "0.300001")}), ElementsAre("0/0: 2"));
  EXPECT_THAT(compared({row("1", "a", "0")}, {row("1", "a", std::nullopt)}), ElementsAre("0/0: 2"));
  EXPECT_THAT(compared({row("0.3", "a", "1")}, {row("0.30000000000000004", "a", "1")}),
              ElementsAre("0/0: 0"));
}

TEST(DifferenceText, ShowsTheCellThatDiffersWithItsLine) {
  TestRows rows;
  rows.rows = {{{}, "shop.tests.yml:7"}};
  const std::vector<TextRow> expected = {row("1", "it's", "1")};
  EXPECT_EQ(
      difference_text({0, 0, {1, 2}}, kColumns, expected, {row("1", std::nullopt, "2")}, "expect", rows),
      "expect, line 7: the row differs\n"
      "    name: expected 'it''s'\n"
      "          got      null\n"
      "    score: expected '1'\n"
      "           got      '2'");
  EXPECT_EQ(difference_text({0, Difference::kNone, {}}, kColumns, expected, {}, "rejects", rows),
            "rejects, line 7: the row did not come\n    id: '1'\n    name: 'it''s'\n    score: '1'");
  EXPECT_EQ(difference_text({Difference::kNone, 0, {}}, kColumns, {}, expected, "expect", rows),
            "expect: a row came that is not expected\n    id: '1'\n    name: 'it''s'\n    score: '1'");
}

}  // namespace
}  // namespace reelhouse::model
