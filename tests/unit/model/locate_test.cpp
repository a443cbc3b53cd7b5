#include <gtest/gtest.h>

#include "engine/engine.hpp"
#include "matchers.hpp"
#include "model/graph.hpp"

namespace reelhouse::model {
namespace {

/// Lets the engine refuse SQL and locates what it says.
class LocateTest : public testing::Test {
 protected:
  void SetUp() override {
    database_ = std::move(*engine::open_duckdb({}));
    session_ = std::move(*database_->connect());
    ASSERT_THAT(session_->execute("create table t (a int, b varchar, plan_name varchar, plan_rank int)"),
                IsOk());
  }
  Error refused(const std::string& sql) {
    auto done = session_->execute("create or replace view v as " + sql);
    EXPECT_FALSE(done) << sql;
    return done ? Error{} : locate(done.error(), sql, "models/m.sql", 1);
  }
  std::unique_ptr<engine::Database> database_;
  std::unique_ptr<engine::Session> session_;
};

TEST_F(LocateTest, NamesTheLineAndTheNearMissOfAColumn) {
  const Error error = refused("-- A row.\nselect a,\n  plan_nam from t");
  EXPECT_EQ(error.kind, ErrorKind::kProject);
  EXPECT_EQ(error.where, "models/m.sql:3");
  EXPECT_EQ(error.message, "Referenced column \"plan_nam\" not found in FROM clause!");
  EXPECT_EQ(error.hint, "Did you mean plan_name?");
}

TEST_F(LocateTest, ListsColumnsWhereNoneIsNear) {
  EXPECT_EQ(refused("select x.q_total\nfrom t as x").hint, "Candidates: a.");
}

TEST_F(LocateTest, NamesTheFunctionThatWasMeant) {
  const Error error = refused("select\nuper(b) from t");
  EXPECT_EQ(error.where, "models/m.sql:2");
  EXPECT_EQ(error.hint, "Did you mean upper?");
}

TEST_F(LocateTest, LeavesOutTheLongListsOfTheEngine) {
  const Error types = refused("select 1,\n a + b from t");
  EXPECT_EQ(types.where, "models/m.sql:2");
  EXPECT_EQ(types.message, "No function matches the given name and argument types '+(INTEGER, VARCHAR)'.");
  EXPECT_EQ(types.hint.substr(0, 4), "Cast");
  const Error macro = refused("select surrogate_key(a, b) from t");
  EXPECT_EQ(macro.hint, "It is used as surrogate_key(natural_key).");
  EXPECT_EQ(refused("select sum(a), b from t").hint.substr(0, 10), "Either add");
}

TEST_F(LocateTest, FindsTheLineOfANameWhereTheEngineSaysNone) {
  EXPECT_EQ(refused("select *\nfrom t\njoin t as u using (zz)").where, "models/m.sql:3");
  EXPECT_EQ(refused("select *\n  exclude (zz)\nfrom t").where, "models/m.sql:2");
  EXPECT_EQ(refused("select a from t\nunion all\nselect a, b from t").where, "models/m.sql:1");
}

TEST_F(LocateTest, UsesTheOffsetOfASyntaxError) {
  const std::string sql = "select a\nfrom t\nwhere where";
  const auto references = session_->references_of(sql);
  ASSERT_FALSE(references);
  const Error error = locate(references.error(), sql, "m.sql", 1);
  EXPECT_EQ(error.where, "m.sql:3");
  EXPECT_EQ(error.kind, ErrorKind::kProject);
}

TEST_F(LocateTest, AddsTheFirstLine) {
  const Error error{ErrorKind::kQuery, "Binder Error: no\n\nLINE 2: x\n   ^", "", ""};
  EXPECT_EQ(locate(error, "a\nb", "m.yml", 10).where, "m.yml:11");
  EXPECT_EQ(locate(error, "a\nb", "m.yml", 10).message, "no");
}

TEST_F(LocateTest, LeavesErrorsOfTheLakeAsTheyAre) {
  const Error damaged{ErrorKind::kDamaged, "the checksum is wrong", "deliver it again", "raw/x.csv.gz"};
  const Error error = locate(damaged, "select 1", "m.sql", 1);
  EXPECT_EQ(error.where, "raw/x.csv.gz");
  EXPECT_EQ(error.kind, ErrorKind::kDamaged);
}

}  // namespace
}  // namespace reelhouse::model
