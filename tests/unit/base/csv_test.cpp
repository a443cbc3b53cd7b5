#include "base/csv.hpp"

#include <gmock/gmock.h>

namespace reelhouse {
namespace {

std::string exact(std::string_view text) {
  std::string out;
  append_csv(out, text);
  return out;
}

std::string for_people(std::string_view text) {
  std::string out;
  append_csv_for_people(out, text);
  return out;
}

TEST(CsvField, KeepsEveryValueAsItIs) {
  EXPECT_EQ(exact("plain; text"), "plain; text");
  EXPECT_EQ(exact("a,b"), "\"a,b\"");
  EXPECT_EQ(exact("say \"x\"\n"), "\"say \"\"x\"\"\n\"");
  EXPECT_EQ(exact(""), "\"\"");
  for (const char* formula : {"=cmd", "+1", "-1+1", "@SUM(1)", "\tx"}) EXPECT_EQ(exact(formula), formula);
}

TEST(CsvField, TakesTheForceFromFormulasForPeople) {
  EXPECT_EQ(for_people("=cmd|' /C calc'!A0"), "\"'=cmd|' /C calc'!A0\"");
  EXPECT_EQ(for_people("=HYPERLINK(\"http://x\",\"y\")"), "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\"");
  for (const std::string begin : {"=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"})
    EXPECT_EQ(for_people(begin + "1"), "\"'" + begin + "1\"");
}

TEST(CsvField, LeavesOtherTextAloneForPeople) {
  EXPECT_EQ(for_people("a=b-c@d+e"), "a=b-c@d+e");
  EXPECT_EQ(for_people("'quoted'"), "'quoted'");
  EXPECT_EQ(for_people("Dramas; Comedies"), "\"Dramas; Comedies\"");
  EXPECT_EQ(for_people("a,b"), "\"a,b\"");
  EXPECT_EQ(for_people(""), "\"\"");
}

}  // namespace
}  // namespace reelhouse
