#include "model/plan_origins.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/engine.hpp"
#include "matchers.hpp"

namespace reelhouse::model {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using Texts = std::vector<std::string>;

/// Plans SELECTs over t (a, b, c), u (a, d) and raw.users (user_id, name, _line).
class PlanOriginsTest : public testing::Test {
 protected:
  void SetUp() override {
    database_ = std::move(*engine::open_duckdb({}));
    session_ = std::move(*database_->connect());
    const auto made = session_->execute(
        "create table t (a int, b varchar, c varchar); create table u (a int, d varchar);"
        "create schema raw; create table raw.users (user_id varchar, name varchar, _line bigint)");
    ASSERT_THAT(made, IsOk());
  }

  void follow(const std::string& sql) {
    const auto plan = session_->plan_of(sql);
    ASSERT_THAT(plan, IsOk()) << sql;
    found_ = origins_of_plan(*plan);
    EXPECT_EQ(found_.approximate, "") << sql;
  }

  /// What the values of an output column are made of: "t.a".
  Texts values(size_t column) const {
    Texts texts;
    for (const auto& origin : found_.columns.at(column))
      if (origin.is_value()) texts.push_back(origin.table + "." + origin.column);
    return texts;
  }
  /// What decides one column alone: "t.b: case".
  Texts deciders(size_t column) const {
    Texts texts;
    for (const auto& origin : found_.columns.at(column))
      if (!origin.is_value()) texts.push_back(text(origin));
    return texts;
  }
  /// What decides rows: "u.a: join", "u: rows".
  Texts rows() const {
    Texts texts;
    for (const auto& origin : found_.rows) texts.push_back(text(origin));
    return texts;
  }

  static std::string text(const Origin& origin) {
    return origin.table + (origin.column.empty() ? "" : "." + origin.column) + ": " + name_of_how(origin.how);
  }

  std::unique_ptr<engine::Database> database_;
  std::unique_ptr<engine::Session> session_;
  PlanOrigins found_;
};

TEST_F(PlanOriginsTest, FollowsAliasesRenamesAndExpressions) {
  follow("select b as name, a + length(c) as n, 1 as one, coalesce(b, c) from (select c, b, a from t) as x");
  EXPECT_THAT(values(0), ElementsAre("t.b"));
  EXPECT_THAT(values(1), ElementsAre("t.a", "t.c"));
  EXPECT_THAT(values(2), IsEmpty());
  EXPECT_THAT(values(3), ElementsAre("t.b", "t.c"));
  EXPECT_THAT(rows(), ElementsAre("t: rows"));
}

TEST_F(PlanOriginsTest, FollowsStars) {
  follow("select * exclude (b) replace (upper(c) as c) from t");
  EXPECT_THAT(values(0), ElementsAre("t.a"));
  EXPECT_THAT(values(1), ElementsAre("t.c"));
  EXPECT_EQ(found_.columns.size(), 2U);
}

TEST_F(PlanOriginsTest, NamesTablesOfOtherSchemas) {
  follow("select name, _line from raw.users");
  EXPECT_THAT(values(0), ElementsAre("raw.users.name"));
  EXPECT_THAT(values(1), ElementsAre("raw.users._line"));
}

TEST_F(PlanOriginsTest, TellsAConditionFromAValue) {
  follow("select case when c = 'x' then b else 'none' end, case a when 1 then b end from t where a > 2");
  EXPECT_THAT(values(0), ElementsAre("t.b"));
  EXPECT_THAT(deciders(0), ElementsAre("t.c: case"));
  EXPECT_THAT(values(1), ElementsAre("t.b"));
  EXPECT_THAT(deciders(1), ElementsAre("t.a: case"));
  EXPECT_THAT(rows(), ElementsAre("t: rows", "t.a: filter"));
}

TEST_F(PlanOriginsTest, FollowsJoinsOfAllKinds) {
  for (const std::string kind : {"join", "left join", "right join", "full join"}) {
    follow("select t.b, u.d from t " + kind + " u on t.a = u.a and t.c < u.d");
    EXPECT_THAT(values(0), ElementsAre("t.b")) << kind;
    EXPECT_THAT(values(1), ElementsAre("u.d")) << kind;
    EXPECT_THAT(rows(), ElementsAre("t: rows", "t.a: join", "t.c: join", "u: rows", "u.a: join", "u.d: join"))
        << kind;
  }
  follow("select t.b, u.d from t join u on t.a = u.a or length(t.c) > length(u.d)");
  EXPECT_THAT(rows(), ElementsAre("t: rows", "t.a: join", "t.c: join", "u: rows", "u.a: join", "u.d: join"));
  follow("select b, d from t cross join u");
  EXPECT_THAT(values(1), ElementsAre("u.d"));
  EXPECT_THAT(rows(), ElementsAre("t: rows", "u: rows"));
}

TEST_F(PlanOriginsTest, FollowsUsingAndFullJoinsOfIt) {
  follow("select a, d from t full join u using (a)");
  EXPECT_THAT(values(0), ElementsAre("t.a", "u.a"));
}

TEST_F(PlanOriginsTest, FollowsSemiAndAntiJoins) {
  follow("select * from t semi join u using (a)");
  ASSERT_EQ(found_.columns.size(), 3U);
  EXPECT_THAT(values(2), ElementsAre("t.c"));
  EXPECT_THAT(rows(), ElementsAre("t: rows", "t.a: join", "u: rows", "u.a: join"));
}

TEST_F(PlanOriginsTest, FollowsSelfJoins) {
  follow("select x.b, y.c from t as x join t as y on x.a = y.a + 1");
  EXPECT_THAT(values(0), ElementsAre("t.b"));
  EXPECT_THAT(values(1), ElementsAre("t.c"));
}

TEST_F(PlanOriginsTest, FollowsAggregates) {
  follow(
      "select b as g, sum(a) as s, count(*) as n, count(distinct c) filter (where a > 1), "
      "list(c order by a) from t group by b having max(length(c)) > 3");
  EXPECT_THAT(values(0), ElementsAre("t.b"));
  EXPECT_THAT(values(1), ElementsAre("t.a"));
  EXPECT_THAT(values(2), IsEmpty());
  EXPECT_THAT(values(3), ElementsAre("t.c"));
  EXPECT_THAT(deciders(3), ElementsAre("t.a: filter"));
  EXPECT_THAT(deciders(4), ElementsAre("t.a: order"));
  EXPECT_THAT(rows(), ElementsAre("t: rows", "t.b: group", "t.c: filter"));
}

TEST_F(PlanOriginsTest, GivesATotalOneRowWhateverItsInputHolds) {
  follow("select sum(a), count(*) from t where b = 'x'");
  EXPECT_THAT(rows(), IsEmpty());
  EXPECT_THAT(values(0), ElementsAre("t.a"));
  EXPECT_THAT(deciders(1), ElementsAre("t: rows", "t.b: filter"));
}

TEST_F(PlanOriginsTest, KeepsWhatATotalDependsOnToItsColumns) {
  follow("select t.b, s.m from t cross join (select max(d) as m from u) as s");
  EXPECT_THAT(rows(), ElementsAre("t: rows"));
  EXPECT_THAT(values(1), ElementsAre("u.d"));
  EXPECT_THAT(deciders(1), ElementsAre("u: rows"));
}

TEST_F(PlanOriginsTest, FollowsGroupingSets) {
  follow("select a, b, grouping(a), count(*) from t group by rollup (a, b)");
  EXPECT_THAT(values(1), ElementsAre("t.b"));
  EXPECT_THAT(values(2), IsEmpty());
  EXPECT_THAT(rows(), ElementsAre("t: rows", "t.a: group", "t.b: group"));
}

TEST_F(PlanOriginsTest, FollowsWindows) {
  follow(
      "select row_number() over (partition by b order by c), lag(a, 1, length(c)) over (order by b), "
      "sum(a) filter (where c = 'x') over (partition by b) from t");
  EXPECT_THAT(values(0), IsEmpty());
  EXPECT_THAT(deciders(0), ElementsAre("t.b: window", "t.c: window"));
  EXPECT_THAT(values(1), ElementsAre("t.a", "t.c"));
  EXPECT_THAT(deciders(1), ElementsAre("t.b: window"));
  EXPECT_THAT(values(2), ElementsAre("t.a"));
  EXPECT_THAT(deciders(2), UnorderedElementsAre("t.b: window", "t.c: filter"));
  EXPECT_THAT(rows(), ElementsAre("t: rows"));
}

TEST_F(PlanOriginsTest, CountsAWindowInAFilterAmongWhatDecidesRows) {
  follow("select b from t qualify row_number() over (partition by a order by c) = 1");
  EXPECT_THAT(values(0), ElementsAre("t.b"));
  EXPECT_THAT(rows(), ElementsAre("t: rows", "t.a: window", "t.c: window"));
}

TEST_F(PlanOriginsTest, FollowsUnionsByPositionAndByName) {
  follow("select a, b from t union all select a, d from u");
  EXPECT_THAT(values(1), ElementsAre("t.b", "u.d"));
  EXPECT_THAT(rows(), ElementsAre("t: rows", "u: rows"));
  follow("select b, a from t union all by name select a, d as b from u");
  EXPECT_THAT(values(0), ElementsAre("t.b", "u.d"));
  EXPECT_THAT(values(1), ElementsAre("t.a", "u.a"));
  follow("select a from t union select a from u");
  EXPECT_THAT(rows(), ElementsAre("t: rows", "t.a: group", "u: rows", "u.a: group"));
}

TEST_F(PlanOriginsTest, TakesTheValuesOfADifferenceFromItsFirstPart) {
  follow("select a from t except select a from u");
  EXPECT_THAT(values(0), ElementsAre("t.a"));
  EXPECT_THAT(rows(), testing::Contains("u.a: filter"));
  follow("select a from t intersect select a from u");
  EXPECT_THAT(rows(), testing::Contains("u.a: filter"));
}

TEST_F(PlanOriginsTest, FollowsDistinct) {
  follow("select distinct a, b from t");
  EXPECT_THAT(rows(), ElementsAre("t: rows", "t.a: group", "t.b: group"));
  follow("select distinct on (a) b from t order by a, c");
  EXPECT_THAT(values(0), ElementsAre("t.b"));
  EXPECT_THAT(rows(), ElementsAre("t: rows", "t.a: group, order", "t.c: order"));
}

TEST_F(PlanOriginsTest, FollowsOrderAndLimit) {
  follow("select b from t order by a limit 3");
  EXPECT_THAT(values(0), ElementsAre("t.b"));
  EXPECT_THAT(rows(), ElementsAre("t: rows", "t.a: order"));
  follow("select b from t order by a limit (select max(a) from u)");
  EXPECT_THAT(rows(), testing::Contains("u.a: filter"));
}

TEST_F(PlanOriginsTest, FollowsListsThatBecomeRows) {
  follow("select t.a, n.genre from t, lateral explode(split_list(t.b)) as n(genre)");
  EXPECT_THAT(values(0), ElementsAre("t.a"));
  EXPECT_THAT(values(1), ElementsAre("t.b"));
  EXPECT_THAT(rows(), ElementsAre("t: rows", "t.b: join, expand"));
  follow("select n.pos, n.col from t, lateral posexplode(split_list(t.c)) as n");
  EXPECT_THAT(values(1), ElementsAre("t.c"));
  follow("select a, unnest([b, c]) from t");
  EXPECT_THAT(values(1), ElementsAre("t.b", "t.c"));
  follow("select t.b, r.month from t, lateral explode(range(t.a)) as r(month)");
  EXPECT_THAT(values(1), ElementsAre("t.a"));
  follow("select t.b, r.range from t, range(t.a) as r");
  EXPECT_THAT(values(1), ElementsAre("t.a"));
  EXPECT_THAT(rows(), testing::Contains("t.a: join, expand"));
}

TEST_F(PlanOriginsTest, FollowsCtesReadTwiceAndMaterialised) {
  for (const std::string how : {"", "materialized", "not materialized"}) {
    follow("with m as " + how +
           " (select a, upper(b) as b from t where c = 'x'), "
           "n as (select * from m) select m.b, n.a from m join n using (a)");
    EXPECT_THAT(values(0), ElementsAre("t.b")) << how;
    EXPECT_THAT(values(1), ElementsAre("t.a")) << how;
    EXPECT_THAT(rows(), ElementsAre("t: rows", "t.a: join", "t.c: filter")) << how;
  }
}

TEST_F(PlanOriginsTest, FollowsRecursionUntilNothingIsAdded) {
  follow(
      "with recursive r as (select a, b, c from t union all "
      "select r.a + 1, r.c, u.d from r join u on u.a = r.a where r.a < 5) select b from r");
  EXPECT_THAT(values(0), ElementsAre("t.b", "t.c", "u.d"));
  EXPECT_THAT(rows(), UnorderedElementsAre("t: rows", "u: rows", "t.a: filter, join", "u.a: join"));
}

TEST_F(PlanOriginsTest, FollowsScalarSubqueries) {
  follow("select b, (select max(d) from u where u.a = t.a) from t");
  EXPECT_THAT(values(0), ElementsAre("t.b"));
  EXPECT_THAT(deciders(0), IsEmpty());
  EXPECT_THAT(values(1), ElementsAre("u.d"));
  EXPECT_THAT(deciders(1), testing::IsSupersetOf({"u: rows"}));
  EXPECT_THAT(rows(), ElementsAre("t: rows"));
  follow("select b, (select max(d) from u) from t");
  EXPECT_THAT(values(1), ElementsAre("u.d"));
  EXPECT_THAT(rows(), ElementsAre("t: rows"));
}

TEST_F(PlanOriginsTest, FollowsExistsAndIn) {
  for (const std::string condition :
       {"exists (select 1 from u where u.a = t.a)", "t.a in (select a from u)",
        "not exists (select 1 from u where u.a = t.a)", "t.a not in (select a from u)"}) {
    follow("select b from t where " + condition);
    EXPECT_THAT(values(0), ElementsAre("t.b")) << condition;
    EXPECT_THAT(rows(), testing::IsSupersetOf({"t: rows", "u: rows"})) << condition;
    EXPECT_THAT(rows(), testing::Contains(testing::StartsWith("u.a: "))) << condition;
    EXPECT_THAT(rows(), testing::Contains(testing::StartsWith("t.a: "))) << condition;
  }
  follow("select a in (select a from u) as known, b from t");
  EXPECT_THAT(values(0), ElementsAre("t.a", "u.a"));
  EXPECT_THAT(rows(), ElementsAre("t: rows"));
}

TEST_F(PlanOriginsTest, FollowsNestedCorrelation) {
  follow(
      "select b, (select count(*) from u where u.a = t.a and exists "
      "(select 1 from raw.users where users.user_id = t.b and users.name = u.d)) from t");
  EXPECT_THAT(values(0), ElementsAre("t.b"));
  const Texts all = deciders(1);
  EXPECT_THAT(all, testing::Contains(testing::StartsWith("raw.users.name: ")));
  EXPECT_THAT(all, testing::Contains(testing::StartsWith("u.d: ")));
  EXPECT_THAT(rows(), ElementsAre("t: rows"));
}

TEST_F(PlanOriginsTest, FollowsLateralSubqueries) {
  follow("select t.b, s.x from t, lateral (select max(d) as x from u where u.a < t.a) as s");
  EXPECT_THAT(values(1), ElementsAre("u.d"));
}

TEST_F(PlanOriginsTest, FollowsLambdasWithWhatTheyCapture) {
  follow("select list_transform(split_list(b), lambda x: x || c) from t");
  EXPECT_THAT(values(0), ElementsAre("t.b", "t.c"));
  follow("select list_filter(split_list(b), lambda x: x <> 'y') from t");
  EXPECT_THAT(values(0), ElementsAre("t.b"));
}

TEST_F(PlanOriginsTest, FollowsMacrosStructsAndValues) {
  follow("select surrogate_key(b || '|' || c), s.v from (select b, c, {'v': a} as s from t)");
  EXPECT_THAT(values(0), ElementsAre("t.b", "t.c"));
  EXPECT_THAT(values(1), ElementsAre("t.a"));
  follow("select v.p, t.b from (values (1, 'x'), (2, 'y')) as v (p, q) join t on t.a = v.p");
  EXPECT_THAT(values(0), IsEmpty());
  EXPECT_THAT(rows(), ElementsAre("t: rows", "t.a: join"));
  follow("select * from (select -1 as k, 'Unknown' as name union all select a, b from t)");
  EXPECT_THAT(values(0), ElementsAre("t.a"));
}

TEST_F(PlanOriginsTest, SaysWhichRowsAloneMatter) {
  follow("select count(*) as n from t");
  EXPECT_THAT(deciders(0), ElementsAre("t: rows"));
  follow("select rowid, b from t");
  EXPECT_THAT(deciders(0), ElementsAre("t: rows"));
}

TEST_F(PlanOriginsTest, FollowsSamplesAndAsofJoins) {
  follow("select b from t using sample 10 rows");
  EXPECT_THAT(values(0), ElementsAre("t.b"));
  follow("select users.name, t.b from raw.users asof join t on users._line >= t.a");
  EXPECT_THAT(values(1), ElementsAre("t.b"));
  EXPECT_THAT(rows(), testing::Contains("t.a: join"));
}

TEST_F(PlanOriginsTest, GivesAnUnknownOperatorEverythingBelowAndSaysSo) {
  auto plan = *session_->plan_of("select b from t where a = 1");
  plan["plans"][0]["children"][0]["type"] = "LOGICAL_NEW_FASHION";
  const PlanOrigins found = origins_of_plan(plan);
  EXPECT_THAT(found.approximate, testing::HasSubstr("LOGICAL_NEW_FASHION"));
  ASSERT_EQ(found.columns.size(), 1U);
  Texts texts;
  for (const auto& origin : found.columns[0])
    if (origin.is_value()) texts.push_back(origin.column);
  EXPECT_THAT(texts, ElementsAre("a", "b"));
  EXPECT_FALSE(found.rows.empty());
}

TEST_F(PlanOriginsTest, SurvivesPlansThatAreNone) {
  EXPECT_FALSE(origins_of_plan(Json::object()).approximate.empty());
  EXPECT_FALSE(
      origins_of_plan(Json::parse(R"({"plans": [{"type": "LOGICAL_FILTER"}]})")).approximate.empty());
  EXPECT_FALSE(origins_of_plan(Json::parse(R"({"plans": [{"type": 7}]})")).approximate.empty());
}

}  // namespace
}  // namespace reelhouse::model
