#include "model/curated.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lake/temporary_folder.hpp"
#include "matchers.hpp"

namespace reelhouse::model {
namespace {

namespace fs = std::filesystem;

class CuratedTest : public testing::Test {
 protected:
  BuildRecord build(const std::string& model, const std::string& print, const std::string& content = "rows") {
    BuildRecord record;
    record.model = model;
    record.fingerprint = print;
    record.rows = 7;
    record.rejected = 2;
    record.repairs = {{"case", 3}};
    record.seconds = 0.5;
    record.columns = {{"a", "DECIMAL(18,2)"}, {"b", "VARCHAR"}};
    record.objects["raw/x/a.csv"] = {5, 2};
    const auto building = curated_.begin(model, print);
    EXPECT_THAT(building, IsOk());
    std::ofstream(*building / "part-0.parquet") << content;
    const auto finished = curated_.finish(*building, record);
    EXPECT_THAT(finished, IsOk());
    return record;
  }

  test::TemporaryFolder folder_;
  Curated curated_{folder_.path()};
};

TEST_F(CuratedTest, FindsWhatWasBuilt) {
  EXPECT_FALSE(curated_.find("m", "p1"));
  build("m", "p1");
  const auto found = curated_.find("m", "p1");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->rows, 7U);
  EXPECT_EQ(found->rejected, 2U);
  EXPECT_EQ(found->repairs.at("case"), 3U);
  EXPECT_EQ(found->columns[0].second, "DECIMAL(18,2)");
  EXPECT_EQ(found->objects.at("raw/x/a.csv").kept, 5U);
  EXPECT_EQ(found->files.at("part-0.parquet"), 4U);
  EXPECT_FALSE(curated_.find("m", "p2"));
}

TEST_F(CuratedTest, DoesNotFindATornBuild) {
  build("m", "p1");
  const fs::path part = curated_.folder("m", "p1") / "part-0.parquet";
  fs::resize_file(part, 2);
  EXPECT_FALSE(curated_.find("m", "p1"));
  fs::remove(part);
  EXPECT_FALSE(curated_.find("m", "p1"));
  build("m", "p1");
  EXPECT_TRUE(curated_.find("m", "p1"));
  for (const char* text : {"", "{", "[]", "{\"model\": 7}", "null"}) {
    std::ofstream(curated_.folder("m", "p1") / "_build.json") << text;
    EXPECT_FALSE(curated_.find("m", "p1")) << text;
  }
}

TEST_F(CuratedTest, ReplacesAnOlderBuild) {
  build("m", "p1", "old rows");
  build("m", "p1", "new");
  EXPECT_EQ(curated_.find("m", "p1")->files.at("part-0.parquet"), 3U);
}

TEST_F(CuratedTest, BeginsWithAnEmptyFolder) {
  const auto first = curated_.begin("m", "p1");
  std::ofstream(*first / "half.parquet") << "x";
  const auto second = curated_.begin("m", "p1");
  EXPECT_TRUE(fs::is_empty(*second));
}

TEST_F(CuratedTest, RemovesLeftoversAndKeepsBuilds) {
  build("m", "p1");
  const auto half = curated_.begin("m", "p2");
  std::ofstream(*half / "half.parquet") << "x";
  curated_.remove_leftovers();
  EXPECT_FALSE(fs::exists(*half));
  EXPECT_TRUE(curated_.find("m", "p1"));
}

TEST_F(CuratedTest, RemovesAllButTheNewestAndTheNeeded) {
  for (const char* print : {"p1", "p2", "p3", "p4"}) {
    build("m", print);
    const auto age = std::chrono::hours(10 - (print[1] - '0'));
    fs::last_write_time(curated_.folder("m", print), fs::file_time_type::clock::now() - age);
  }
  curated_.remove_old(1, {"m/p1"});
  EXPECT_TRUE(curated_.find("m", "p1"));
  EXPECT_FALSE(curated_.find("m", "p2"));
  EXPECT_FALSE(curated_.find("m", "p3"));
  EXPECT_TRUE(curated_.find("m", "p4"));
}

TEST_F(CuratedTest, WorksWithoutAStore) {
  const Curated none(folder_.path() / "absent");
  none.remove_leftovers();
  none.remove_old(1, {});
  EXPECT_FALSE(none.find("m", "p"));
}

}  // namespace
}  // namespace reelhouse::model
