#include "app/output.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmath>
#include <limits>

#include "app/text_width.hpp"
#include "base/json.hpp"

namespace reelhouse::app {
namespace {

using engine::Cell;
using engine::Rows;
using namespace std::string_literals;

Rows sample() {
  return {{{"plan", "VARCHAR", false}, {"users", "BIGINT", true}, {"share", "DECIMAL(5,2)", true}},
          {{std::string("Basic"), int64_t{999}, std::string("39.96")},
           {std::string("Premium"), int64_t{7}, std::monostate{}}}};
}

/// Prints pieces and returns the bytes that were written.
std::string printed(OutputFormat format, const std::vector<Rows>& pieces, size_t width = 0,
                    bool colour = false) {
  const int file = ::memfd_create("output", 0);
  {
    const auto printer = make_row_printer(format, {.output = file, .width = width, .colour = colour});
    for (const auto& piece : pieces) printer->print(piece);
    printer->finish();
  }
  std::string text(static_cast<size_t>(::lseek(file, 0, SEEK_END)), '\0');
  EXPECT_EQ(::pread(file, text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
  ::close(file);
  return text;
}

Rows one_cell(Cell cell, bool numeric = false) {
  return {{{"x", "T", numeric}}, {{std::move(cell)}}};
}

std::string json_of(Cell cell, bool numeric) {
  const std::string text = printed(OutputFormat::kJson, {one_cell(std::move(cell), numeric)});
  const size_t start = text.find("\"x\": ") + 5;
  return text.substr(start, text.rfind('}') - start);
}

TEST(Table, AlignsNumbersRightAndLeavesNoBlankAtTheEnd) {
  EXPECT_EQ(printed(OutputFormat::kTable, {sample()}),
            "plan     users  share\n"
            "───────  ─────  ─────\n"
            "Basic      999  39.96\n"
            "Premium      7\n");
}

TEST(Table, PrintsTheHeaderOfAnEmptyResult) {
  Rows rows = sample();
  rows.rows.clear();
  EXPECT_EQ(printed(OutputFormat::kTable, {rows}), "plan  users  share\n────  ─────  ─────\n");
  EXPECT_EQ(printed(OutputFormat::kTable, {}), "");
}

TEST(Table, CountsColumnsOfTheTerminalNotBytes) {
  const Rows rows{{{"name", "VARCHAR", false}, {"n", "BIGINT", true}},
                  {{std::string("東京"), int64_t{1}},
                   {std::string("é"), int64_t{2}},
                   {std::string("e\u0301"), int64_t{3}},
                   {std::string("four"), int64_t{4}}}};
  EXPECT_EQ(printed(OutputFormat::kTable, {rows}),
            "name  n\n────  ─\n東京  1\né     2\ne\u0301     3\nfour  4\n");
}

TEST(Table, CutsOnlyTextAndOnlyOnATerminal) {
  const std::string title(100, 'a');
  const Rows rows{{{"title", "VARCHAR", false}, {"votes", "BIGINT", true}},
                  {{title, int64_t{12345678901234}}}};
  EXPECT_THAT(printed(OutputFormat::kTable, {rows}, 0), testing::HasSubstr(title));
  const std::string cut = printed(OutputFormat::kTable, {rows}, 40);
  EXPECT_THAT(cut, testing::HasSubstr(std::string(23, 'a') + "…  12345678901234\n"));
  // Too narrow for any table: text stays readable, numbers whole.
  EXPECT_THAT(printed(OutputFormat::kTable, {rows}, 5), testing::HasSubstr("aaaaaaa…  12345678901234\n"));
}

TEST(Table, ShowsControlCharactersInsteadOfObeyingThem) {
  const std::string text = printed(OutputFormat::kTable, {one_cell("a\nb\tc\x1b[31m\xc2\x9b\x00z"s)}, 80);
  EXPECT_THAT(text, testing::EndsWith("a\\nb\\tc\\x1b[31m\\x9b\\x00z\n"));
}

TEST(Table, ColoursOnlyWhenAsked) {
  EXPECT_THAT(printed(OutputFormat::kTable, {sample()}, 80, false), testing::Not(testing::HasSubstr("\x1b")));
  EXPECT_THAT(printed(OutputFormat::kTable, {sample()}, 80, true), testing::StartsWith("\x1b[1mplan"));
}

TEST(Table, TakesWidthsFromTheFirstThousandRowsAndLosesNone) {
  std::vector<Rows> pieces;
  for (int64_t i = 0; i < 5; ++i) {
    Rows piece{{{"n", "BIGINT", true}}, {}};
    for (int64_t k = 0; k < 500; ++k) piece.rows.push_back({i < 2 ? int64_t{1} : int64_t{1234}});
    pieces.push_back(std::move(piece));
  }
  const std::string text = printed(OutputFormat::kTable, pieces);
  EXPECT_EQ(std::ranges::count(text, '\n'), 2 + 2500);
  EXPECT_THAT(text, testing::StartsWith("n\n─\n1\n"));
  EXPECT_THAT(text, testing::EndsWith("\n1234\n"));
}

TEST(Json, IsAnArrayOfObjectsAcrossPieces) {
  const auto json = Json::parse(printed(OutputFormat::kJson, {sample(), sample()}));
  ASSERT_EQ(json.size(), 4);
  EXPECT_EQ(json[0].dump(), R"({"plan":"Basic","users":999,"share":39.96})");
  EXPECT_TRUE(json[3]["share"].is_null());
  Rows empty = sample();
  empty.rows.clear();
  EXPECT_EQ(printed(OutputFormat::kJson, {empty}), "[]\n");
  EXPECT_EQ(printed(OutputFormat::kJson, {}), "[]\n");
}

TEST(Json, WritesNumbersAsNumbersAndTheRestAsText) {
  EXPECT_EQ(json_of(std::string("12.30"), true), "12.30");
  EXPECT_EQ(json_of(std::string("170141183460469231731687303715884105727"), true),
            "170141183460469231731687303715884105727");
  EXPECT_EQ(json_of(std::string("-0.5e-3"), true), "-0.5e-3");
  EXPECT_EQ(json_of(std::string("12.30"), false), "\"12.30\"");
  EXPECT_EQ(json_of(std::string("007"), true), "\"007\"");
  EXPECT_EQ(json_of(std::string("1."), true), "\"1.\"");
  EXPECT_EQ(json_of(std::string("-"), true), "\"-\"");
  EXPECT_EQ(json_of(std::string("2021-09-25"), false), "\"2021-09-25\"");
  EXPECT_EQ(json_of(true, false), "true");
  EXPECT_EQ(json_of(100000.0, true), "100000");
  EXPECT_EQ(json_of(0.1, true), "0.1");
  EXPECT_EQ(json_of(1e300, true), "1e+300");
}

TEST(Json, HasNoNumberForNanAndInfinity) {
  EXPECT_EQ(json_of(std::nan(""), true), "null");
  EXPECT_EQ(json_of(-std::numeric_limits<double>::infinity(), true), "null");
  EXPECT_EQ(json_of(std::string("NaN"), true), "null");
  EXPECT_EQ(json_of(std::string("-Infinity"), true), "null");
  EXPECT_EQ(json_of(std::string("Infinity"), false), "\"Infinity\"");
}

TEST(Json, EscapesWhatMustBeEscaped) {
  const std::string text = "say \"hi\"\\\n\t\x01 東\0."s;
  EXPECT_EQ(Json::parse(json_of(text, false)).get<std::string>(), text);
  EXPECT_EQ(json_of(std::string("a\xff\xc3"), false), "\"a\\ufffd\\ufffd\"");
}

TEST(Json, KeepsColumnsOfOneName) {
  const Rows rows{{{"a", "T", true}, {"a", "T", true}, {"a_1", "T", true}},
                  {{int64_t{1}, int64_t{2}, int64_t{3}}}};
  EXPECT_EQ(printed(OutputFormat::kJson, {rows}), "[\n  {\"a\": 1, \"a_2\": 2, \"a_1\": 3}\n]\n");
}

TEST(Csv, QuotesAsRfc4180) {
  const Rows rows{{{"a,b", "T", false}, {"c", "T", false}},
                  {{std::string("x, y"), std::string("he said \"no\"")},
                   {std::string("two\nlines"), std::string("cr\rhere")},
                   {std::monostate{}, std::string()},
                   {false, 2.5}}};
  EXPECT_EQ(printed(OutputFormat::kCsv, {rows}),
            "\"a,b\",c\n\"x, y\",\"he said \"\"no\"\"\"\n\"two\nlines\",\"cr\rhere\"\n,\"\"\nfalse,2.5\n");
}

TEST(Csv, LeavesNoEmptyLineForALoneNull) {
  EXPECT_EQ(printed(OutputFormat::kCsv, {one_cell(std::monostate{})}), "x\n\"\"\n");
}

TEST(Writing, EndsQuietlyWhenThePipeIsClosed) {
  const auto into_closed_pipe = [] {
    int ends[2];
    if (::pipe(ends) != 0) std::_Exit(9);
    ::close(ends[0]);
    const auto printer = make_row_printer(OutputFormat::kCsv, {.output = ends[1]});
    printer->print(sample());
    printer->finish();
    std::_Exit(8);
  };
  EXPECT_EXIT(into_closed_pipe(), testing::ExitedWithCode(0), "^$");
}

TEST(Writing, FailsLoudlyWhenTheDiskIsFull) {
  const auto into_full = [] {
    const auto printer = make_row_printer(OutputFormat::kCsv, {.output = ::open("/dev/full", O_WRONLY)});
    printer->print(sample());
    printer->finish();
    std::_Exit(8);
  };
  EXPECT_EXIT(into_full(), testing::ExitedWithCode(1), "No space left");
}

TEST(Width, CutsBetweenLetters) {
  EXPECT_EQ(cut_to_width("abcdef", 6), "abcdef");
  EXPECT_EQ(cut_to_width("abcdefg", 6), "abcde…");
  EXPECT_EQ(cut_to_width("東京都庁", 6), "東京…");
  EXPECT_EQ(cut_to_width("e\u0301e\u0301e\u0301e\u0301", 3), "e\u0301e\u0301…");
  EXPECT_EQ(cut_to_width("anything", 0), "anything");
}

TEST(Width, RefusesOverlongAndSurrogateBytes) {
  EXPECT_EQ(printable("\xc0\xaf|\xed\xa0\x80|\xf5\x80|\xe2\x82"),
            "\ufffd\ufffd|\ufffd\ufffd\ufffd|\ufffd\ufffd|\ufffd\ufffd");
}

}  // namespace
}  // namespace reelhouse::app
