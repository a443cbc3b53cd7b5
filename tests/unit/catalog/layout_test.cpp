#include "catalog/layout.hpp"

#include <gmock/gmock.h>

#include "catalog/crawl_fakes.hpp"
#include "catalog/table_name.hpp"

namespace reelhouse::catalog {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

lake::ObjectInfo object(const std::string& key, int days = 0, uint64_t size = 1) {
  return {key, size, "e", Time(std::chrono::hours(24 * days + 23))};
}

TEST(Layout, ReadsDatasetDropAndName) {
  const Layout layout = place_objects(
      {object("raw/shop/drop=2024-02-29/sub/sale 1.csv"), object("raw/shop/Drop=2024-03-01/sale.csv")}, {});
  ASSERT_EQ(layout.objects.size(), 2U);
  EXPECT_THAT(layout.ignored, IsEmpty());
  const PlacedObject& nested = layout.objects[1];
  EXPECT_EQ(nested.dataset, "shop");
  EXPECT_EQ(nested.name, "sub/sale 1.csv");
  EXPECT_EQ(nested.drop, day(2024, 2, 29));
  EXPECT_EQ(nested.problem, "");
  EXPECT_EQ(layout.objects[0].drop, day(2024, 3, 1));
}

TEST(Layout, DatesUndatedObjectsByTheNewestOfThem) {
  const Layout layout = place_objects({object("raw/a/one", 10), object("raw/a/two", 12),
                                       object("raw/a/drop=2024-01-01/three", 500), object("raw/b/four", 20)},
                                      {});
  ASSERT_EQ(layout.objects.size(), 4U);
  EXPECT_EQ(layout.objects[0].drop, day(2024, 1, 1));
  EXPECT_EQ(layout.objects[1].drop, day(1970, 1, 13));
  EXPECT_EQ(layout.objects[2].drop, day(1970, 1, 13));
  EXPECT_EQ(layout.objects[3].drop, day(1970, 1, 21));
}

TEST(Layout, NamesTheProblemOfADropFolder) {
  for (const char* folder :
       {"drop=notadate", "drop=2023-02-29", "drop=20230101", "drop=", "drop=2023-01-01 "}) {
    const Layout layout = place_objects({object(std::string("raw/shop/") + folder + "/a.csv")}, {});
    ASSERT_EQ(layout.objects.size(), 1U);
    EXPECT_THAT(layout.objects[0].problem, HasSubstr("does not name a day")) << folder;
  }
  const Layout twice = place_objects({object("raw/shop/drop=2023-01-01/drop=2023-01-02/a.csv")}, {});
  EXPECT_THAT(twice.objects[0].problem, HasSubstr("within a drop folder"));
  const Layout name = place_objects({object("raw/shop/\xff.csv")}, {});
  EXPECT_THAT(name.objects[0].problem, HasSubstr("UTF-8"));
}

TEST(Layout, TakesTheLastDeliveryOfADay) {
  const Layout layout =
      place_objects({object("raw/shop/drop=2024-01-01.10/a.csv"), object("raw/shop/drop=2024-01-01.9/a.csv"),
                     object("raw/shop/drop=2024-01-01/a.csv"), object("raw/shop/drop=2024-01-02/a.csv"),
                     object("raw/other/drop=2024-01-01/a.csv")},
                    {});
  std::vector<std::string> keys;
  for (const auto& placed : layout.objects) keys.push_back(placed.info.key);
  EXPECT_THAT(keys, ElementsAre("raw/other/drop=2024-01-01/a.csv", "raw/shop/drop=2024-01-01.10/a.csv",
                                "raw/shop/drop=2024-01-02/a.csv"));
  EXPECT_EQ(layout.objects[1].drop, day(2024, 1, 1));
  ASSERT_EQ(layout.ignored.size(), 2U);
  EXPECT_THAT(layout.ignored[0], HasSubstr("takes its place: drop=2024-01-01.10"));
}

TEST(Layout, LeavesOutADeliveryThatIsStillBeingPut) {
  const Layout layout = place_objects(
      {object("raw/shop/drop=2024-01-01/a.csv"), object("raw/shop/drop=2024-01-01.2.incomplete"),
       object("raw/shop/drop=2024-01-01.2/a.csv")},
      {});
  ASSERT_EQ(layout.objects.size(), 1U) << "the one before stays until the other is whole";
  EXPECT_EQ(layout.objects[0].info.key, "raw/shop/drop=2024-01-01/a.csv");
  ASSERT_EQ(layout.ignored.size(), 1U);
  EXPECT_THAT(layout.ignored[0], HasSubstr("still being put"));
}

TEST(Layout, IgnoresWhatBelongsToNoDatasetAndSaysSo) {
  const Layout layout = place_objects(
      {object("raw/stray.csv"), object("raw/drop=2023-01-01/a.csv"), object("README.txt"), object("store/a"),
       object("store/b"), object("raw/shop/NOTES.MD"), object("raw/shop/a.csv.crc"),
       object("raw/shop/_SUCCESS"), object("raw/shop/sub/", 0, 0), object("raw/shop/sub_$folder$", 0, 0)},
      {});
  EXPECT_THAT(layout.objects, IsEmpty());
  EXPECT_THAT(layout.ignored,
              UnorderedElementsAre("raw/stray.csv (belongs to no dataset)", HasSubstr("drop= is its first"),
                                   "README.txt (is not below raw/)", "store/ (is not below raw/)",
                                   "raw/shop/NOTES.MD (is a note)", "raw/shop/a.csv.crc (is a checksum)",
                                   "raw/shop/_SUCCESS (is hidden)", "raw/shop/sub/ (marks a folder)",
                                   "raw/shop/sub_$folder$ (marks a folder)"));
}

TEST(Layout, ExcludesByGlobOnKeyNameOrFolder) {
  const std::vector<lake::ObjectInfo> listing = {object("raw/a/x.csv"), object("raw/a/sub/y.csv"),
                                                 object("raw/b/z.txt"), object("raw/c/w.csv")};
  const auto left = [&](const std::vector<std::string>& exclude) {
    std::vector<std::string> keys;
    for (const auto& placed : place_objects(listing, exclude).objects) keys.push_back(placed.info.key);
    return keys;
  };
  EXPECT_THAT(left({"a/*"}), ElementsAre("raw/b/z.txt", "raw/c/w.csv"));
  EXPECT_THAT(left({"a/"}), ElementsAre("raw/b/z.txt", "raw/c/w.csv"));
  EXPECT_THAT(left({"*.csv"}), ElementsAre("raw/b/z.txt"));
  EXPECT_THAT(left({"y.csv", "z.*"}), ElementsAre("raw/a/x.csv", "raw/c/w.csv"));
  EXPECT_THAT(left({"raw"}).size(), 4U);
}

TEST(Layout, TellsWhatIsNoObjectAndRefusesLinksThatLeadNowhere) {
  Layout layout =
      place_objects({object("raw/shop/a.csv"), object("raw/shop/a - Copy.csv"), object("raw/shop/b.csv.part"),
                     object("raw/stray.csv"), object("raw/shop/n.md")},
                    {});
  place_left_out({{"raw/shop/p.csv", "is a pipe, no file"},
                  {"raw/shop/l", "is a link to raw/shop/a.csv, which is taken where it lies"},
                  {"raw/shop/gone.csv", "is a link that leads nowhere (to x)", true},
                  {"raw/shop/known.csv", "is a link that leads nowhere (to y)", true},
                  {"raw/linked", "is a link that leads out of the lake", true},
                  {"store/x", "is a pipe, no file"}},
                 {"known.*"}, layout);
  EXPECT_THAT(layout.left_out, ElementsAre(Pair("copies", 1), Pair("in no dataset", 1), Pair("links", 1),
                                           Pair("no files", 1), Pair("unfinished", 1)));
  ASSERT_EQ(layout.objects.size(), 3U);
  EXPECT_EQ(layout.objects[0].dataset, "linked");
  EXPECT_EQ(layout.objects[2].info.key, "raw/shop/gone.csv");
  EXPECT_EQ(layout.objects[2].dataset, "shop");
  EXPECT_EQ(layout.objects[2].problem, "it is a link that leads nowhere (to x)");
  EXPECT_THAT(layout.ignored, IsSupersetOf({"raw/shop/p.csv (is a pipe, no file)",
                                            "raw/shop/known.csv (excluded by known.*)"}));
}

TEST(Layout, NotesAFolderThatIsNamedAsAFile) {
  const Layout layout =
      place_objects({object("raw/shop/users.csv/part-0"), object("raw/shop/v1.0/users.csv")}, {});
  EXPECT_THAT(layout.objects[0].note, HasSubstr("named as a file: users.csv"));
  EXPECT_EQ(layout.objects[1].note, "");
}

TEST(Layout, MatchesDeclaredFiles) {
  EXPECT_TRUE(glob_claims("sale*.csv", "sale 1.csv"));
  EXPECT_TRUE(glob_claims("sale*.csv", "Sale.CSV.GZ"));
  EXPECT_TRUE(glob_claims("sale*.csv", "2024/sale.csv.zst"));
  EXPECT_TRUE(glob_claims("sale.csv*", "sale.csv/part-1.gz"));
  EXPECT_TRUE(glob_claims("*", "a/b/c"));
  EXPECT_TRUE(glob_claims("*.csv.gz", "sale.csv.gz"));
  EXPECT_FALSE(glob_claims("sale*.csv", "resale.csv"));
  EXPECT_FALSE(glob_claims("*.csv", "sale.tsv.gz"));
}

TEST(TableName, KeepsWhatNamesTheTable) {
  EXPECT_EQ(table_stem("title.basics.tsv.gz"), "title_basics");
  EXPECT_EQ(table_stem("User Base 2023-07-16.csv"), "user_base");
  EXPECT_EQ(table_stem("2023_07_sales.json.zst"), "sales");
  EXPECT_EQ(table_stem("sales_20230716_part-0001.parquet"), "sales");
  EXPECT_EQ(table_stem("sales-part1of3.csv"), "sales");
  EXPECT_EQ(table_stem("sales/part-00000-3f1b2c-c000.snappy.parquet"), "sales");
  EXPECT_EQ(table_stem("sales/year=2023/part-0.csv"), "sales");
  EXPECT_EQ(table_stem("2023-07-16.csv"), "");
  EXPECT_EQ(table_stem("top10.csv"), "top10");
  EXPECT_EQ(table_stem("\xd0\xb0.csv"), "");
}

}  // namespace
}  // namespace reelhouse::catalog
