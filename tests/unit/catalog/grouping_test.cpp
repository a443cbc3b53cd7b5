#include "catalog/grouping.hpp"

#include <gmock/gmock.h>

#include <algorithm>

#include "catalog/crawl_fakes.hpp"

namespace reelhouse::catalog {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Fields = std::vector<std::string>;

CrawledObject object(const std::string& name, const Fields& fields, const std::string& dataset = "shop",
                     unsigned day_of_drop = 1) {
  CrawledObject crawled;
  crawled.name = name;
  crawled.object.info.key = "raw/" + dataset + "/" + name;
  crawled.object.dataset = dataset;
  crawled.object.drop = day(2024, 1, day_of_drop);
  crawled.object.profile = table_of(fields);
  return crawled;
}

/// Groups, with claims, and returns the objects' tables in the given order.
std::vector<std::string> tables_of(std::vector<CrawledObject>& objects,
                                   const std::vector<Source>& sources = {},
                                   const std::vector<KnownTable>& known = {}) {
  for (auto& o : objects) o.claim = find_claim(sources, o.object.dataset, o.name);
  group_objects(objects, sources, known);
  std::vector<std::string> tables;
  for (const auto& o : objects) tables.push_back(o.object.table);
  return tables;
}

TEST(Grouping, PutsObjectsOfLikeColumnsIntoOneTableNamedLikeTheDataset) {
  std::vector<CrawledObject> objects = {
      object("jan.csv", {"a", "b", "c"}), object("feb.csv", {"c", "b", "a"}),
      object("mar.csv", {"a", "b", "c", "d"}), object("apr.csv", {"B", "A"})};
  EXPECT_THAT(tables_of(objects), ElementsAre("shop", "shop", "shop", "shop"));
}

TEST(Grouping, KeepsUnlikeColumnsApartAndSaysHowUnlike) {
  std::vector<CrawledObject> objects = {object("sale_2024.csv", {"id", "amount", "day"}),
                                        object("item_2024.csv", {"id", "label", "price", "size"})};
  EXPECT_THAT(tables_of(objects), ElementsAre("shop_sale", "shop_item"));
  EXPECT_THAT(objects[0].note,
              HasSubstr("shares 17 % of all columns with raw/shop/item_2024.csv: kept apart"));
}

TEST(Grouping, DecidesAtSeventyPercent) {
  std::vector<CrawledObject> seven = {object("a.csv", {"1a", "2a", "3a", "4a", "5a", "6a", "7a", "x", "y"}),
                                      object("b.csv", {"1a", "2a", "3a", "4a", "5a", "6a", "7a", "z"})};
  EXPECT_THAT(tables_of(seven), ElementsAre("shop", "shop"));
  std::vector<CrawledObject> six = {object("a.csv", {"1a", "2a", "3a", "4a", "5a", "6a", "w", "x"}),
                                    object("b.csv", {"1a", "2a", "3a", "4a", "5a", "6a", "z"})};
  EXPECT_THAT(tables_of(six), ElementsAre("shop_a", "shop_b"));
}

TEST(Grouping, DoesNotDependOnTheOrderOfObjects) {
  std::vector<CrawledObject> objects = {object("a.csv", {"a", "b", "c"}), object("b.csv", {"a", "b", "d"}),
                                        object("c.csv", {"a", "b"}), object("d.csv", {"x", "y"})};
  std::vector<CrawledObject> reversed(objects.rbegin(), objects.rend());
  auto forward = tables_of(objects);
  auto backward = tables_of(reversed);
  std::ranges::reverse(backward);
  EXPECT_EQ(forward, backward);
}

TEST(Grouping, LeavesAKnownTableItsNameAndObjects) {
  const std::vector<KnownTable> known = {{"shop", "shop", {"a", "b"}, {"raw/shop/old.csv"}}};
  std::vector<CrawledObject> objects = {object("old.csv", {"q", "r"}), object("new.csv", {"a", "b"}),
                                        object("other.csv", {"m", "n"})};
  EXPECT_THAT(tables_of(objects, {}, known), ElementsAre("shop", "shop", "shop_other"));
}

TEST(Grouping, FindsATableAgainWhoseObjectsAreGone) {
  const std::vector<KnownTable> known = {{"shop_sale", "shop", {"a", "b"}, {}}};
  std::vector<CrawledObject> objects = {object("anything.csv", {"a", "b"})};
  EXPECT_THAT(tables_of(objects, {}, known), ElementsAre("shop_sale"));
}

TEST(Grouping, SaysWhichTablesAnObjectFits) {
  const std::vector<KnownTable> known = {{"shop_x", "shop", {"a", "b", "c"}, {}},
                                         {"shop_y", "shop", {"a", "b", "d", "e"}, {}}};
  std::vector<CrawledObject> objects = {object("new.csv", {"a", "b"})};
  EXPECT_THAT(tables_of(objects, {}, known), ElementsAre("shop_x"));
  EXPECT_EQ(objects[0].note, "its columns fit shop_x and shop_y: put into shop_x");
}

TEST(Grouping, ComparesHeaderlessObjectsByTheirNumberOfColumns) {
  std::vector<CrawledObject> objects = {object("a.csv", {"column_1", "column_2"}),
                                        object("b.csv", {"column_1", "column_2", "column_3"}),
                                        object("c.csv", {"column_1", "column_2"})};
  EXPECT_THAT(tables_of(objects), ElementsAre("shop_a", "shop_b", "shop_a"));
}

TEST(Grouping, GivesEveryTableANameOfItsOwn) {
  std::vector<CrawledObject> objects = {object("x/2024.csv", {"a"}), object("x_1.csv", {"b"}),
                                        object("shop_x.csv", {"c"}), object("2023.csv", {"d"})};
  auto tables = tables_of(objects);
  EXPECT_THAT(tables, ::testing::UnorderedElementsAre("shop", "shop_x", "shop_x_2", "shop_x_3"));
}

TEST(Grouping, NeverTakesTheNameOfADeclaredTable) {
  const std::vector<Source> sources = {declared_source("other", {declared_table("shop", "other", "*", {})})};
  std::vector<CrawledObject> objects = {object("a.csv", {"a"})};
  EXPECT_THAT(tables_of(objects, sources), ElementsAre("shop_2"));
}

TEST(Grouping, PutsEmptyObjectsByTheirName) {
  std::vector<CrawledObject> objects = {object("sale_1.csv", {}), object("sale_2.csv", {"a"}),
                                        object("item.csv", {"b"}), object("what.csv", {})};
  EXPECT_THAT(tables_of(objects), ElementsAre("shop_sale", "shop_sale", "shop_item", ""));
  EXPECT_THAT(objects[3].ignored, HasSubstr("is empty"));
}

TEST(Grouping, FollowsDeclarationsFirstMatchFirst) {
  const std::vector<Source> sources = {declared_source(
      "shop",
      {declared_table("sale", "shop", "sale*", {"id"}), declared_table("rest", "shop", "*.csv", {})})};
  std::vector<CrawledObject> objects = {object("sale.csv", {"ID", "x"}), object("item.csv", {"y"}),
                                        object("sale_empty.csv", {}), object("more.txt", {"z"})};
  EXPECT_THAT(tables_of(objects, sources), ElementsAre("sale", "rest", "sale", "shop_more"));
}

TEST(Grouping, PointsOutAFileThatLooksLikeADeclaredTable) {
  const std::vector<Source> sources = {
      declared_source("shop", {declared_table("sale", "shop", "*.csv", {"id"})})};
  std::vector<CrawledObject> objects = {object("sale.txt", {"id", "x"}), object("other.txt", {"y"})};
  EXPECT_THAT(tables_of(objects, sources), ElementsAre("shop_sale", "shop_other"));
  EXPECT_EQ(objects[0].note,
            "it has all columns of sale, but its name does not match '*.csv' (sources/shop.yml:5)");
  EXPECT_EQ(objects[1].note, "");
}

TEST(Grouping, RefusesAClaimedObjectThatLacksColumns) {
  const std::vector<Source> sources = {
      declared_source("shop", {declared_table("sale", "shop", "*", {"id", "monthly_revenue"})})};
  std::vector<CrawledObject> objects = {object("sale.csv", {"Id", "Monthly Revenues"})};
  EXPECT_THAT(tables_of(objects, sources), ElementsAre(""));
  EXPECT_EQ(objects[0].object.problem,
            "lacks column monthly_revenue of sale; it has id, monthly_revenues; did you mean "
            "monthly_revenues? "
            "Add 'monthly_revenues: monthly_revenue' under aliases (sources/shop.yml:5)");
}

TEST(Grouping, TakesAliasesForTheirColumn) {
  SourceTable table = declared_table("sale", "shop", "*", {"id", "amount"});
  table.aliases = {{"sum", "amount"}};
  EXPECT_THAT(columns_of({"ID", "Sum"}, &table), ElementsAre("id", "amount"));
  EXPECT_THAT(columns_of({"Amount", "Sum"}, &table), ElementsAre("amount", "sum"));
  const std::vector<Source> sources = {declared_source("shop", {table})};
  std::vector<CrawledObject> objects = {object("sale.csv", {"ID", "Sum"})};
  EXPECT_THAT(tables_of(objects, sources), ElementsAre("sale"));
}

TEST(Grouping, RefusesADeclaredColumnThatTwoFieldsMakeWithOtherValues) {
  const std::vector<Source> sources = {
      declared_source("shop", {declared_table("sale", "shop", "*", {"id", "revenue"})})};
  std::vector<CrawledObject> objects = {object("sale.csv", {"revenue", "ID", "Revenue", "Note", "note"})};
  ObjectProfile& profile = objects[0].object.profile;
  profile.records = 9;
  profile.doubled = {{0, 2, 0}, {3, 4, 9}};
  EXPECT_THAT(tables_of(objects, sources), ElementsAre("sale"));
  profile.doubled[0].differing = 4;
  objects[0].object.table.clear();
  EXPECT_THAT(tables_of(objects, sources), ElementsAre(""));
  EXPECT_EQ(
      objects[0].object.problem,
      "has two columns revenue of sale: field 1 'revenue' and field 3 'Revenue', which differ in 4 of 9 "
      "records; say which one is meant under aliases (sources/shop.yml:5): 'revenue: revenue' for the "
      "first, 'Revenue: revenue' for the second");
}

TEST(Grouping, TakesTheFieldThatAnAliasNamesAmongThoseOfOneName) {
  SourceTable table = declared_table("sale", "shop", "*", {"id", "revenue"});
  const auto alias = [&](const std::string& spelling, const std::string& column) {
    table.aliases = {{column_name(spelling), column}};
    table.spellings = {spelling};
  };
  const auto is_refused = [&](const Fields& fields) {
    ObjectProfile profile = table_of(fields);
    profile.records = 9;
    profile.doubled = {{0, 2, 9}};
    return !ambiguous_columns(profile, table).empty();
  };
  const Fields unlike = {"revenue", "id", "Revenue"};
  const Fields alike = {"Revenue", "id", "Revenue"};
  alias("Revenue", "revenue");
  EXPECT_THAT(columns_of(unlike, &table), ElementsAre("revenue_2", "id", "revenue"));
  EXPECT_FALSE(is_refused(unlike));
  EXPECT_TRUE(is_refused(alike));
  alias("revenue", "revenue");
  EXPECT_THAT(columns_of(unlike, &table), ElementsAre("revenue", "id", "revenue_2"));
  EXPECT_THAT(columns_of(alike, &table), ElementsAre("revenue", "id", "revenue_2"));
  EXPECT_FALSE(is_refused(unlike));
  EXPECT_FALSE(is_refused(alike));
  alias("revenue_2", "revenue");
  EXPECT_THAT(columns_of(alike, &table), ElementsAre("revenue_2", "id", "revenue"));
  EXPECT_FALSE(is_refused(alike));
  alias("Sum", "revenue");
  EXPECT_TRUE(is_refused({"SUM", "id", "sum"}));
  EXPECT_FALSE(is_refused({"Sum", "id", "sum"}));
  alias("sum_2", "revenue");
  EXPECT_THAT(columns_of({"Sum", "id", "sum"}, &table), ElementsAre("sum", "id", "revenue"));
  EXPECT_FALSE(is_refused({"Sum", "id", "sum"}));
}

TEST(Grouping, MergesColumnsInTheOrderOfTheNewestDrop) {
  std::vector<CatalogObject> objects = {object("a.csv", {"B", "gone", "A"}).object,
                                        object("b.csv", {"a", "fresh", "b"}).object};
  objects[0].profile.fields[0].kinds = {0, 10, 0, 0, 0, 0};
  const auto columns = merge_columns(objects, nullptr);
  ASSERT_EQ(columns.size(), 4U);
  EXPECT_EQ(columns[0].name, "a");
  EXPECT_EQ(columns[0].field, "a");
  EXPECT_EQ(columns[1].name, "fresh");
  EXPECT_EQ(columns[2].name, "b");
  EXPECT_EQ(columns[2].type, "DOUBLE");
  EXPECT_EQ(columns[2].profile.kinds[0], 10U);
  EXPECT_EQ(columns[3].name, "gone");
  EXPECT_EQ(columns[3].type, "BIGINT");
}

}  // namespace
}  // namespace reelhouse::catalog
