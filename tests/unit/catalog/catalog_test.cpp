#include "catalog/catalog.hpp"

#include <gmock/gmock.h>

#include <algorithm>

#include "base/interrupt.hpp"
#include "catalog/crawl_fakes.hpp"
#include "matchers.hpp"

namespace reelhouse::catalog {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class CatalogTest : public ::testing::Test {
 protected:
  CatalogTest() : catalog_(open()) {}

  std::unique_ptr<Catalog> open() {
    return open_catalog(folder_.path() / "catalog.sqlite", lake_.profiler()).value();
  }

  CrawlReport crawl(bool dry_run = false, std::vector<std::string> exclude = {}) {
    lake_.read.clear();
    CrawlOptions options;
    options.exclude = std::move(exclude);
    options.dry_run = dry_run;
    options.threads = 2;
    auto report = catalog_->crawl(lake_, sources_, options, FixedClock());
    EXPECT_THAT(report, IsOk());
    return report.value();
  }

  static std::vector<std::string> lines(const CrawlReport& report) {
    std::vector<std::string> out;
    for (const auto& change : report.changes)
      out.push_back(name_of(change.what) + std::string("|") + change.table + "|" + change.subject + "|" +
                    change.detail);
    return out;
  }

  TemporaryFolder folder_;
  FakeLake lake_;
  std::vector<Source> sources_;
  std::unique_ptr<Catalog> catalog_;
};

TEST_F(CatalogTest, DescribesANewLakeAndReadsNothingTwice) {
  lake_.write("raw/shop/drop=2024-01-01/a.csv", table_of({"id", "x"}, 8807));
  lake_.write("raw/shop/drop=2024-02-01/a.csv", table_of({"id", "x"}, 5));
  const auto first = crawl();
  EXPECT_EQ(first.objects_read, 2U);
  ASSERT_EQ(first.tables.size(), 1U);
  EXPECT_EQ(first.tables[0].name, "shop");
  EXPECT_EQ(first.tables[0].records(), 8812U);
  EXPECT_EQ(first.tables[0].objects[1].drop, day(2024, 2, 1));
  EXPECT_THAT(lines(first),
              Contains("new table|shop||2 columns, 8,812 records in 2 objects; no source declares it"));
  catalog_ = open();
  const auto second = crawl();
  EXPECT_EQ(second.objects_read, 0U);
  EXPECT_THAT(lake_.read, IsEmpty());
  EXPECT_THAT(second.changes, IsEmpty());
  const auto kept = catalog_->tables().value();
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_EQ(kept[0].records(), 8812U);
  EXPECT_EQ(kept[0].columns[1].type, "BIGINT");
  EXPECT_EQ(kept[0].objects[0].profile.content_hash, first.tables[0].objects[0].profile.content_hash);
  EXPECT_EQ(kept[0].objects[0].info.modified, first.tables[0].objects[0].info.modified);
}

TEST_F(CatalogTest, SeesNewChangedDeletedAndReuploadedObjects) {
  lake_.write("raw/shop/a.csv", table_of({"id"}, 10));
  lake_.write("raw/shop/b.csv", table_of({"id"}, 20));
  lake_.write("raw/shop/c.csv", table_of({"id"}, 30));
  crawl();
  lake_.write("raw/shop/a.csv", table_of({"id"}, 11));
  lake_.remove("raw/shop/b.csv");
  lake_.write("raw/shop/c.csv", table_of({"id"}, 30));
  lake_.write("raw/shop/d.csv", table_of({"id"}, 40));
  const auto report = crawl();
  EXPECT_THAT(lake_.read, UnorderedElementsAre("raw/shop/a.csv", "raw/shop/c.csv", "raw/shop/d.csv"));
  EXPECT_THAT(lines(report), UnorderedElementsAre("changed object|shop|raw/shop/a.csv|10 -> 11 records",
                                                  "deleted object|shop|raw/shop/b.csv|had 20 records",
                                                  "uploaded again (same content)|shop|raw/shop/c.csv|",
                                                  HasSubstr("new object|shop|raw/shop/d.csv|")));
  EXPECT_THAT(crawl().changes, IsEmpty());
  EXPECT_THAT(lake_.read, IsEmpty());
  EXPECT_EQ(catalog_->tables().value()[0].records(), 81U);
}

TEST_F(CatalogTest, ShowsTheDiffOfADryRunAndKeepsNothing) {
  lake_.write("raw/shop/a.csv", table_of({"id"}));
  const auto dry = crawl(true);
  EXPECT_EQ(dry.tables.size(), 1U);
  EXPECT_THAT(catalog_->tables().value(), IsEmpty());
  const auto real = crawl();
  EXPECT_EQ(lines(dry), lines(real));
  EXPECT_EQ(real.objects_read, 1U);
}

TEST_F(CatalogTest, CountsUpTheSchemaVersionAndKeepsItsDiff) {
  lake_.write("raw/shop/a.csv", table_of({"id", "gone", "x"}, 8804));
  crawl();
  ObjectProfile changed = table_of({"x", "fresh", "id"}, 8807);
  changed.fields[2].kinds = {8804, 0, 0, 0, 0, 3};
  lake_.write("raw/shop/a.csv", changed);
  const auto dry = crawl(true);
  const auto report = crawl();
  EXPECT_EQ(lines(dry), lines(report));
  EXPECT_EQ(report.tables[0].schema_version, 2);
  EXPECT_THAT(
      lines(report),
      ElementsAre("new column|shop|fresh|BIGINT",
                  "changed type|shop|id|BIGINT -> VARCHAR: 3 of 8,807 values are text (in raw/shop/a.csv)",
                  "gone column|shop|gone|was BIGINT", HasSubstr("changed object|")));
  const auto versions = catalog_->schema_versions("shop").value();
  ASSERT_EQ(versions.size(), 2U);
  EXPECT_EQ(versions[0].version, 1);
  EXPECT_EQ(versions[0].columns.size(), 3U);
  EXPECT_EQ(versions[1].columns[2], (std::pair<std::string, std::string>("id", "VARCHAR")));
  EXPECT_EQ(versions[1].changes.size(), 3U);
  EXPECT_EQ(versions[1].seen_at, "2024-05-06T00:00:00.000Z");
  EXPECT_EQ(catalog_->tables().value()[0].schema_version, 2);
}

TEST_F(CatalogTest, ShowsTheValueThatChangedAType) {
  lake_.write("raw/shop/a.csv", table_of({"id"}, 5));
  crawl();
  ObjectProfile text = table_of({"id"}, 2);
  text.fields[0].kinds = {0, 0, 0, 0, 0, 2};
  text.fields[0].example = "n/a";
  lake_.write("raw/shop/b.csv", text);
  EXPECT_THAT(lines(crawl()), Contains("changed type|shop|id|BIGINT -> VARCHAR: 2 of 7 values are text "
                                       "('n/a' in raw/shop/b.csv)"));
  lake_.remove("raw/shop/b.csv");
  EXPECT_THAT(lines(crawl()),
              Contains("changed type|shop|id|VARCHAR -> BIGINT: all of its 5 values fit now"));
}

TEST_F(CatalogTest, KeepsTheSchemaWhenOnlyTheOrderOfColumnsChanges) {
  lake_.write("raw/shop/a.csv", table_of({"id", "x"}));
  crawl();
  lake_.write("raw/shop/a.csv", table_of({"x", "id"}));
  const auto report = crawl();
  EXPECT_EQ(report.tables[0].schema_version, 1);
  EXPECT_EQ(report.tables[0].columns[0].name, "x");
}

TEST_F(CatalogTest, GoesOnWithoutAnObjectThatCannotBeRead) {
  lake_.write("raw/shop/bad.csv.gz", fail(ErrorKind::kDamaged, "gzip: checksum does not match at byte 77"));
  lake_.write("raw/shop/good.csv", table_of({"id"}));
  const auto report = crawl();
  EXPECT_EQ(report.tables[0].objects.size(), 1U);
  ASSERT_EQ(report.unreadable.size(), 1U);
  EXPECT_EQ(report.unreadable[0].problem, "gzip: checksum does not match at byte 77");
  EXPECT_EQ(report.unreadable[0].table, "");
  EXPECT_THAT(lines(report),
              Contains("unreadable||raw/shop/bad.csv.gz|gzip: checksum does not match at byte 77"));
  const auto again = crawl();
  EXPECT_THAT(lake_.read, IsEmpty()) << "damage does not mend itself";
  EXPECT_THAT(again.changes, IsEmpty());
  EXPECT_EQ(again.unreadable.size(), 1U);
  EXPECT_EQ(catalog_->unreadable().value().size(), 1U);
  lake_.write("raw/shop/bad.csv.gz", table_of({"id"}, 3));
  EXPECT_THAT(lines(crawl()), Contains(HasSubstr("changed object|shop|raw/shop/bad.csv.gz|can be used now")));
  EXPECT_THAT(catalog_->unreadable().value(), IsEmpty());
}

TEST_F(CatalogTest, TriesAgainWhatMayHaveMendedItself) {
  lake_.write("raw/shop/a.csv", fail(ErrorKind::kUnavailable, "the server does not answer"));
  crawl();
  crawl();
  EXPECT_THAT(lake_.read, ElementsAre("raw/shop/a.csv"));
}

TEST_F(CatalogTest, ReportsAnObjectInAFolderThatNamesNoDay) {
  lake_.write("raw/shop/drop=soon/a.csv", table_of({"id"}));
  const auto report = crawl();
  EXPECT_THAT(report.tables, IsEmpty());
  EXPECT_THAT(lake_.read, IsEmpty());
  EXPECT_THAT(report.unreadable.at(0).problem, HasSubstr("drop=soon"));
}

TEST_F(CatalogTest, ReadsAgainWhenTheWayOfReadingChanges) {
  sources_ = {declared_source("shop", {declared_table("shop", "shop", "*", {"id"})})};
  lake_.write("raw/shop/a.csv", table_of({"id"}));
  crawl();
  sources_[0].tables[0].columns = {"other"};
  const auto lacking = crawl();
  EXPECT_THAT(lake_.read, IsEmpty());
  EXPECT_THAT(lacking.unreadable.at(0).problem, HasSubstr("lacks column other"));
  EXPECT_THAT(lines(lacking), Contains(HasSubstr("gone table|shop|")));
  sources_[0].tables[0].columns = {"id"};
  sources_[0].tables[0].format.quote = '\0';
  EXPECT_EQ(crawl().tables.at(0).objects.size(), 1U);
  EXPECT_THAT(lake_.read, ElementsAre("raw/shop/a.csv"));
}

TEST_F(CatalogTest, ReportsEmptyObjectsAndEmptiedLakes) {
  sources_ = {declared_source("shop", {declared_table("shop", "shop", "*", {"id"})})};
  lake_.write("raw/shop/a.csv", table_of({}, 0), 0);
  const auto report = crawl();
  EXPECT_THAT(lines(report), Contains("empty object|shop|raw/shop/a.csv|zero bytes, not even a header"));
  EXPECT_EQ(report.tables.at(0).records(), 0U);
  lake_.clear();
  const auto emptied = crawl();
  EXPECT_THAT(emptied.tables, IsEmpty());
  EXPECT_THAT(lines(emptied),
              UnorderedElementsAre(HasSubstr("gone table|shop|"), HasSubstr("deleted object|shop|")));
}

TEST_F(CatalogTest, GoesOnCountingVersionsOfATableThatComesBack) {
  lake_.write("raw/shop/a.csv", table_of({"id"}));
  crawl();
  lake_.clear();
  crawl();
  EXPECT_THAT(catalog_->tables().value(), IsEmpty());
  lake_.write("raw/shop/b.csv", table_of({"id", "more"}));
  const auto report = crawl();
  EXPECT_EQ(report.tables.at(0).name, "shop");
  EXPECT_EQ(report.tables.at(0).schema_version, 2);
}

TEST_F(CatalogTest, KeepsRejectsUntilTheObjectChanges) {
  ObjectProfile profile = table_of({"id"});
  profile.rejected = 2;
  profile.rejects = {{7, "", "has 3 fields, expected 1", "a,b,c"}, {9, "id", "is no UTF-8", "?"}};
  lake_.write("raw/shop/a.csv", profile);
  crawl();
  crawl();
  const auto rejects = catalog_->rejects("raw/shop/a.csv").value();
  ASSERT_EQ(rejects.size(), 2U);
  EXPECT_EQ(rejects[0].line, 7U);
  EXPECT_EQ(rejects[0].text, "a,b,c");
  EXPECT_EQ(rejects[1].column, "id");
  EXPECT_EQ(catalog_->tables().value()[0].rejected(), 2U);
  EXPECT_THAT(catalog_->tables().value()[0].objects[0].profile.rejects, IsEmpty());
  lake_.write("raw/shop/a.csv", table_of({"id"}, 12));
  crawl();
  EXPECT_THAT(catalog_->rejects("raw/shop/a.csv").value(), IsEmpty());
}

TEST_F(CatalogTest, KeepsLakesApart) {
  lake_.write("raw/shop/a.csv", table_of({"id"}));
  crawl();
  FakeLake other("another lake");
  other.write("raw/bar/b.csv", table_of({"x"}));
  auto catalog = open_catalog(folder_.path() / "catalog.sqlite", other.profiler()).value();
  const auto report = catalog->crawl(other, {}, {}, FixedClock()).value();
  EXPECT_EQ(report.objects_read, 1U);
  ASSERT_EQ(catalog_->tables().value().size(), 1U);
  EXPECT_EQ(catalog_->tables().value()[0].name, "bar");
  crawl();
  EXPECT_THAT(lake_.read, IsEmpty());
  EXPECT_EQ(catalog_->tables().value()[0].name, "shop");
}

TEST_F(CatalogTest, PointsOutTheSameContentTwiceInADrop) {
  lake_.write("raw/shop/a.csv", table_of({"id"}));
  lake_.write("raw/shop/b.csv", table_of({"id"}));
  EXPECT_THAT(lines(crawl()), Contains(HasSubstr("the same content as raw/shop/a.csv")));
}

TEST_F(CatalogTest, KeepsNothingOfAnInterruptedCrawl) {
  lake_.write("raw/shop/a.csv", table_of({"id"}));
  lake_.write("raw/shop/b.csv", fail(ErrorKind::kInterrupted, "stopped"));
  const auto report = catalog_->crawl(lake_, sources_, {}, FixedClock());
  EXPECT_THAT(report, IsError(ErrorKind::kInterrupted));
  EXPECT_THAT(catalog_->tables().value(), IsEmpty());
}

TEST_F(CatalogTest, TellsAnExcludedObjectFromADeletedOne) {
  lake_.write("raw/shop/a.csv", table_of({"id"}, 10));
  lake_.write("raw/shop/b.csv", table_of({"id"}, 20));
  crawl();
  EXPECT_THAT(lines(crawl(false, {"shop/b*"})),
              ElementsAre("deleted object|shop|raw/shop/b.csv|had 20 records; it is there but left out "
                          "(excluded by shop/b*)"));
}

TEST_F(CatalogTest, SaysThatItsFileLostPages) {
  for (int i = 0; i < 200; ++i)
    lake_.write("raw/shop/drop=2024-01-01/a" + std::to_string(i) + ".csv", table_of({"id", "x", "y"}, 10));
  crawl();
  catalog_.reset();
  const auto file = folder_.path() / "catalog.sqlite";
  const auto size = std::filesystem::file_size(file);
  ASSERT_GT(size, 40'000U);
  {
    std::fstream damage(file, std::ios::in | std::ios::out | std::ios::binary);
    damage.seekp(8192);
    damage << std::string(size - 8192, '#');
  }
  auto catalog = open_catalog(file, lake_.profiler());
  const auto report = catalog ? (*catalog)->crawl(lake_, sources_, {}, FixedClock())
                              : Result<CrawlReport>(fail(catalog.error()));
  EXPECT_THAT(report, IsError(ErrorKind::kDamaged, HasHint("crawl again")));
}

TEST_F(CatalogTest, SaysThatItsFileIsDamaged) {
  folder_.write("broken.sqlite", std::string(9000, '#'));
  const auto catalog = open_catalog(folder_.path() / "broken.sqlite");
  EXPECT_THAT(catalog, IsError(ErrorKind::kDamaged, HasHint("crawl again")));
}

}  // namespace
}  // namespace reelhouse::catalog
