#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <fstream>
#include <thread>

#include "base/files.hpp"
#include "base/interrupt.hpp"
#include "matchers.hpp"
#include "warehouse/fixture.hpp"

namespace reelhouse::warehouse {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

using Publish = WarehouseTest;
using RollBack = WarehouseTest;
using Current = WarehouseTest;

TEST_F(Publish, WritesAVersionThatCanBeQueried) {
  const auto version = publish(7).value();
  EXPECT_EQ(version.number, 1);
  EXPECT_TRUE(version.current);
  EXPECT_EQ(version.run, "run-7");
  EXPECT_EQ(version.bytes, fs::file_size(warehouse_folder_ / "v000001.duckdb"));
  ASSERT_EQ(version.tables.size(), 2);
  EXPECT_EQ(version.tables[0].name, "plan");
  EXPECT_EQ(version.tables[1].rows, 1000);
  EXPECT_EQ(mark(), 7);
  EXPECT_THAT(files(), ElementsAre("CURRENT", "v000001.duckdb", "v000001.json"));
  EXPECT_EQ(read_file(warehouse_folder_ / "CURRENT").value(), "v000001.duckdb\n");

  const auto listed = warehouse_->versions().value();
  ASSERT_EQ(listed.size(), 1);
  EXPECT_TRUE(listed[0].current);
  EXPECT_EQ(listed[0].tables[1].fingerprint, "f7");
  EXPECT_EQ(listed[0].tables[0].note, "Asked of the fixture.");
  EXPECT_EQ(listed[0].tables[1].note, "");
  EXPECT_EQ(listed[0].created, version.created);
  EXPECT_EQ(warehouse_->current()->number, 1);
}

TEST_F(Publish, KeepsDescriptionsAsComments) {
  ASSERT_THAT(publish(), IsOk());
  const auto database = warehouse_->open_current().value();
  const auto session = database->connect().value();
  const auto tables = session->query("select comment from duckdb_tables() where table_name = 'sale'");
  EXPECT_EQ(tables->text(0, 0), "What was sold; it's \"all\"");
  const auto columns =
      session->query("select comment from duckdb_columns() where table_name = 'sale' order by column_index");
  EXPECT_EQ(columns->text(0, 0), "");
  EXPECT_EQ(columns->text(1, 0), "In euro; it's net");
}

TEST_F(Publish, KeepsTypesNullsOddNamesAndTheOrderOfRows) {
  const std::vector<PublishedTable> odd = {
      table("Odd \"name\"",
            "select 1.50::decimal(9,2) as \"a b\", date '2021-09-25' as d, null::varchar as n, "
            "['x'] as l, 'Köln 東京' as t",
            1),
      table("ordered", "select 300000 - i as n from range(300000) as t(i)", 300000)};
  const auto version = warehouse_->publish(odd, "r", 3, clock_);
  ASSERT_THAT(version, IsOk());
  const auto session = warehouse_->open_current().value()->connect().value();
  const auto rows =
      session->query("select typeof(\"a b\"), typeof(d), n is null, typeof(l), t from \"Odd \"\"name\"\"\"");
  ASSERT_THAT(rows, IsOk());
  EXPECT_EQ(rows->text(0, 0), "DECIMAL(9,2)");
  EXPECT_EQ(rows->text(0, 1), "DATE");
  EXPECT_EQ(rows->text(0, 3), "VARCHAR[]");
  EXPECT_EQ(rows->text(0, 4), "Köln 東京");
  EXPECT_EQ(session->query("select count(*) from ordered where n <> 300000 - rowid")->integer(0, 0), 0);
}

TEST_F(Publish, JoinsTheFilesOfATableAndTakesPathsLiterally) {
  const fs::path odd = folder_ / "a[1]*?" / "drop=2021-09-25" / "it's";
  fs::create_directories(odd);
  fs::create_directories(folder_ / "a1xx");
  auto parts = table("part", "select i as n from range(10) as t(i)", 20);
  fs::copy_file(parts.files[0], odd / "1.parquet");
  fs::copy_file(parts.files[0], odd / "2.parquet");
  parts.files = {odd / "1.parquet", odd / "2.parquet"};
  const auto version = warehouse_->publish({parts}, "r", 3, clock_);
  ASSERT_THAT(version, IsOk());
  const auto session = warehouse_->open_current().value()->connect().value();
  const auto columns = session->query("select column_name from duckdb_columns() where table_name = 'part'");
  ASSERT_EQ(columns->rows.size(), 1);
}

TEST_F(Publish, FailsWhenACountDiffersAndLeavesTheOldVersion) {
  ASSERT_THAT(publish(1), IsOk());
  auto wrong = tables(2);
  wrong[0].rows = 1001;
  const auto version = warehouse_->publish(wrong, "r", 5, clock_);
  EXPECT_THAT(version,
              IsError(ErrorKind::kDamaged, HasMessage("sale has 1000 rows where 1001 are expected")));
  EXPECT_THAT(files(), ElementsAre("CURRENT", "v000001.duckdb", "v000001.json"));
  EXPECT_EQ(mark(), 1);
}

TEST_F(Publish, FailsWithNothingLeftWhenAFileIsMissingOrBroken) {
  ASSERT_THAT(publish(1), IsOk());
  auto broken = tables(2);
  std::ofstream(folder_ / "broken.parquet") << "PAR1 no PAR1";
  for (const char* name : {"missing.parquet", "broken.parquet"}) {
    broken[1].files = {folder_ / name};
    const auto version = warehouse_->publish(broken, "r", 5, clock_);
    EXPECT_THAT(version, HasMessage("publishing the table plan"));
  }
  EXPECT_FALSE(warehouse_->publish({}, "r", 5, clock_));
  EXPECT_THAT(files(), ElementsAre("CURRENT", "v000001.duckdb", "v000001.json"));
  EXPECT_EQ(mark(), 1);
}

TEST_F(Publish, KeepsTheNewestVersionsAndTheCurrentOne) {
  for (int i = 1; i <= 4; ++i) ASSERT_THAT(publish(i, 3), IsOk());
  EXPECT_THAT(files(), ElementsAre("CURRENT", "v000002.duckdb", "v000002.json", "v000003.duckdb",
                                   "v000003.json", "v000004.duckdb", "v000004.json"));
  ASSERT_THAT(publish(5, 0), IsOk());
  EXPECT_THAT(files(), ElementsAre("CURRENT", "v000005.duckdb", "v000005.json"));
}

TEST_F(Publish, NeverUsesANumberAgain) {
  for (int i = 1; i <= 3; ++i) ASSERT_THAT(publish(i), IsOk());
  ASSERT_THAT(warehouse_->roll_back(1), IsOk());
  EXPECT_EQ(publish(4)->number, 4);
  // Whatever bears a number counts: a database, a manifest, CURRENT itself.
  std::ofstream(warehouse_folder_ / "v000007.duckdb") << "left by a process that died";
  EXPECT_EQ(publish(5)->number, 8);
  std::ofstream(warehouse_folder_ / "v000010.json") << "{}";
  EXPECT_EQ(publish(6)->number, 11);
  std::ofstream(warehouse_folder_ / "CURRENT") << "v1000000.duckdb\n";
  EXPECT_EQ(publish(7)->number, 1000001);
  EXPECT_EQ(mark(), 7);
}

TEST_F(Publish, RemovesWhatADeadProcessLeftAndNothingElse) {
  ASSERT_THAT(publish(1), IsOk());
  for (const char* name : {"v000002.duckdb", "v000002.duckdb.wal", ".CURRENT.a1B2c3", ".v000002.json.Zz9Zz9",
                           "notes.txt", "v2.duckdb", "v000002.duckdb.backup", ".CURRENT.old"})
    std::ofstream(warehouse_folder_ / name) << "x";
  fs::create_directories(warehouse_folder_ / "v000002.duckdb.tmp" / "spilled");
  ASSERT_THAT(publish(3), IsOk());
  EXPECT_THAT(files(), ElementsAre(".CURRENT.old", "CURRENT", "notes.txt", "v000001.duckdb", "v000001.json",
                                   "v000002.duckdb.backup", "v000003.duckdb", "v000003.json", "v2.duckdb"));
}

TEST_F(Publish, AVersionWhoseProcessDiedBeforeTheSwitchIsNotCurrent) {
  ASSERT_THAT(publish(1), IsOk());
  ASSERT_THAT(publish(2), IsOk());
  std::ofstream(warehouse_folder_ / "CURRENT") << "v000001.duckdb\n";
  EXPECT_EQ(mark(), 1);
  EXPECT_EQ(publish(3)->number, 3);
  EXPECT_EQ(mark(), 3);
  // It was whole, so it stays and can be chosen.
  EXPECT_EQ(warehouse_->roll_back(0)->number, 2);
  EXPECT_EQ(mark(), 2);
}

TEST_F(Publish, OneAtATime) {
  ASSERT_THAT(publish(1), IsOk());
  const auto held = FileLock::take(warehouse_folder_ / ".lock", "publishing").value();
  EXPECT_THAT(publish(2), IsError(ErrorKind::kBusy));
  EXPECT_THAT(warehouse_->roll_back(1), IsError(ErrorKind::kBusy));
  EXPECT_EQ(mark(), 1);
}

TEST_F(Publish, SaysThatTheDiskIsFullAndLeavesNothing) {
  ASSERT_THAT(publish(1), IsOk());
  const auto large = std::vector{table("large", "select random() as x from range(1000000)", 1000000)};
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small{.rlim_cur = 2'000'000, .rlim_max = before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &small);
  const auto version = warehouse_->publish(large, "r", 5, clock_);
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, SIG_DFL);
  EXPECT_THAT(version, IsError(ErrorKind::kFull, HasHint("Free space")));
  EXPECT_THAT(files(), ElementsAre("CURRENT", "v000001.duckdb", "v000001.json"));
  EXPECT_EQ(mark(), 1);
  EXPECT_EQ(publish(2)->number, 2);
}

TEST_F(Publish, StopsWhenInterrupted) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  ASSERT_THAT(publish(1), IsOk());
  const auto large =
      std::vector{table("large", "select hash(i) as x, i::varchar as y from range(2000000) t(i)", 2000000)};
  const auto stop_in_the_middle = [&] {
    const std::jthread other([&] {
      while (!fs::exists(warehouse_folder_ / "v000002.duckdb"))
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      request_interrupt();
    });
    const auto version = warehouse_->publish(large, "r", 5, clock_);
    if (version) std::_Exit(1);
    if (version.error().kind != ErrorKind::kInterrupted) std::_Exit(2);
    std::_Exit(files().size() == 3 && warehouse_->current()->number == 1 ? 0 : 3);
  };
  EXPECT_EXIT(stop_in_the_middle(), testing::ExitedWithCode(0), "");
}

TEST_F(Publish, GuardsTheFileAgainstWriters) {
  ASSERT_THAT(publish(), IsOk());
  struct stat status {};
  ASSERT_EQ(::stat((warehouse_folder_ / "v000001.duckdb").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0444U);
}

TEST_F(RollBack, GoesToTheVersionBelowOrTheOneNamed) {
  for (int i = 1; i <= 4; ++i) ASSERT_THAT(publish(i), IsOk());
  EXPECT_EQ(warehouse_->roll_back(0)->number, 3);
  EXPECT_EQ(mark(), 3);
  EXPECT_EQ(warehouse_->roll_back(1)->number, 1);
  EXPECT_EQ(mark(), 1);
  EXPECT_EQ(warehouse_->roll_back(4)->number, 4);
  EXPECT_EQ(mark(), 4);
  EXPECT_TRUE(warehouse_->versions()->front().current);
  EXPECT_EQ(warehouse_->versions()->size(), 4);
}

TEST_F(RollBack, SaysWhatThereIs) {
  EXPECT_THAT(warehouse_->roll_back(0), IsError(ErrorKind::kNotFound));
  EXPECT_FALSE(fs::exists(warehouse_folder_));
  ASSERT_THAT(publish(1), IsOk());
  EXPECT_THAT(warehouse_->roll_back(0), HasMessage("no version before 1"));
  ASSERT_THAT(publish(2), IsOk());
  const auto missing = warehouse_->roll_back(9);
  EXPECT_THAT(missing, IsError(ErrorKind::kNotFound, HasHint("2, 1")));
  EXPECT_EQ(mark(), 2);
}

TEST_F(RollBack, RefusesAVersionThatIsNotWhatItWas) {
  for (int i = 1; i <= 3; ++i) ASSERT_THAT(publish(i), IsOk());
  const fs::path first = warehouse_folder_ / "v000001.duckdb";
  fs::permissions(first, fs::perms::owner_write, fs::perm_options::add);
  fs::resize_file(first, 5000);
  const auto rolled = warehouse_->roll_back(1);
  EXPECT_THAT(rolled, IsError(ErrorKind::kDamaged, HasHint("3, 2, 1")));
  // A good file, but of another version.
  fs::remove(first);
  auto other = tables(1);
  other.pop_back();
  FolderWarehouse elsewhere(folder_ / "elsewhere");
  ASSERT_THAT(elsewhere.publish(other, "r", 1, clock_), IsOk());
  fs::copy_file(folder_ / "elsewhere" / "v000001.duckdb", first);
  EXPECT_THAT(warehouse_->roll_back(1), HasMessage("plan is missing"));
  EXPECT_EQ(mark(), 3);
}

TEST_F(RollBack, RepairsABrokenCurrent) {
  for (int i = 1; i <= 3; ++i) ASSERT_THAT(publish(i), IsOk());
  std::ofstream(warehouse_folder_ / "CURRENT") << "\x00garbage";
  EXPECT_EQ(warehouse_->roll_back(0)->number, 3);
  EXPECT_EQ(mark(), 3);
  fs::remove(warehouse_folder_ / "v000003.duckdb");
  EXPECT_EQ(warehouse_->roll_back(0)->number, 2);
  EXPECT_EQ(mark(), 2);
}

TEST_F(Current, IsNotFoundBeforeTheFirstPublish) {
  EXPECT_TRUE(warehouse_->versions()->empty());
  EXPECT_THAT(warehouse_->current(), IsError(ErrorKind::kNotFound));
  EXPECT_THAT(warehouse_->open_current(), HasHint("reelhouse run"));
}

TEST_F(Current, SaysTheWayBackWhenItIsDamaged) {
  for (int i = 1; i <= 2; ++i) ASSERT_THAT(publish(i), IsOk());
  for (const char* text : {"", "v000002", "../v000002.duckdb\n", "v000002.duckdb\nv000001.duckdb\n",
                           "v2.duckdb\n", "v99999999999999999999.duckdb\n", "v000000.duckdb\n"}) {
    std::ofstream(warehouse_folder_ / "CURRENT") << text;
    const auto database = warehouse_->open_current();
    EXPECT_THAT(database, IsError(ErrorKind::kDamaged, HasHint("reelhouse rollback 2"))) << text;
  }
  std::ofstream(warehouse_folder_ / "CURRENT") << "v000009.duckdb\n";
  EXPECT_THAT(warehouse_->open_current(), IsError(ErrorKind::kDamaged));
  EXPECT_THAT(warehouse_->current(), IsError(ErrorKind::kDamaged));
  EXPECT_THAT(warehouse_->current(), HasHint("reelhouse rollback 2"));
}

TEST_F(Current, SaysTheWayBackWhenItsFileIsDamaged) {
  for (int i = 1; i <= 2; ++i) ASSERT_THAT(publish(i), IsOk());
  const fs::path second = warehouse_folder_ / "v000002.duckdb";
  fs::permissions(second, fs::perms::owner_write, fs::perm_options::add);
  std::fstream file(second, std::ios::in | std::ios::out);
  file.seekp(100);
  file << std::string(9000, 'x');
  file.close();
  const auto database = warehouse_->open_current();
  EXPECT_THAT(database, IsError(ErrorKind::kDamaged, HasHint("reelhouse rollback 1")));
}

TEST_F(Current, ADamagedManifestStopsNoReaderAndNoPublish) {
  ASSERT_THAT(publish(1), IsOk());
  std::ofstream(warehouse_folder_ / "v000001.json") << R"({"version": 1, "run": 7})";
  EXPECT_THAT(warehouse_->versions(), IsError(ErrorKind::kDamaged));
  EXPECT_THAT(warehouse_->current(), IsError(ErrorKind::kDamaged));
  EXPECT_EQ(mark(), 1);
  ASSERT_THAT(publish(2), IsOk());
  EXPECT_EQ(mark(), 2);
}

TEST_F(Current, IsLockedDown) {
  ASSERT_THAT(publish(), IsOk());
  const auto session = warehouse_->open_current().value()->connect().value();
  EXPECT_THAT(session->query("select count(*) from sale"), IsOk());
  EXPECT_FALSE(session->query("select * from read_text('/etc/hostname')"));
  EXPECT_FALSE(session->execute(fmt::format("copy sale to '{}'", (folder_ / "out.csv").string())));
  EXPECT_FALSE(session->execute("create table t as select 1"));
  EXPECT_FALSE(session->execute("drop table sale"));
  EXPECT_FALSE(session->execute("set enable_external_access = true"));
  EXPECT_FALSE(session->execute(fmt::format("attach '{}'", (folder_ / "x.duckdb").string())));
}

}  // namespace
}  // namespace reelhouse::warehouse
