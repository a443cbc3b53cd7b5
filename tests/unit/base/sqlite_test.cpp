#include "base/sqlite.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <thread>

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
  ASSERT_TRUE(database->execute("create table t (a text, b integer, c real, d text) strict"));
  auto insert = database->prepare("insert into t values (?, ?, ?, ?)");
  ASSERT_TRUE(insert);
  const std::string with_nul("a\0b", 3);
  ASSERT_TRUE(insert->run(with_nul, uint64_t{1} << 40, 0.5, std::string_view()));
  EXPECT_EQ(database->changes(), 1);
  auto select = database->prepare("select a, b, c, d, null from t");
  ASSERT_TRUE(select);
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
  ASSERT_TRUE(database->execute("create table t (a integer)"));
  {
    auto transaction = Transaction::begin(*database);
    ASSERT_TRUE(transaction);
    ASSERT_TRUE(database->execute("insert into t values (1)"));
  }
  {
    auto transaction = Transaction::begin(*database);
    ASSERT_TRUE(transaction);
    ASSERT_TRUE(database->execute("insert into t values (2)"));
    ASSERT_TRUE(transaction->commit());
  }
  auto select = database->prepare("select group_concat(a) from t").value();
  ASSERT_TRUE(select.step().value());
  EXPECT_EQ(select.column_text(0), "2");
}

TEST_F(SqliteTest, AppliesEachMigrationOnce) {
  const std::vector<std::string> one = {"create table t (a integer)"};
  const std::vector<std::string> two = {one[0], "alter table t add column b integer"};
  ASSERT_TRUE(open().value()->migrate(one));
  ASSERT_TRUE(open().value()->migrate(two));
  ASSERT_TRUE(open().value()->migrate(two));
  ASSERT_TRUE(open().value()->execute("insert into t (a, b) values (1, 2)"));
  const auto older = open().value()->migrate(one);
  ASSERT_FALSE(older);
  EXPECT_EQ(older.error().kind, ErrorKind::kUsage);
}

TEST_F(SqliteTest, KeepsNothingOfAFailedMigration) {
  auto database = open().value();
  EXPECT_FALSE(database->migrate({"create table t (a integer)", "create nonsense"}));
  EXPECT_TRUE(database->execute("create table t (a integer)"));
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
  ASSERT_FALSE(database);
  EXPECT_EQ(database.error().kind, ErrorKind::kDamaged);
  EXPECT_EQ(database.error().hint, "Delete it.");
  EXPECT_EQ(database.error().where, file().string());
}

TEST_F(SqliteTest, SaysThatAFileCannotBeMadeOnADevice) {
  const auto database = Sqlite::open("/proc/notes.sqlite", "the notebook", "Delete it.");
  ASSERT_FALSE(database);
  EXPECT_EQ(database.error().kind, ErrorKind::kPermission);
}

TEST_F(SqliteTest, SaysThatNoSpaceIsLeft) {
  auto database = open().value();
  ASSERT_TRUE(database->execute("create table t (a text); pragma max_page_count = 5"));
  auto insert = database->prepare("insert into t values (?)").value();
  const auto full = insert.run(std::string(100'000, 'x'));
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().kind, ErrorKind::kFull);
}

TEST_F(SqliteTest, CallsWrongSqlInternal) {
  auto database = open().value();
  EXPECT_EQ(database->execute("selec 1").error().kind, ErrorKind::kInternal);
  EXPECT_EQ(database->prepare("select * from nowhere").error().kind, ErrorKind::kInternal);
}

}  // namespace
}  // namespace reelhouse
