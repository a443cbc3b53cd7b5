#include "base/sqlite.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <thread>

#include "matchers.hpp"

namespace reelhouse {
namespace {

namespace fs = std::filesystem;

class SqliteTest : public ::testing::Test {
 protected:
  SqliteTest() {
    std::string pattern = (fs::temp_directory_path() / "sqlite_test.XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~SqliteTest() override { fs::remove_all(folder_); }

  Result<std::unique_ptr<Sqlite>> open() { return Sqlite::open(file(), "the notebook", "Delete it."); }
  fs::path file() const { return folder_ / "new" / "notes.sqlite"; }

  fs::path folder_;
};

TEST_F(SqliteTest, KeepsValuesAndReadsThemBack) {
  auto database = open().value();
  ASSERT_THAT(database->execute("create table t (a text, b integer, c real, d text) strict"), IsOk());
  auto insert = database->prepare("insert into t values (?, ?, ?, ?)");
  ASSERT_THAT(insert, IsOk());
  const std::string with_nul("a\0b", 3);
  ASSERT_TRUE(insert->run(with_nul, uint64_t{1} << 40, 0.5, std::string_view()));
  EXPECT_EQ(database->changes(), 1);
  auto select = database->prepare("select a, b, c, d, null from t");
  ASSERT_THAT(select, IsOk());
  ASSERT_TRUE(select->step().value());
  EXPECT_EQ(select->column_text(0), with_nul);
  EXPECT_EQ(select->column_int(1), int64_t{1} << 40);
  EXPECT_EQ(select->column_double(2), 0.5);
  EXPECT_FALSE(select->column_is_null(3));
  EXPECT_TRUE(select->column_is_null(4));
  EXPECT_FALSE(select->step().value());
}

TEST_F(SqliteTest, RollsBackWhatIsNotCommitted) {
  auto database = open().value();
  ASSERT_THAT(database->execute("create table t (a integer)"), IsOk());
  {
    auto transaction = Transaction::begin(*database);
    ASSERT_TRUE(transaction);
    ASSERT_THAT(database->execute("insert into t values (1)"), IsOk());
  }
  {
    auto transaction = Transaction::begin(*database);
    ASSERT_TRUE(transaction);
    ASSERT_THAT(database->execute("insert into t values (2)"), IsOk());
    ASSERT_THAT(transaction->commit(), IsOk());
  }
  auto select = database->prepare("select group_concat(a) from t").value();
  ASSERT_TRUE(select.step().value());
  EXPECT_EQ(select.column_text(0), "2");
}

TEST_F(SqliteTest, AppliesEachMigrationOnce) {
  const std::vector<std::string> one = {"create table t (a integer)"};
  const std::vector<std::string> two = {one[0], "alter table t add column b integer"};
  ASSERT_THAT(open().value()->migrate(one), IsOk());
  ASSERT_THAT(open().value()->migrate(two), IsOk());
  ASSERT_THAT(open().value()->migrate(two), IsOk());
  ASSERT_THAT(open().value()->execute("insert into t (a, b) values (1, 2)"), IsOk());
  const auto older = open().value()->migrate(one);
  EXPECT_THAT(older, IsError(ErrorKind::kUsage));
}

TEST_F(SqliteTest, KeepsNothingOfAFailedMigration) {
  auto database = open().value();
  EXPECT_FALSE(database->migrate({"create table t (a integer)", "create nonsense"}));
  EXPECT_THAT(database->execute("create table t (a integer)"), IsOk());
}

TEST_F(SqliteTest, LetsSeveralOpenANewFileAtOnce) {
  std::vector<std::jthread> threads;
  std::atomic<int> opened = 0;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      auto database = open();
      if (database && (*database)->migrate({"create table t (a integer)"})) ++opened;
    });
  threads.clear();
  EXPECT_EQ(opened, 8);
}

TEST_F(SqliteTest, SaysThatAFileIsNoDatabase) {
  fs::create_directories(file().parent_path());
  std::ofstream(file()) << std::string(5000, 'x');
  const auto database = open();
  EXPECT_THAT(database,
              IsError(ErrorKind::kDamaged, HasHint(testing::Eq("Delete it.")), HasPlace(file().string())));
}

TEST_F(SqliteTest, SaysThatAFileCannotBeMadeOnADevice) {
  const auto database = Sqlite::open("/proc/notes.sqlite", "the notebook", "Delete it.");
  EXPECT_THAT(database, IsError(ErrorKind::kPermission));
}

TEST_F(SqliteTest, SaysThatNoSpaceIsLeft) {
  auto database = open().value();
  ASSERT_THAT(database->execute("create table t (a text); pragma max_page_count = 5"), IsOk());
  auto insert = database->prepare("insert into t values (?)").value();
  const auto full = insert.run(std::string(100'000, 'x'));
  EXPECT_THAT(full, IsError(ErrorKind::kFull));
}

TEST_F(SqliteTest, CallsWrongSqlInternal) {
  auto database = open().value();
  EXPECT_THAT(database->execute("selec 1"), IsError(ErrorKind::kInternal));
  EXPECT_THAT(database->prepare("select * from nowhere"), IsError(ErrorKind::kInternal));
}

}  // namespace
}  // namespace reelhouse
