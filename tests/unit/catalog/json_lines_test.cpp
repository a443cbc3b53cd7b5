#include "catalog/json_lines.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <random>

namespace reelhouse::catalog {
namespace {

using ::testing::HasSubstr;

std::string value_of(const JsonRecord& record, std::string_view name) {
  for (const auto& member : record.members())
    if (member.name == name) return member.null ? "<null>" : std::string(member.value);
  return "<none>";
}

TEST(JsonRecord, KeepsValuesAsTheyAreWritten) {
  JsonRecord record;
  ASSERT_TRUE(record.parse(
      R"( {"a": 1.10, "b":"x\"y\\\u00e9\ud83c\udfac\n", "c": null, "d": "", "e":[1, {"x": "]}"}],
          "big": 123456789012345678901234567890, "t": true, "f":false, "n\u0061me": {} } )"))
      << record.reason();
  EXPECT_EQ(value_of(record, "a"), "1.10");
  EXPECT_EQ(value_of(record, "b"), "x\"y\\é🎬\n");
  EXPECT_EQ(value_of(record, "c"), "<null>");
  EXPECT_EQ(value_of(record, "d"), "<null>");
  EXPECT_EQ(value_of(record, "e"), R"([1, {"x": "]}"}])");
  EXPECT_EQ(value_of(record, "big"), "123456789012345678901234567890");
  EXPECT_EQ(value_of(record, "t"), "true");
  EXPECT_EQ(value_of(record, "f"), "false");
  EXPECT_EQ(value_of(record, "name"), "{}");
  EXPECT_TRUE(record.parse("{}"));
  EXPECT_TRUE(record.members().empty());
}

TEST(JsonRecord, SaysWhatIsWrongAndInWhichMember) {
  const auto reason = [](std::string_view text) {
    JsonRecord record;
    EXPECT_FALSE(record.parse(text)) << text;
    return record.column() + ": " + record.reason();
  };
  EXPECT_THAT(reason("[1]"), HasSubstr("not a JSON object"));
  EXPECT_THAT(reason("1"), HasSubstr("not a JSON object"));
  EXPECT_THAT(reason(R"({"a":1)"), HasSubstr("a: the line ends within the object"));
  EXPECT_THAT(reason(R"({"a":1,})"), HasSubstr("expected a name in quotes at character 8"));
  EXPECT_THAT(reason(R"({"a" 1})"), HasSubstr("expected ':'"));
  EXPECT_THAT(reason(R"({"a":01})"), HasSubstr("leading zero"));
  EXPECT_THAT(reason(R"({"a":1.})"), HasSubstr("expected digits"));
  EXPECT_THAT(reason(R"({"a":tru})"), HasSubstr("expected a value"));
  EXPECT_THAT(reason(R"({"a":"x)"), HasSubstr("not closed"));
  EXPECT_THAT(reason(R"({"a":"\x"})"), HasSubstr("escape"));
  EXPECT_THAT(reason(R"({"a":"\u12g4"})"), HasSubstr("hexadecimal"));
  EXPECT_THAT(reason(R"({"a":"\ud800"})"), HasSubstr("surrogate"));
  EXPECT_THAT(reason(R"({"a":"\udc00"})"), HasSubstr("surrogate"));
  EXPECT_THAT(reason(R"({"a":"\u0000"})"), HasSubstr("NUL"));
  EXPECT_THAT(reason("{\"a\":\"\t\"}"), HasSubstr("control character"));
  EXPECT_THAT(reason(R"({"a":[1,2})"), HasSubstr("nested"));
  EXPECT_THAT(reason(R"({"a":{"b"}})"), HasSubstr("expected ':'"));
  EXPECT_THAT(reason(R"({"a":1} x)"), HasSubstr("text after the JSON object"));
  EXPECT_THAT(reason("{\"a\":" + std::string(5000, '[') + "}"), HasSubstr("too deep"));
}

/// Judges random mutations of a document as an independent parser does.
TEST(JsonRecord, AgreesWithAnotherParserOnDamagedText) {
  const std::string whole = R"({"a":[1,2.5e3,{"b":null}],"c":"x\u00e9\"","d":-0.5,"e":{"f":[]},"g":true})";
  std::mt19937 random(11);
  const std::string letters = R"({}[]",:\ue+-.0123tfn )";
  JsonRecord record;
  size_t valid = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string text = whole;
    for (unsigned changes = random() % 3 + 1; changes > 0; --changes) {
      const size_t at = random() % text.size();
      if (random() % 2 == 0)
        text[at] = letters[random() % letters.size()];
      else
        text.erase(at, 1);
    }
    const bool expected = nlohmann::json::accept(text) && text.front() == '{';
    const bool with_nul = text.find("u0000") != std::string::npos;
    if (!with_nul) {
      ASSERT_EQ(record.parse(text), expected) << text << "\n" << record.reason();
    }
    valid += expected ? 1 : 0;
  }
  EXPECT_GT(valid, 100U);
}

TEST(JsonCursor, SkipsBlankLinesAndCountsAll) {
  Format format;
  format.kind = FormatKind::kJsonLines;
  RejectLog log;
  JsonCursor cursor(format, log);
  const std::string text = "{\"a\":1}\r\n\n  \n{\"a\":\"\xff\"}\n{\"a\":2}\nnonsense\n";
  Block block;
  block.buffer.assign(text.begin(), text.end());
  block.buffer.resize(text.size() + 64);
  block.size = text.size();
  block.first_line = 10;
  cursor.start(block);
  ASSERT_TRUE(cursor.next());
  EXPECT_EQ(cursor.line(), 10U);
  ASSERT_TRUE(cursor.next());
  EXPECT_EQ(cursor.line(), 14U);
  EXPECT_FALSE(cursor.next());
  ASSERT_EQ(log.count, 2U);
  EXPECT_EQ(log.kept[0].line, 13U);
  EXPECT_THAT(log.kept[0].reason, HasSubstr("0xFF at byte 7"));
  EXPECT_EQ(log.kept[1].line, 15U);
  EXPECT_EQ(log.kept[1].text, "nonsense");
}

}  // namespace
}  // namespace reelhouse::catalog
