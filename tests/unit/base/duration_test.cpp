#include "base/duration.hpp"

#include <gmock/gmock.h>

namespace reelhouse {
namespace {

using namespace std::chrono_literals;

/// The value of the only key of a file, as YAML.
Result<std::chrono::seconds> in_a_file(const std::string& value, std::chrono::seconds least) {
  RH_ASSIGN(const Yaml root, Yaml::parse("other: 1\nlimit: " + value + "\n", "a.yml"));
  return duration_or(root.at("limit"), 5s, least);
}

TEST(ReadDuration, ReadsANumberAndItsUnit) {
  EXPECT_EQ(read_duration("90s"), 90s);
  EXPECT_EQ(read_duration("30m"), 30min);
  EXPECT_EQ(read_duration("2h"), 2h);
  EXPECT_EQ(read_duration("7d"), 7 * 24h);
  EXPECT_EQ(read_duration("2w"), 14 * 24h);
  EXPECT_EQ(read_duration("0s"), 0s);
  EXPECT_EQ(read_duration("36600d"), 36600 * 24h) << "a hundred years";
  for (const char* wrong : {"", "s", "30", "-1s", "+1s", "1.5h", "1h30m", " 1s", "1 s", "1S", "0", "1y",
                            "ten m", "99999999999999999999s", "999999999999d", "36601d"})
    EXPECT_EQ(read_duration(wrong), std::nullopt) << wrong;
}

TEST(DurationOr, KnowsWhereAWrongOneStands) {
  EXPECT_EQ(in_a_file("2h", 1s).value(), 2h);
  EXPECT_EQ(in_a_file("", 1s).value(), 5s) << "absent";
  EXPECT_EQ(in_a_file("0s", 0s).value(), 0s);
  const auto none = in_a_file("0d", 1s);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().message, "'0d' is no duration");
  const auto wrong = in_a_file("2 hours", 0s);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().kind, ErrorKind::kProject);
  EXPECT_EQ(wrong.error().where, "a.yml:2");
  EXPECT_EQ(wrong.error().message, "'2 hours' is no duration");
  EXPECT_EQ(wrong.error().hint, "Write a whole number and its unit: 90s, 30m, 2h, 7d or 2w.");
  EXPECT_FALSE(in_a_file("[2h]", 1s));
}

TEST(DurationText, SaysTheTwoLargestUnits) {
  EXPECT_EQ(duration_text(0s), "0 s");
  EXPECT_EQ(duration_text(59s), "59 s");
  EXPECT_EQ(duration_text(90s), "1 min");
  EXPECT_EQ(duration_text(2h), "2 h");
  EXPECT_EQ(duration_text(2h + 5min + 9s), "2 h 5 min");
  EXPECT_EQ(duration_text(24h * 8 + 3h + 59min), "8 d 3 h");
  EXPECT_EQ(duration_text(24h * 8 + 59min), "8 d");
}

TEST(DurationCode, IsWhatAFileWouldSay) {
  EXPECT_EQ(duration_code(0s), "0s");
  EXPECT_EQ(duration_code(90s), "90s");
  EXPECT_EQ(duration_code(60s), "1m");
  EXPECT_EQ(duration_code(2h), "2h");
  EXPECT_EQ(duration_code(24h * 14), "14d");
  for (const auto duration : {0s, 1s, 59s, 60s, 61s, 3600s, 5400s, 86400s, 90000s, 86401s, 604800s})
    EXPECT_EQ(read_duration(duration_code(duration)), duration);
}

}  // namespace
}  // namespace reelhouse
