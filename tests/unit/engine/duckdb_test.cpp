#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "engine/engine.hpp"
#include "matchers.hpp"

namespace reelhouse::engine {
namespace {

std::unique_ptr<Database> open_memory() {
  auto database = open_duckdb({});
  EXPECT_THAT(database, IsOk());
  return std::move(*database);
}

std::unique_ptr<Session> connect(Database& database) {
  return std::move(*database.connect());
}

TEST(DuckSession, ReadsEveryPlainTypeAndCastsTheOthersToText) {
  auto database = open_memory();
  auto session = connect(*database);
  auto rows = session->query(
      "select 1::tinyint a, 170141183460469231731687303715884105727::hugeint b, -1.05::decimal(9,2) c, "
      "date '2020-02-29' d, 'long text beyond twelve bytes' e, null::int f, [1,2] g, 1.5::float h, true i, "
      "timestamp '2020-01-02 03:04:05' j, sum(x) k from range(3) t(x)");
  ASSERT_THAT(rows, IsOk());
  const std::vector<std::string> expected = {"1",
                                             "170141183460469231731687303715884105727",
                                             "-1.05",
                                             "2020-02-29",
                                             "long text beyond twelve bytes",
                                             "",
                                             "[1, 2]",
                                             "1.5",
                                             "true",
                                             "2020-01-02 03:04:05",
                                             "3"};
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(rows->text(0, i), expected[i]) << i;
  EXPECT_EQ(rows->columns[2].type, "DECIMAL(9,2)");
  EXPECT_TRUE(rows->columns[2].numeric);
  EXPECT_EQ(rows->columns[6].type, "INTEGER[]");
}

TEST(DuckSession, BindsValues) {
  auto database = open_memory();
  auto session = connect(*database);
  auto rows = session->query("select $1 + 1, $2, $3", {int64_t{41}, std::string("it's"), std::monostate{}});
  ASSERT_THAT(rows, IsOk());
  EXPECT_EQ(rows->integer(0, 0), 42);
  EXPECT_EQ(rows->text(0, 1), "it's");
}

TEST(DuckSession, NamesTablesWithoutCtes) {
  auto database = open_memory();
  auto session = connect(*database);
  auto found = session->references_of(
      "with a as (select * from raw.users), b as (select * from a join \"Other\" using (id)) "
      "select * from b, lateral explode(split_list(b.x)) as u(y) where exists (select 1 from c)");
  ASSERT_THAT(found, IsOk());
  ASSERT_EQ(found->tables.size(), 3U);
  EXPECT_EQ(found->tables[0].schema, "raw");
  EXPECT_EQ(found->tables[0].name, "users");
  EXPECT_EQ(found->tables[0].offset, 25U);
  EXPECT_EQ(found->tables[1].name, "Other");
  EXPECT_EQ(found->tables[2].name, "c");
  EXPECT_EQ(found->functions, (std::vector<std::string>{"explode", "split_list"}));
}

TEST(DuckSession, SeesATableBehindACteOfTheSameName) {
  auto database = open_memory();
  auto session = connect(*database);
  auto found = session->references_of("with users as (select * from users) select * from users");
  ASSERT_THAT(found, IsOk());
  EXPECT_EQ(found->tables.size(), 1U);
}

TEST(DuckSession, ReportsSyntaxErrors) {
  auto database = open_memory();
  auto session = connect(*database);
  auto failed = session->references_of("select from where");
  ASSERT_THAT(failed, IsError(ErrorKind::kQuery));
  EXPECT_NE(failed.error().message.find("syntax error"), std::string::npos) << failed.error().message;
  EXPECT_FALSE(session->references_of("create table t(a int)"));
  EXPECT_FALSE(session->references_of("select 1; select 2"));
}

TEST(DuckSession, StreamsInPieces) {
  auto database = open_memory();
  auto session = connect(*database);
  size_t rows = 0;
  size_t pieces = 0;
  ASSERT_THAT(session->stream("select * from range(100000)",
                              [&](const Rows& piece) {
                                rows += piece.rows.size();
                                ++pieces;
                                return true;
                              }),
              IsOk());
  EXPECT_EQ(rows, 100000U);
  EXPECT_GT(pieces, 10U);
  size_t empty = 0;
  ASSERT_THAT(session->stream("select 1 as a where false",
                              [&](const Rows& piece) {
                                empty += piece.columns.size();
                                return true;
                              }),
              IsOk());
  EXPECT_EQ(empty, 1U);
}

TEST(DuckSession, StopsWhenInterrupted) {
  auto database = open_memory();
  auto session = connect(*database);
  std::atomic<bool> done{false};
  std::thread stopper([&] {
    while (!done) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      session->interrupt();
    }
  });
  auto result = session->query("select count(*) from range(10000000000) a(x) where hash(x) = 1");
  done = true;
  stopper.join();
  EXPECT_THAT(result, IsError(ErrorKind::kInterrupted));
}

/// Delivers 0..rows-1 and their text from several workers; fails at `fail_at`.
class Numbers final : public RowSource {
 public:
  Numbers(int64_t rows, int64_t fail_at) : rows_(rows), fail_at_(fail_at) {}
  const std::vector<SourceColumn>& columns() const override { return columns_; }
  uint64_t row_estimate() const override { return static_cast<uint64_t>(rows_); }
  Result<std::unique_ptr<RowScan>> open(std::span<const size_t> projection) override {
    return std::make_unique<Scan>(*this, std::vector<size_t>(projection.begin(), projection.end()));
  }

 private:
  struct Scan;
  struct Worker final : RowWorker {
    explicit Worker(Scan& owner) : scan(owner) {}
    Result<size_t> fill(RowBatch& batch) override;
    Scan& scan;
  };
  struct Scan final : RowScan {
    Scan(const Numbers& owner, std::vector<size_t> wanted) : source(owner), projection(std::move(wanted)) {}
    size_t max_workers() const override { return 4; }
    Result<std::unique_ptr<RowWorker>> make_worker() override { return std::make_unique<Worker>(*this); }
    const Numbers& source;
    std::vector<size_t> projection;
    std::atomic<int64_t> next{0};
  };
  std::vector<SourceColumn> columns_ = {
      {"n", CellType::kInteger}, {"words", CellType::kText}, {"day", CellType::kDate}};
  int64_t rows_;
  int64_t fail_at_;
};

Result<size_t> Numbers::Worker::fill(RowBatch& batch) {
  const auto size = static_cast<int64_t>(batch.capacity());
  const int64_t first = scan.next.fetch_add(size);
  size_t row = 0;
  for (int64_t n = first; n < std::min(first + size, scan.source.rows_); ++n, ++row) {
    if (n == scan.source.fail_at_)
      return fail(ErrorKind::kDamaged, "row is damaged", "mend it", "file.csv:7");
    for (size_t c = 0; c < scan.projection.size(); ++c) {
      if (scan.projection[c] == 0) batch.set_integer(c, row, n);
      if (scan.projection[c] == 1 && n % 2 == 0) batch.set_text(c, row, std::to_string(n) + " is not short");
      if (scan.projection[c] == 1 && n % 2 == 1) batch.set_null(c, row);
      if (scan.projection[c] == 2)
        batch.set_date(c, row, Date(std::chrono::sys_days(std::chrono::days(n % 100))));
    }
  }
  return row;
}

TEST(DuckDatabase, ScansARowSourceWithAnyProjection) {
  auto database = open_memory();
  ASSERT_THAT(database->add_source("raw.numbers", std::make_shared<Numbers>(100000, -1)), IsOk());
  auto session = connect(*database);
  auto rows = session->query(
      "select count(*), (select count(words) from raw.numbers), (select max(day) from raw.numbers), "
      "(select sum(n) from raw.numbers), (select count(*) from raw.numbers where words = '10 is not short') "
      "from raw.numbers");
  ASSERT_THAT(rows, IsOk());
  EXPECT_EQ(rows->integer(0, 0), 100000);
  EXPECT_EQ(rows->integer(0, 1), 50000);
  EXPECT_EQ(rows->text(0, 2), "1970-04-10");
  EXPECT_EQ(rows->integer(0, 3), 4999950000);
  EXPECT_EQ(rows->integer(0, 4), 1);
}

TEST(DuckDatabase, PassesTheErrorOfASourceOnWhole) {
  auto database = open_memory();
  ASSERT_THAT(database->add_source("numbers", std::make_shared<Numbers>(100000, 5000)), IsOk());
  auto session = connect(*database);
  auto failed = session->query("select sum(n) from numbers");
  EXPECT_THAT(failed, IsError(ErrorKind::kDamaged, HasPlace("file.csv:7"), HasHint(testing::Eq("mend it"))));
}

TEST(DuckDatabase, LocksDown) {
  auto database = open_memory();
  ASSERT_THAT(database->lock_down(), IsOk());
  auto session = connect(*database);
  EXPECT_FALSE(session->query("select * from read_csv('/etc/passwd')"));
  EXPECT_FALSE(session->execute("set enable_external_access=true"));
  EXPECT_THAT(session->query("select 1"), IsOk());
}

TEST(Helpers, AreSplitIntoNamedStatements) {
  std::vector<std::string> names;
  for (const auto& helper : duckdb_helpers()) names.push_back(helper.name);
  EXPECT_NE(std::find(names.begin(), names.end(), "split_list"), names.end());
  EXPECT_NE(std::find(names.begin(), names.end(), "explode"), names.end());
}

TEST(Quoting, DoublesTheMark) {
  EXPECT_EQ(quote_name("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(quote_text("it's"), "'it''s'");
}

}  // namespace
}  // namespace reelhouse::engine
