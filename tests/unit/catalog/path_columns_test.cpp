#include "catalog/path_columns.hpp"

#include <gmock/gmock.h>

#include "catalog/conventions.hpp"
#include "catalog/crawl_fakes.hpp"
#include "catalog/grouping.hpp"

namespace reelhouse::catalog {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> shown(const std::vector<PathColumn>& columns) {
  std::vector<std::string> all;
  for (const auto& column : columns) all.push_back(column.name + " is " + column.value.value_or("null"));
  return all;
}

CatalogObject placed(const std::string& key, const std::vector<std::string>& fields, uint64_t records = 10) {
  CatalogObject object;
  object.info.key = key;
  object.profile = table_of(fields, records);
  return object;
}

TEST(PathColumns, AreTheFoldersThatNameNoDay) {
  EXPECT_THAT(shown(path_columns("raw/shop/drop=2024-01-01/userType=a%2Fb/Country Code=/x=1.csv")),
              ElementsAre("user_type is a/b", "country_code is null"));
  EXPECT_THAT(shown(path_columns("raw/shop/year=2024/month=1/region=__HIVE_DEFAULT_PARTITION__/a.csv")),
              ElementsAre("region is null"));
  EXPECT_THAT(shown(path_columns("raw/shop/a=1/sub/A=1/b=2/x.csv")), ElementsAre("a is 1", "b is 2"));
  for (const char* key : {"raw/a=1/x.csv", "raw/shop/a=1", "store/shop/a=1/x.csv", "raw/shop/=1/x.csv", ""})
    EXPECT_THAT(path_columns(key), IsEmpty()) << key;
}

TEST(PathColumns, OfTwoValuesOrNoTextAreAProblem) {
  EXPECT_EQ(path_problem("raw/shop/a=1/A=1/x.csv"), "");
  EXPECT_THAT(path_problem("raw/shop/a=1/b=1/A=2/x.csv"),
              HasSubstr("'a=1' and 'A=2' give the column a two values"));
  EXPECT_THAT(path_problem("raw/shop/a=%FF/x.csv"), HasSubstr("'a=%FF' is not valid UTF-8"));
}

TEST(PathColumns, GiveWayToTheFileAndHeedAliases) {
  const auto object = placed("raw/shop/land=es/id=7/x.csv", {"id", "name"});
  EXPECT_THAT(shown(added_columns(object, nullptr)), ElementsAre("land is es"));
  SourceTable declared = declared_table("shop", "shop", "*", {"id", "country"});
  declared.aliases = {{"land", "country"}};
  EXPECT_THAT(shown(added_columns(object, &declared)), ElementsAre("country is es"));
  EXPECT_EQ(
      path_note(object, &declared),
      "the column country is that of its folder 'land=es'; its folder 'id=7' is passed over: the file has "
      "a column id, which says '42'");
  EXPECT_THAT(added_columns(placed("raw/shop/land=es/x.csv", {"land"}), &declared), IsEmpty());
  EXPECT_EQ(path_note(placed("raw/shop/x.csv", {"land"}), nullptr), "");
}

TEST(PathColumns, ArePartOfTheTable) {
  const auto columns =
      merge_columns({placed("raw/shop/n=x/1.csv", {"id"}), placed("raw/shop/n=/2.csv", {"id"}, 4),
                     placed("raw/shop/n=5/3.csv", {"id"}, 3)},
                    nullptr);
  ASSERT_EQ(columns.size(), 2U);
  EXPECT_EQ(columns[1].name, "n");
  EXPECT_EQ(columns[1].field, "folder n=");
  EXPECT_EQ(columns[1].type, "VARCHAR");
  EXPECT_EQ(columns[1].profile.nulls, 4U);
}

TEST(PathColumns, HaveConventions) {
  CatalogTable table;
  table.objects = {placed("raw/shop/sold=15-01-22/1.csv", {"id"}),
                   placed("raw/shop/sold=05-01-22/2.csv", {"id"})};
  for (const auto& conventions : decide_conventions(table, nullptr))
    EXPECT_EQ(to_text(conventions), ";sold=day_first;");
  table.objects.erase(table.objects.begin());
  EXPECT_EQ(to_text(decide_conventions(table, nullptr).at(0)), ";sold=undecided;");
}

TEST(PathColumns, MayBeDeclared) {
  const std::vector<Source> sources = {
      declared_source("shop", {declared_table("shop", "shop", "*.csv", {"id", "country"})})};
  std::vector<CrawledObject> objects(2);
  objects[0].object = placed("raw/shop/country=es/1.csv", {"id"});
  objects[1].object = placed("raw/shop/2.csv", {"id"});
  for (auto& object : objects) object.claim = &sources[0].tables[0];
  group_objects(objects, sources, {});
  EXPECT_EQ(objects[0].object.table, "shop");
  EXPECT_THAT(objects[1].object.problem, HasSubstr("lacks column country"));
}

}  // namespace
}  // namespace reelhouse::catalog
