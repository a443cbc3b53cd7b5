#include "catalog/format.hpp"

#include <gmock/gmock.h>

namespace reelhouse::catalog {
namespace {

Format unusual() {
  Format format;
  format.compression = lake::Compression::kZstd;
  format.encoding = Encoding::kUtf16Be;
  format.delimiter = '\t';
  format.quote = '\0';
  format.escape = '\\';
  format.newline = '\r';
  format.preamble = 2;
  format.has_header = false;
  format.fields = {"a", "b c", "größe"};
  return format;
}

TEST(Format, SurvivesJson) {
  for (const auto kind : {FormatKind::kDelimited, FormatKind::kJsonLines, FormatKind::kParquet}) {
    Format format = unusual();
    format.kind = kind;
    const Json json = Json::parse(to_json(format).dump());
    const Format back = format_from_json(json);
    EXPECT_EQ(to_json(back), to_json(format));
    EXPECT_EQ(back.kind, kind);
    EXPECT_EQ(back.encoding, Encoding::kUtf16Be);
    EXPECT_EQ(back.compression, lake::Compression::kZstd);
    EXPECT_EQ(back.fields, format.fields);
    if (kind != FormatKind::kDelimited) continue;
    EXPECT_EQ(back.delimiter, '\t');
    EXPECT_EQ(back.quote, '\0');
    EXPECT_EQ(back.escape, '\\');
    EXPECT_EQ(back.newline, '\r');
    EXPECT_EQ(back.preamble, 2U);
    EXPECT_FALSE(back.has_header);
  }
  EXPECT_EQ(format_from_json(Json::object()).delimiter, ',');
}

TEST(Format, DescribesItself) {
  EXPECT_EQ(describe(Format()), "CSV, UTF-8");
  EXPECT_EQ(
      describe(unusual()),
      "TSV, UTF-16BE, zstd, no quoting, \\ escapes, CR line ends, 2 lines before the header, no header");
  Format format;
  format.delimiter = ';';
  format.encoding = Encoding::kWindows1252;
  EXPECT_EQ(describe(format), "CSV, Windows-1252, ';'");
  format.kind = FormatKind::kJsonLines;
  EXPECT_EQ(describe(format), "JSON lines, Windows-1252");
  format.kind = FormatKind::kParquet;
  EXPECT_EQ(describe(format), "Parquet");
}

}  // namespace
}  // namespace reelhouse::catalog
