#include "catalog/table_source.hpp"

#include <gmock/gmock.h>

#include <algorithm>

#include "catalog/drawn_table.hpp"
#include "catalog/scanned_rows.hpp"
#include "engine/engine.hpp"
#include "lake/compress.hpp"
#include "lake/temporary_folder.hpp"
#include "matchers.hpp"

namespace reelhouse::catalog {
namespace {

using test::ScannedRow;
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

class TableSourceTest : public ::testing::Test {
 protected:
  TableSourceTest() : lake_(lake::open_store(folder_.path().string()).value()) {}

  /// Puts an object into the lake and, as a crawl would, into the table.
  void add(const std::string& key, const std::string& content, const FormatOverride& fixed = {}) {
    folder_.write(key, content);
    add_existing(key, fixed);
  }
  void add_existing(const std::string& key, const FormatOverride& fixed = {}) {
    CatalogObject object;
    object.info = lake_->head(key).value();
    auto profile = profile_object(folder_.path() / key, key, fixed, 2, nullptr);
    ASSERT_THAT(profile, IsOk());
    object.profile = std::move(*profile);
    object.profile.rejects.clear();
    object.drop = std::chrono::year(2024) / 5 / static_cast<int>(table_.objects.size() + 1);
    for (const auto& name : column_names(object.profile.format.fields))
      if (std::none_of(table_.columns.begin(), table_.columns.end(),
                       [&](const auto& column) { return column.name == name; }))
        table_.columns.push_back({name, name, "VARCHAR", {}});
    table_.objects.push_back(std::move(object));
  }
  std::shared_ptr<engine::RowSource> source(const SourceTable* declared = nullptr) {
    return make_table_source(*lake_, table_, declared);
  }
  Result<std::vector<ScannedRow>> rows(const std::vector<std::string>& columns, size_t workers = 1,
                                       const SourceTable* declared = nullptr) {
    const auto from = source(declared);
    std::vector<size_t> projection;
    for (const auto& name : columns) {
      const auto found = std::find_if(from->columns().begin(), from->columns().end(),
                                      [&](const auto& column) { return column.name == name; });
      EXPECT_NE(found, from->columns().end()) << name;
      projection.push_back(static_cast<size_t>(found - from->columns().begin()));
    }
    return test::scan_rows(*from, projection, workers);
  }
  test::TemporaryFolder folder_;
  std::unique_ptr<lake::ObjectStore> lake_;
  CatalogTable table_;
};

TEST_F(TableSourceTest, DeliversTextWithObjectLineAndDrop) {
  add("raw/a/1.csv", "User ID,name\n1,\"x\ny\"\n\n2,\n3,too,many\n4,\\N\n");
  EXPECT_THAT(rows({"_line", "name", "user_id", "_object", "_drop"}).value(),
              ElementsAre(ScannedRow{"2", "x\ny", "1", "raw/a/1.csv", "2024-05-01"},
                          ScannedRow{"5", std::nullopt, "2", "raw/a/1.csv", "2024-05-01"},
                          ScannedRow{"7", std::nullopt, "4", "raw/a/1.csv", "2024-05-01"}));
  const auto columns = source()->columns();
  ASSERT_EQ(columns.size(), 6U);
  EXPECT_EQ(columns[3].name, "_line");
  EXPECT_EQ(columns[3].type, engine::CellType::kInteger);
  EXPECT_EQ(columns[4].type, engine::CellType::kDate);
  EXPECT_EQ(columns[5].name, "_convention");
  EXPECT_EQ(source()->row_estimate(), 3U);
  EXPECT_EQ(rows({}).value().size(), 3U);
}

TEST_F(TableSourceTest, JoinsObjectsOfDifferentShapesAndFormats) {
  add("raw/1.csv", "id,name\n1,a\n");
  add("raw/2.tsv.gz", test::gzip("name\tid\textra\nb\t2\tx\n"));
  add("raw/3.jsonl", "{\"id\": 3, \"nested\": {\"k\": [1]}}\n{\"name\": \"d\", \"id\": 4, \"id\": 5}\n");
  EXPECT_THAT(rows({"id", "name", "extra", "nested", "_drop"}, 2).value(),
              UnorderedElementsAre(ScannedRow{"1", "a", std::nullopt, std::nullopt, "2024-05-01"},
                                   ScannedRow{"2", "b", "x", std::nullopt, "2024-05-02"},
                                   ScannedRow{"3", std::nullopt, std::nullopt, "{\"k\": [1]}", "2024-05-03"},
                                   ScannedRow{"4", "d", std::nullopt, std::nullopt, "2024-05-03"}));
}

TEST_F(TableSourceTest, HasWhatTheSourceDeclaresEvenWithoutObjects) {
  SourceTable declared;
  declared.columns = {"id"};
  declared.optional_columns = {"note"};
  EXPECT_TRUE(rows({"id", "note", "_object", "_line", "_drop"}, 1, &declared).value().empty());
  add("raw/1.csv", "id,name\n1,a\n");
  EXPECT_THAT(rows({"note", "name"}, 1, &declared).value(), ElementsAre(ScannedRow{std::nullopt, "a"}));
}

TEST_F(TableSourceTest, HasTheFoldersOfPathsInEveryRow) {
  add("raw/shop/country=es/1.csv", "id\n1\n2\n");
  add("raw/shop/country=__HIVE_DEFAULT_PARTITION__/2.jsonl", "{\"id\": 3}\n");
  add("raw/shop/country=fr/3.csv", "id,country\n4,it\n5,\n");
  EXPECT_THAT(rows({"id", "country"}).value(),
              ElementsAre(ScannedRow{"1", "es"}, ScannedRow{"2", "es"}, ScannedRow{"3", std::nullopt},
                          ScannedRow{"4", "it"}, ScannedRow{"5", std::nullopt}));
}

TEST_F(TableSourceTest, AppliesAliasesWhereTheColumnItselfIsMissing) {
  add("raw/1.csv", "old,name\n1,a\n");
  add("raw/2.csv", "id,old\n2,b\n");
  SourceTable declared;
  declared.columns = {"id"};
  declared.aliases = {{"old", "id"}};
  EXPECT_THAT(rows({"id", "_line"}, 1, &declared).value(),
              ElementsAre(ScannedRow{"1", "2"}, ScannedRow{"2", "2"}));
}

TEST_F(TableSourceTest, FailsWhenAnObjectChangedOrWentSinceTheCrawl) {
  add("raw/1.csv", "id,name\n1,a\n");
  folder_.write("raw/1.csv", "id,name\n1,a\n2,b\n");
  const auto changed = rows({"id"});
  EXPECT_THAT(changed, IsError(ErrorKind::kBusy, HasPlace("raw/1.csv")));
  std::filesystem::remove(folder_.path() / "raw/1.csv");
  EXPECT_THAT(rows({"id"}), IsError(ErrorKind::kBusy));
}

TEST_F(TableSourceTest, LeavesOutObjectsThatCouldNotBeRead) {
  add("raw/1.csv", "id,name\n1,a\n");
  table_.objects.push_back(table_.objects.front());
  table_.objects.back().problem = "damaged";
  EXPECT_EQ(rows({"id"}).value().size(), 1U);
}

TEST_F(TableSourceTest, DeliversEveryRowOnceToAnyNumberOfWorkers) {
  std::string text = "id,\"text\"\n";
  size_t expected = 0;
  for (int i = 0; text.size() < 6'000'000; ++i) {
    const bool wrong = i % 1000 == 7;
    text += std::to_string(i) + (wrong ? ",x,y\n" : ",\"line\nof \"\"text\"\"\"\n");
    expected += wrong ? 0 : 1;
  }
  add("raw/large.csv.gz", test::gzip(text));
  for (int i = 0; i < 5; ++i) add("raw/small" + std::to_string(i) + ".csv", "id,text\n-1,x\n");
  EXPECT_EQ(table_.objects.front().profile.records - table_.objects.front().profile.rejected, expected);
  auto one = rows({"_object", "_line", "id", "text"}, 1).value();
  auto many = rows({"_object", "_line", "id", "text"}, 5).value();
  EXPECT_EQ(one.size(), expected + 5);
  std::sort(one.begin(), one.end());
  std::sort(many.begin(), many.end());
  EXPECT_EQ(one, many);
}

TEST_F(TableSourceTest, ReadsParquetWithItsRowNumbers) {
  auto database = engine::open_duckdb({}).value();
  auto session = database->connect().value();
  ASSERT_THAT(
      session->execute("copy (select i as \"User ID\", case when i % 2 = 0 then 'é' || i else '' end as "
                       "name, [i] as l from range(5000) r(i)) to " +
                       engine::quote_text((folder_.path() / "x.parquet").string()) + " (format parquet)"),
      IsOk());
  add_existing("x.parquet");
  auto all = rows({"_line", "user_id", "name", "l"}, 2).value();
  ASSERT_EQ(all.size(), 5000U);
  for (const auto& row : all) {
    const int id = std::stoi(*row[1]);
    EXPECT_EQ(row[0], std::to_string(id + 1));
    EXPECT_EQ(row[2], id % 2 == 0 ? std::optional("é" + std::to_string(id)) : std::nullopt);
    EXPECT_EQ(row[3], "[" + std::to_string(id) + "]");
  }
  EXPECT_EQ(rows({}).value().size(), 5000U);
  EXPECT_EQ(rows({"_line"}).value().size(), 5000U);
}

TEST_F(TableSourceTest, ReadsWhatHasPartsInParquetAsJson) {
  auto database = engine::open_duckdb({}).value();
  ASSERT_THAT(
      database->connect().value()->execute(
          "copy (select ['a, b', null, 'c \"d\"'] as l, {'x': 1, 'y': [2]} as s, "
          "cast([] as varchar[]) as e, cast(null as integer[]) as n, cast([1, 2] as integer[2]) as f) to " +
          engine::quote_text((folder_.path() / "x.parquet").string()) + " (format parquet)"),
      IsOk());
  add_existing("x.parquet");
  const auto all = rows({"l", "s", "e", "n", "f"}, 1).value();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0][0], R"(["a, b",null,"c \"d\""])");
  EXPECT_EQ(all[0][1], R"({"x":1,"y":[2]})");
  EXPECT_EQ(all[0][2], std::nullopt);
  EXPECT_EQ(all[0][3], std::nullopt);
  EXPECT_EQ(all[0][4], "[1,2]");
}

TEST_F(TableSourceTest, WorksInTheEngine) {
  add("raw/1.csv", "id,name\n1,a\n2,b\n");
  auto database = engine::open_duckdb({}).value();
  ASSERT_THAT(database->add_source("raw.things", source()), IsOk());
  auto session = database->connect().value();
  const auto found = session->query("select name, _line, _drop, _object from raw.things where id = '2'");
  ASSERT_THAT(found, IsOk());
  ASSERT_EQ(found->rows.size(), 1U);
  EXPECT_EQ(found->text(0, 0), "b");
  EXPECT_EQ(found->integer(0, 1), 3);
  EXPECT_EQ(found->text(0, 2), "2024-05-01");
  EXPECT_EQ(session->query("select count(*) from raw.things").value().integer(0, 0), 2);
  const auto limited = session->query("select * from raw.things limit 1");
  EXPECT_EQ(limited.value().rows.size(), 1U);
}

/// Writes random tables in random ways and expects every cell back.
TEST_F(TableSourceTest, ReturnsRandomTablesAsTheyWereWritten) {
  std::mt19937 random(20240506);
  for (unsigned round = 0; round < 150; ++round) {
    test::DrawnTable drawn(round, random() % 400 + 30);
    const auto writing = test::Writing::draw(random);
    std::string content = drawn.written(writing);
    const unsigned compression = random() % 3;
    if (compression == 1) content = test::gzip(content);
    if (compression == 2) content = test::zstd(content);
    table_ = {};
    add("raw/drawn", content);
    const auto& profile = table_.objects.front().profile;
    ASSERT_EQ(profile.format.fields, drawn.names()) << "round " << round << ": " << writing.describe();
    ASSERT_EQ(profile.records, drawn.rows().size()) << writing.describe();
    ASSERT_EQ(profile.rejected, 0U) << writing.describe();
    const auto read = rows(column_names(drawn.names())).value();
    ASSERT_EQ(read.size(), drawn.rows().size());
    for (size_t row = 0; row < read.size(); ++row)
      ASSERT_EQ(read[row], drawn.rows()[row])
          << "round " << round << ", row " << row << ": " << writing.describe();
  }
}

/// Damages random bytes: whatever comes out, a scan delivers what the crawl counted.
TEST_F(TableSourceTest, AgreesWithTheCrawlOnDamagedObjects) {
  std::mt19937 random(99);
  size_t read = 0;
  for (unsigned round = 0; round < 150; ++round) {
    test::DrawnTable drawn(round, 60);
    std::string content = drawn.written(test::Writing::draw(random));
    for (unsigned damages = random() % 12; damages > 0; --damages)
      content[random() % content.size()] = static_cast<char>(random());
    if (random() % 4 == 0) content.resize(random() % content.size());
    folder_.write("raw/damaged", content);
    const auto profile = profile_object(folder_.path() / "raw/damaged", "damaged", {}, 1, nullptr);
    if (!profile) {
      EXPECT_THAT(profile, IsError(ErrorKind::kDamaged));
      continue;
    }
    table_ = {};
    add_existing("raw/damaged");
    EXPECT_EQ(rows({"_line"}).value().size(), profile->records - profile->rejected);
    ++read;
  }
  EXPECT_GT(read, 100U);
}

}  // namespace
}  // namespace reelhouse::catalog
