#include <gmock/gmock.h>

#include <algorithm>

#include "catalog/catalog.hpp"
#include "catalog/crawl_fakes.hpp"
#include "matchers.hpp"

namespace reelhouse::catalog {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// "id,x\n1,2\n" as gzip.
const std::string kGzip(
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\x4c\xd1\xa9\xe0\x32\xd4\x31\xe2\x02\x00"
    "\xda\xd4\xd1\x93\x09\x00\x00\x00",
    29);

/// Crawls real files in a folder, from bytes to tables.
class LakeCrawl : public ::testing::Test {
 protected:
  CrawlReport crawl() {
    const auto lake = lake::open_store((folder_.path() / "lake").string()).value();
    const auto catalog = open_catalog(folder_.path() / "catalog.sqlite").value();
    auto report = catalog->crawl(*lake, sources_, {}, FixedClock());
    EXPECT_THAT(report, IsOk());
    return report.value();
  }
  void write(const std::string& key, const std::string& content) {
    folder_.write("lake/raw/" + key, content);
  }

  static std::vector<std::string> whats(const CrawlReport& report) {
    std::vector<std::string> out;
    for (const auto& change : report.changes)
      out.push_back(name_of(change.what) + std::string(" ") + change.table + " " + change.subject);
    return out;
  }

  TemporaryFolder folder_;
  std::vector<Source> sources_;
};

TEST_F(LakeCrawl, DescribesFilesByTheirContent) {
  write("shop/drop=2024-01-01/sale.csv", "Sale Id;Amount;Day\n1;2.5;2024-01-01\n2;3;2024-01-02\n");
  write("shop/drop=2024-02-01/sale.csv", "Sale Id;Amount;Day\n3;4;2024-02-01\n");
  write("bar/drink.csv.gz", kGzip);
  const auto report = crawl();
  ASSERT_EQ(report.tables.size(), 2U);
  EXPECT_EQ(report.tables[0].name, "bar");
  EXPECT_EQ(report.tables[0].records(), 1U);
  const CatalogTable& shop = report.tables[1];
  EXPECT_EQ(shop.records(), 3U);
  ASSERT_EQ(shop.columns.size(), 3U);
  EXPECT_EQ(shop.columns[0].name, "sale_id");
  EXPECT_EQ(shop.columns[0].field, "Sale Id");
  EXPECT_EQ(shop.columns[0].type, "BIGINT");
  EXPECT_EQ(shop.columns[1].type, "DOUBLE");
  EXPECT_EQ(shop.columns[2].type, "DATE");
  const auto again = crawl();
  EXPECT_EQ(again.objects_read, 0U);
  EXPECT_THAT(again.changes, IsEmpty());
}

TEST_F(LakeCrawl, TellsARewriteFromAChange) {
  write("shop/a.csv", "id,x\n1,2\n");
  write("shop/b.csv", "id,x\n1,2\n3,4\n");
  crawl();
  std::filesystem::remove(folder_.path() / "lake/raw/shop/a.csv");
  write("shop/a.csv", "id,x\n1,2\n");
  write("shop/b.csv", "id,x\n1,two\n");
  const auto report = crawl();
  EXPECT_EQ(report.objects_read, 2U);
  EXPECT_THAT(whats(report),
              ElementsAre("changed type shop x", "uploaded again (same content) shop raw/shop/a.csv",
                          "changed object shop raw/shop/b.csv"));
  EXPECT_EQ(report.tables.at(0).schema_version, 2);
}

TEST_F(LakeCrawl, GoesOnWithoutADamagedFile) {
  write("shop/good.csv.gz", kGzip);
  write("shop/truncated.csv.gz", kGzip.substr(0, 20));
  std::string flipped = kGzip;
  flipped[22] = static_cast<char>(flipped[22] ^ 1);
  write("shop/flipped.csv.gz", flipped);
  const auto report = crawl();
  ASSERT_EQ(report.tables.size(), 1U);
  EXPECT_EQ(report.tables[0].objects.size(), 1U);
  ASSERT_EQ(report.unreadable.size(), 2U);
  EXPECT_NE(report.unreadable[0].problem, "");
  EXPECT_EQ(crawl().objects_read, 0U);
}

TEST_F(LakeCrawl, TakesEmptyAndHeaderOnlyFiles) {
  sources_ = {declared_source("shop", {declared_table("sale", "shop", "*", {"id"})})};
  write("shop/empty.csv", "");
  write("shop/header.csv", "id,x\n");
  write("shop/sale.csv", "id,x\n1,2\n");
  const auto report = crawl();
  EXPECT_THAT(report.unreadable, IsEmpty());
  ASSERT_EQ(report.tables.size(), 1U);
  EXPECT_EQ(report.tables[0].records(), 1U);
  EXPECT_EQ(report.tables[0].objects.size(), 3U);
  EXPECT_THAT(whats(report), Contains("empty object sale raw/shop/empty.csv"));
}

TEST_F(LakeCrawl, SaysThatThereIsNoLake) {
  const auto lake = lake::open_store((folder_.path() / "nowhere").string()).value();
  const auto catalog = open_catalog(folder_.path() / "catalog.sqlite").value();
  const auto report = catalog->crawl(*lake, sources_, {}, FixedClock());
  EXPECT_THAT(report, IsError(ErrorKind::kNotFound, HasPlace(HasSubstr("nowhere"))));
}

}  // namespace
}  // namespace reelhouse::catalog
