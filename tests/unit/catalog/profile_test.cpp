#include "catalog/profile.hpp"

#include <gmock/gmock.h>

#include "catalog/drawn_table.hpp"
#include "engine/engine.hpp"
#include "lake/compress.hpp"
#include "lake/temporary_folder.hpp"
#include "matchers.hpp"

namespace reelhouse::catalog {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ProfileTest : public ::testing::Test {
 protected:
  Result<ObjectProfile> try_profile(const std::string& content, const FormatOverride& fixed = {}) {
    return profile_object(folder_.write("file", content), "file", fixed, 2, nullptr);
  }
  ObjectProfile profile(const std::string& content, const FormatOverride& fixed = {}) {
    auto profile = try_profile(content, fixed);
    EXPECT_THAT(profile, IsOk());
    return profile ? std::move(*profile) : ObjectProfile();
  }
  void expect_foreign(const std::string& content, const std::string& what) {
    const auto profile = try_profile(content);
    ASSERT_THAT(profile, IsError(ErrorKind::kDamaged, HasMessage(what), HasPlace("file")));
    EXPECT_FALSE(profile.error().hint.empty());
  }
  test::TemporaryFolder folder_;
};

TEST_F(ProfileTest, FindsDelimiters) {
  EXPECT_THAT(profile("id,name\n1,a;b\n2,c\n").format.fields, ElementsAre("id", "name"));
  EXPECT_EQ(profile("id;name\n1;a,b\n2;\"c;d\"\n").format.delimiter, ';');
  EXPECT_EQ(profile("id\tname\n1\ta,b\n2\tc\n").format.delimiter, '\t');
  EXPECT_EQ(profile("id|name\n1|a,b\n2|c\n").format.delimiter, '|');
  EXPECT_EQ(profile("id\x01name\n1\x01"
                    "a,b\n2\x01"
                    "c\n")
                .format.delimiter,
            '\x01');
  const auto one = profile("name\nSmith, John\nMiller, Eve\nBob\n");
  EXPECT_THAT(one.format.fields, ElementsAre("name"));
  EXPECT_EQ(one.records, 3U);
  EXPECT_EQ(one.rejected, 0U);
}

TEST_F(ProfileTest, TakesTheDelimiterThatAPreambleNames) {
  FormatOverride fixed_delimiter;
  fixed_delimiter.delimiter = ',';
  for (const std::string line : {"sep=;", "SEP=;", "\"sep=;\"", "\xef\xbb\xbfsep=;"}) {
    const auto found = profile(line + "\r\nid;a,b\r\n1;x,y\r\n2;z,z\r\n");
    EXPECT_EQ(found.format.delimiter, ';') << line;
    EXPECT_EQ(found.format.preamble, 1U) << line;
    EXPECT_THAT(found.format.fields, ElementsAre("id", "a,b")) << line;
    EXPECT_EQ(found.records, 2U) << line;
    EXPECT_EQ(found.rejected, 0U) << line;
  }
  EXPECT_EQ(profile("sep=\t\nid\tb\n1\tx\n").format.delimiter, '\t');
  EXPECT_EQ(profile("sep=^\nid^b\n1^x\n").format.delimiter, '^');
  EXPECT_EQ(profile("sep=|\nid|b\n1|x,y\n", fixed_delimiter).format.delimiter, ',');
  EXPECT_EQ(profile("sep=;\nid,b\n1,x\n2,y\n").format.delimiter, ',');
  EXPECT_THAT(profile("sep=x,b\n1,2\n").format.fields, ElementsAre("sep=x", "b"));
}

TEST_F(ProfileTest, PassesOverTitlesAboveATableOnlyWhereItsHeaderIsBeyondDoubt) {
  FormatOverride no_header;
  no_header.has_header = false;
  const auto found = profile("Users\n\nid,name,plan\n1,a,b\n2,c,d\n3,\"e\nf\",g\n");
  EXPECT_EQ(found.format.preamble, 2U);
  EXPECT_THAT(found.format.fields, ElementsAre("id", "name", "plan"));
  EXPECT_EQ(found.records, 3U);
  EXPECT_EQ(found.fields[0].kinds[0], 3U);
  EXPECT_EQ(profile("Users\na,b,c\nd,e,f\ng,h,i\n").format.preamble, 0U);
  EXPECT_EQ(profile("Users\n1,b,c\n2,e,f\n3,h,i\n").format.preamble, 0U);
  EXPECT_EQ(profile("# by hand\nid,name,plan\n1,a,b\n2,c,d\n").format.preamble, 0U);
  EXPECT_EQ(profile("name\nBob\nEve\n").format.preamble, 0U);
  EXPECT_EQ(profile("Users\nid,name,plan\n1,a,b\n2,c,d\n", no_header).format.preamble, 0U);
}

TEST_F(ProfileTest, FindsAnEscapeOnlyWhereNothingElseIsConsistent) {
  FormatOverride escaping;
  escaping.escape = '\\';
  const auto spark = profile("id,text,plan\n1,\"say \\\"a\\\", b\",x\n2,\"c, \\\"d\\\"\",y\n3,plain,z\n");
  EXPECT_EQ(spark.format.escape, '\\');
  EXPECT_EQ(spark.rejected, 0U);
  EXPECT_EQ(spark.records, 3U);
  EXPECT_EQ(spark.fields[1].example, "say \"a\", b");
  const std::string paths = "id,path,plan\n1,\"C:\\a\\\",\"x\"\n2,\"D:\\\",y\n";
  EXPECT_EQ(profile(paths).format.escape, '\0');
  EXPECT_EQ(profile(paths).fields[1].example, "C:\\a\\");
  EXPECT_EQ(profile(paths, escaping).format.escape, '\\');
  EXPECT_GT(profile(paths, escaping).rejected, 0U);
  const std::string doubled = "id,text,plan\n1,\"say \"\"a\"\", \\\",x\n2,\"c\"d,y\n3,\"e\"\"\",z\n";
  EXPECT_EQ(profile(doubled).format.escape, '\0');
  EXPECT_EQ(profile(doubled).rejected, 1U);
}

TEST_F(ProfileTest, FindsAnEscapeBehindTheSample) {
  std::string text = "id,text,plan\n";
  for (int i = 0; text.size() < (1 << 20) + 5000; ++i) text += std::to_string(i) + ",\"a, b\",x\n";
  const uint64_t before = static_cast<uint64_t>(std::ranges::count(text, '\n'));
  text += "7,\"say \\\"a\\\", b\",x\n";
  const auto found = profile(text);
  EXPECT_EQ(found.format.escape, '\\');
  EXPECT_EQ(found.rejected, 0U);
  EXPECT_EQ(found.records, before);
}

TEST_F(ProfileTest, ComparesFieldsThatMakeOneColumn) {
  const auto found = profile("id,Revenue,revenue,x,X\n1,10,10,a,\n2,12,12,,b\n3,\"a\"\"b\",\"a\"\"b\",c,c\n");
  ASSERT_EQ(found.doubled.size(), 2U);
  EXPECT_EQ(found.doubled[0].first, 1U);
  EXPECT_EQ(found.doubled[0].second, 2U);
  EXPECT_EQ(found.doubled[0].differing, 0U);
  EXPECT_EQ(found.doubled[1].differing, 2U);
  const auto lines = profile("{\"a\":1,\"A\":1}\n{\"A\":2}\n");
  ASSERT_EQ(lines.doubled.size(), 1U);
  EXPECT_EQ(lines.doubled[0].differing, 2U);
}

TEST_F(ProfileTest, FindsADelimiterDespiteDamagedRecordsAndListsInCells) {
  std::string text = "id\tnames\n";
  for (int i = 0; i < 50; ++i)
    text += std::to_string(i) + "\t" + (i % 3 == 0 ? "x,y,z" : "x,y") + (i % 10 == 0 ? "\tmore\n" : "\n");
  const auto found = profile(text);
  EXPECT_EQ(found.format.delimiter, '\t');
  EXPECT_EQ(found.records, 50U);
  EXPECT_EQ(found.rejected, 5U);
  EXPECT_EQ(found.rejects.size(), 5U);
  EXPECT_EQ(found.rejects[0].line, 2U);
  EXPECT_EQ(found.rejects[0].reason, "has 3 fields, expected 2");
  EXPECT_EQ(found.rejects[0].text, "0\tx,y,z\tmore");
}

TEST_F(ProfileTest, TellsHeadersFromRecords) {
  EXPECT_TRUE(profile("id,name\n1,a\n").format.has_header);
  EXPECT_TRUE(profile("country,city\nFrance,Paris\nFrance,Lyon\n").format.has_header);
  EXPECT_FALSE(profile("France,Paris\nFrance,Lyon\n").format.has_header);
  EXPECT_FALSE(profile("1,a\n2,b\n").format.has_header);
  EXPECT_FALSE(profile("2021-01-01,a\n2021-01-02,b\n").format.has_header);
  EXPECT_THAT(profile("1,a\n2,b\n").format.fields, ElementsAre("column_1", "column_2"));
  EXPECT_EQ(profile("1,a\n2,b\n").records, 2U);
  EXPECT_THAT(profile(",x\n0,1.5\n1,2.5\n").format.fields, ElementsAre("", "x"));
  FormatOverride fixed;
  fixed.has_header = false;
  EXPECT_EQ(profile("id,name\n1,a\n", fixed).records, 2U);
  fixed.has_header = true;
  EXPECT_THAT(profile("2019,2020\n1,2\n", fixed).format.fields, ElementsAre("2019", "2020"));
}

TEST_F(ProfileTest, TakesEmptyObjectsAndThoseWithAHeaderOnly) {
  for (const std::string empty : {"", "\xef\xbb\xbf", "\n\n", "\r\n"}) {
    const auto found = profile(empty);
    EXPECT_EQ(found.records, 0U);
    EXPECT_TRUE(found.fields.empty());
    EXPECT_TRUE(found.format.fields.empty());
  }
  const auto header = profile("User ID,Name\r\n");
  EXPECT_EQ(header.records, 0U);
  EXPECT_THAT(header.format.fields, ElementsAre("User ID", "Name"));
  EXPECT_EQ(header.fields.size(), 2U);
  EXPECT_EQ(profile(test::gzip("")).records, 0U);
  EXPECT_EQ(profile(test::gzip("")).format.compression, lake::Compression::kGzip);
}

TEST_F(ProfileTest, CountsAndClassifiesValues) {
  const auto found = profile(
      "id,when,what,note\n1,2021-01-01,1.5,\n2,2021-01-02,2,\"\"\n3,,x,\\N\n4,2021-01-04,12345,\"\\N\"\n");
  EXPECT_EQ(found.records, 4U);
  EXPECT_EQ(found.fields[0].inferred_type(), "BIGINT");
  EXPECT_EQ(found.fields[1].inferred_type(), "DATE");
  EXPECT_EQ(found.fields[1].nulls, 1U);
  EXPECT_EQ(found.fields[2].inferred_type(), "VARCHAR");
  EXPECT_EQ(found.fields[2].longest, 5U);
  EXPECT_EQ(found.fields[2].example, "1.5");
  EXPECT_EQ(found.fields[3].nulls, 3U);
  EXPECT_EQ(found.fields[3].example, "\\N");
  EXPECT_EQ(found.content_hash.size(), 32U);
}

TEST_F(ProfileTest, DecidesOnQuotesInTabSeparatedFilesByTheirContent) {
  const auto plain = profile("id\ttitle\n1\t\"Ten\" Days\n2\tTwo\n3\t\"Open\n4\tFour\n");
  EXPECT_EQ(plain.format.quote, '\0');
  EXPECT_EQ(plain.rejected, 0U);
  const auto quoted = profile("id\ttitle\n1\t\"Ten\tDays\"\n2\tTwo\n3\t\"say \"\"x\"\"\"\n");
  EXPECT_EQ(quoted.format.quote, '"');
  EXPECT_EQ(quoted.rejected, 0U);
  EXPECT_EQ(profile("\"id\"\t\"title\"\n\"1\"\t\"Ten\"\n\"2\"\t\"Two\"\n").format.quote, '"');
}

TEST_F(ProfileTest, TakesALoneQuoteBetweenCommasForDamage) {
  std::string text = "id,name\n";
  for (int i = 0; i < 300; ++i) text += std::to_string(i) + (i == 7 ? ",\"text\n" : ",text\n");
  const auto lone = profile(text);
  EXPECT_EQ(lone.format.quote, '"');
  EXPECT_EQ(lone.records, 300U);
  ASSERT_EQ(lone.rejected, 1U);
  EXPECT_EQ(lone.rejects[0].line, 9U);
  std::string unquoted = "id,name\n";
  for (int i = 0; i < 300; ++i) unquoted += std::to_string(i) + ",\"Ten\" Days\n";
  EXPECT_EQ(profile(unquoted).format.quote, '\0');
  EXPECT_EQ(profile(unquoted).rejected, 0U);
}

TEST_F(ProfileTest, DecidesOnQuotesAlikeInAnyOrderOfRecords) {
  std::string plain;
  for (int i = 0; i < 200'000; ++i) plain += std::to_string(i) + "\tsome title\n";
  const std::string odd = "7\t\"Ten\" Days\n8\t\"Open\n9\t\"Whole\"\n";
  const auto first = profile("id\ttitle\n" + odd + plain);
  const auto last = profile("id\ttitle\n" + plain + odd);
  EXPECT_EQ(first.format.quote, '\0');
  EXPECT_EQ(last.format.quote, '\0');
  EXPECT_EQ(first.records, 200'003U);
  EXPECT_EQ(last.records, 200'003U);
  EXPECT_EQ(last.rejected, 0U);
}

TEST_F(ProfileTest, DecidesOnTheEncodingByTheWholeObject) {
  std::string ascii = "id,name\n";
  for (int i = 0; i < 200'000; ++i) ascii += std::to_string(i) + ",plain text\n";
  const auto western = profile(ascii + "7,caf\xe9\n");
  EXPECT_EQ(western.format.encoding, Encoding::kWindows1252);
  EXPECT_EQ(western.rejected, 0U);
  EXPECT_EQ(western.uncompressed_bytes, ascii.size() + 7);
  const auto damaged = profile(ascii + "7,café, \n8,thé\n9,été\n10,x\xe9\n");
  EXPECT_EQ(damaged.format.encoding, Encoding::kUtf8);
  ASSERT_EQ(damaged.rejected, 2U);
  EXPECT_THAT(damaged.rejects[1].reason, HasSubstr("byte 0xE9 at byte 5"));
  EXPECT_EQ(damaged.rejects[1].column, "name");
  EXPECT_THAT(profile("n\xfcmero,caf\xe9\n1,2\n").format.fields, ElementsAre("nümero", "café"));
  FormatOverride fixed;
  fixed.encoding = Encoding::kUtf8;
  EXPECT_EQ(profile("id,name\n7,caf\xe9\n8,x\n", fixed).rejected, 1U);
}

TEST_F(ProfileTest, ReadsJsonLinesWithFieldsInTheOrderOfFirstSight) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += "{\"b\": " + std::to_string(i) + ", \"a\": \"x\"}\n";
  text += "{\"c\": [1, 2], \"a\": null}\n\nnot json\n[1]\n";
  const auto found = profile(text);
  EXPECT_EQ(found.format.kind, FormatKind::kJsonLines);
  EXPECT_THAT(found.format.fields, ElementsAre("b", "a", "c"));
  EXPECT_EQ(found.records, 100'003U);
  EXPECT_EQ(found.rejected, 2U);
  EXPECT_EQ(found.rejects[0].line, 100'003U);
  EXPECT_EQ(found.fields[0].inferred_type(), "BIGINT");
  EXPECT_EQ(found.fields[0].nulls, 1U);
  EXPECT_EQ(found.fields[0].example, "0");
  EXPECT_EQ(found.fields[1].nulls, 1U);
  EXPECT_EQ(found.fields[2].nulls, 100'000U);
  EXPECT_EQ(found.fields[2].example, "[1, 2]");
}

TEST_F(ProfileTest, TakesJsonLinesWhoseFirstLineIsDamaged) {
  const auto found = profile("{\"a\":1\n{\"a\":2}\n{\"a\":3}\n");
  EXPECT_EQ(found.format.kind, FormatKind::kJsonLines);
  EXPECT_EQ(found.records, 3U);
  EXPECT_EQ(found.rejected, 1U);
}

TEST_F(ProfileTest, SaysWhatItDoesNotUnderstand) {
  using namespace std::string_literals;
  expect_foreign("[{\"a\":1},{\"a\":2}]", "one JSON document");
  expect_foreign("[\n  {\"a\":1}\n]\n", "one JSON document");
  expect_foreign("{\n  \"a\": 1,\n  \"b\": 2\n}\n", "one JSON document");
  expect_foreign("PK\x03\x04 and so on", "ZIP archive");
  expect_foreign("PK\x03\x04 [Content_Types].xml xl/workbook.xml", "Excel");
  expect_foreign("\x89PNG\r\n\x1a\n\0\0"s, "PNG");
  expect_foreign("%PDF-1.7\n", "PDF");
  expect_foreign("<?xml version=\"1.0\"?>", "XML");
  expect_foreign(test::gzip(test::gzip("a,b\n1,2\n")), "gzip within");
  std::string noise;
  for (unsigned i = 0; i < 5000; ++i) noise += static_cast<char>(i * 2654435761U >> 13);
  expect_foreign(noise, "binary data");
  expect_foreign("PAR1 and nothing else", "Parquet");
}

TEST_F(ProfileTest, RefusesDamagedCompressionWhole) {
  std::string text = "id,name\n";
  for (int i = 0; i < 100'000; ++i) text += std::to_string(i * 7919) + ",name\n";
  const std::string whole = test::gzip(text);
  expect_foreign(whole.substr(0, whole.size() - 5), "cut off");
  std::string flipped = whole;
  flipped[whole.size() / 2] ^= 4;
  expect_foreign(flipped, "gzip");
}

TEST_F(ProfileTest, ReadsParquetByItsTypes) {
  auto database = engine::open_duckdb({}).value();
  auto session = database->connect().value();
  const std::string path = (folder_.path() / "x.parquet").string();
  const auto written = session->execute(
      "copy (select i as \"User ID\", i / 4.0 as share, 'text ' || i as t, date '2021-01-01' as d, "
      "case when i % 2 = 0 then '' end as e, [i] as l, i % 3 = 0 as b from range(1000) r(i)) to " +
      engine::quote_text(path) + " (format parquet)");
  ASSERT_THAT(written, IsOk());
  const auto found = profile_object(path, "x.parquet", {}, 2, nullptr);
  ASSERT_THAT(found, IsOk());
  EXPECT_EQ(found->format.kind, FormatKind::kParquet);
  EXPECT_EQ(found->records, 1000U);
  EXPECT_THAT(found->format.fields, ElementsAre("User ID", "share", "t", "d", "e", "l", "b"));
  std::vector<std::string> types;
  for (const auto& field : found->fields) types.push_back(field.inferred_type());
  EXPECT_THAT(types, ElementsAre("BIGINT", "DOUBLE", "VARCHAR", "DATE", "VARCHAR", "VARCHAR", "BOOLEAN"));
  EXPECT_EQ(found->fields[2].example, "text 0");
  EXPECT_EQ(found->fields[2].longest, 8U);
  EXPECT_EQ(found->fields[4].nulls, 1000U);
}

TEST_F(ProfileTest, FindsInTextColumnsOfParquetWhatProvesAConvention) {
  auto database = engine::open_duckdb({}).value();
  const std::string path = (folder_.path() / "x.parquet").string();
  ASSERT_THAT(database->connect().value()->execute(
                  "copy (select '01/' || (13 + i) || '/2022' as joined, date '2022-01-20' as paid, "
                  "'9,50' as fee from range(10) r(i)) to " +
                  engine::quote_text(path) + " (format parquet)"),
              IsOk());
  const auto found = profile_object(path, "x.parquet", {}, 2, nullptr);
  ASSERT_THAT(found, IsOk());
  const auto count = [&](size_t field, Evidence what) {
    return found->fields[field].evidence[static_cast<size_t>(what)];
  };
  EXPECT_EQ(count(0, Evidence::kMonthFirst), 10U);
  EXPECT_EQ(count(2, Evidence::kDecimalComma), 10U);
  for (const uint64_t n : found->fields[1].evidence) EXPECT_EQ(n, 0U);
}

TEST_F(ProfileTest, DoesNotDependOnTheNumberOfThreads) {
  test::DrawnTable table(5, 40'000);
  std::string text = table.written(test::Writing{});
  for (size_t at = 5000; at < text.size(); at += 50'000) text[at] = "\"\n,\xff\0"[at / 50'000 % 5];
  const auto file = folder_.write("file", text);
  const auto one = profile_object(file, "file", {}, 1, nullptr).value();
  const auto four = profile_object(file, "file", {}, 4, nullptr).value();
  EXPECT_GT(one.rejected, 5U);
  EXPECT_EQ(one.records, four.records);
  EXPECT_EQ(one.rejected, four.rejected);
  ASSERT_EQ(one.rejects.size(), four.rejects.size());
  for (size_t i = 0; i < one.rejects.size(); ++i) {
    EXPECT_EQ(one.rejects[i].line, four.rejects[i].line);
    EXPECT_EQ(one.rejects[i].reason, four.rejects[i].reason);
  }
  for (size_t i = 0; i < one.fields.size(); ++i) {
    EXPECT_EQ(one.fields[i].kinds, four.fields[i].kinds);
    EXPECT_EQ(one.fields[i].nulls, four.fields[i].nulls);
    EXPECT_EQ(one.fields[i].example, four.fields[i].example);
  }
}

}  // namespace
}  // namespace reelhouse::catalog
