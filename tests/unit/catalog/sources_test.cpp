#include "catalog/sources.hpp"

#include <gmock/gmock.h>

#include "catalog/crawl_fakes.hpp"
#include "matchers.hpp"

namespace reelhouse::catalog {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

class SourcesTest : public ::testing::Test {
 protected:
  Error error_of(const std::string& yaml) {
    folder_.write("sources/shop.yml", yaml);
    const auto loaded = load_sources(folder_.path());
    EXPECT_FALSE(loaded) << yaml;
    return loaded ? Error{} : loaded.error();
  }
  TemporaryFolder folder_;
};

TEST_F(SourcesTest, NamesFileAndLineOfAWrongDropPattern) {
  const Error error = error_of("dataset: shop\ntables:\n  sale:\n    drop_pattern: sale_%y%m%d.csv\n");
  EXPECT_EQ(error.kind, ErrorKind::kProject);
  EXPECT_THAT(error.where, HasSubstr("shop.yml:4"));
  EXPECT_EQ(error.message, "the drop_pattern 'sale_%y%m%d.csv' has the code %y");
}

TEST_F(SourcesTest, ReadsEveryKey) {
  folder_.write("sources/shop.yml", R"(dataset: shop
description: What was sold.
optional: true
missing: Without it nothing is known.
unreadable: warn
tables:
  shop_sale:
    files: "sale*.tsv"
    drop_pattern: "sale_%Y%m%d.tsv"
    description: One row a sale.
    columns: [sale_id, amount]
    optional_columns: [coupon]
    aliases: {Sale Number: sale_id}
    quote: none
    escape: backslash
    delimiter: tab
    header: false
    encoding: Windows-1252
    min_rows_of_previous: 0.9
    may_lose: 12.5%
    warn_lost: 0.02
  shop_item: {}
)");
  const auto sources = load_sources(folder_.path()).value();
  ASSERT_EQ(sources.size(), 1U);
  const Source& source = sources[0];
  EXPECT_EQ(source.dataset, "shop");
  EXPECT_TRUE(source.optional);
  EXPECT_FALSE(source.unreadable_is_error);
  EXPECT_EQ(source.missing, "Without it nothing is known.");
  ASSERT_EQ(source.tables.size(), 2U);
  const SourceTable& table = source.tables[0];
  EXPECT_EQ(table.name, "shop_sale");
  EXPECT_EQ(table.files, "sale*.tsv");
  EXPECT_EQ(table.drop_pattern->text(), "sale_%Y%m%d.tsv");
  EXPECT_THAT(table.columns, ElementsAre("sale_id", "amount"));
  EXPECT_THAT(table.optional_columns, ElementsAre("coupon"));
  EXPECT_THAT(table.aliases, ElementsAre(Pair("sale_number", "sale_id")));
  EXPECT_THAT(table.spellings, ElementsAre("Sale Number"));
  EXPECT_EQ(table.format.quote, '\0');
  EXPECT_EQ(table.format.escape, '\\');
  EXPECT_EQ(table.format.delimiter, '\t');
  EXPECT_EQ(table.format.has_header, false);
  EXPECT_EQ(table.format.encoding, Encoding::kWindows1252);
  EXPECT_EQ(table.min_rows_of_previous, 0.9);
  EXPECT_EQ(table.limits.may_lose, 0.125);
  EXPECT_EQ(table.limits.warn_lost, 0.02);
  EXPECT_THAT(table.where, HasSubstr("shop.yml:7"));
  EXPECT_EQ(source.tables[1].files, "*");
  EXPECT_FALSE(source.tables[1].format.quote.has_value());
}

TEST_F(SourcesTest, SortsByDatasetAndTakesAProjectWithoutSources) {
  EXPECT_TRUE(load_sources(folder_.path()).value().empty());
  folder_.write("sources/a.yml", "dataset: zoo");
  folder_.write("sources/b.yaml", "dataset: bar");
  folder_.write("sources/notes.txt", "not: [yaml");
  const auto sources = load_sources(folder_.path()).value();
  ASSERT_EQ(sources.size(), 2U);
  EXPECT_EQ(sources[0].dataset, "bar");
}

TEST_F(SourcesTest, PointsAtTheLineOfAMisspeltKey) {
  const Error error = error_of("dataset: shop\ntables:\n  sale:\n    colums: [a]\n");
  EXPECT_EQ(error.kind, ErrorKind::kProject);
  EXPECT_THAT(error.where, HasSubstr("shop.yml:4"));
  EXPECT_THAT(error.hint, HasSubstr("columns"));
}

TEST_F(SourcesTest, RefusesWhatCannotBeMeant) {
  EXPECT_THAT(error_of("optional: true").message, HasSubstr("'dataset' is missing"));
  EXPECT_THAT(error_of("dataset: a/b").message, HasSubstr("one folder"));
  EXPECT_THAT(error_of("dataset: shop\nunreadable: maybe").message, HasSubstr("error or warn"));
  EXPECT_THAT(error_of("dataset: shop\noptional: maybe").message, HasSubstr("true or false"));
  EXPECT_THAT(error_of("dataset: shop\ntables: [a]").message, HasSubstr("tables by name"));
  EXPECT_THAT(error_of("- a").message, HasSubstr("keys and values"));
  const auto table = [&](const std::string& keys) {
    return error_of("dataset: shop\ntables:\n  sale: {" + keys + "}\n");
  };
  EXPECT_THAT(table("columns: [User ID]").hint, HasSubstr("user_id"));
  EXPECT_THAT(table("columns: [a, b, a]").message, HasSubstr("twice"));
  EXPECT_THAT(table("columns: [a], optional_columns: [a]").message, HasSubstr("twice"));
  EXPECT_THAT(table("columns: [amount], aliases: {sum: amuont}").hint, HasSubstr("amount"));
  EXPECT_THAT(table("delimiter: ab").message, HasSubstr("one character"));
  EXPECT_THAT(table("delimiter: ';', quote: ';'").message, HasSubstr("same character"));
  EXPECT_THAT(table("encoding: ebcdic").hint, HasSubstr("utf-16le"));
  EXPECT_THAT(table("min_rows_of_previous: 2").message, HasSubstr("from 0 to 1"));
  EXPECT_THAT(table("min_rows_of_previous: .nan").message, HasSubstr("from 0 to 1"));
  for (const char* wrong : {"101%", "-1%", "1.5", "5 percent", "%", "5%%", ".nan", "all"})
    EXPECT_THAT(table(std::string("may_lose: '") + wrong + "'").message, HasSubstr("from 0 to 100 %"))
        << wrong;
}

TEST_F(SourcesTest, RefusesADatasetOrTableDeclaredTwice) {
  folder_.write("sources/a.yml", "dataset: a\ntables:\n  sale: {}\n");
  folder_.write("sources/b.yml", "dataset: b\ntables:\n  sale: {}\n");
  const auto same_table = load_sources(folder_.path());
  EXPECT_THAT(same_table, HasMessage("table sale is declared twice"));
  folder_.write("sources/b.yml", "dataset: a\n");
  const auto same_dataset = load_sources(folder_.path());
  EXPECT_THAT(same_dataset, HasMessage("dataset a is declared twice"));
}

}  // namespace
}  // namespace reelhouse::catalog
