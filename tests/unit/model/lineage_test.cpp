#include "model/lineage.hpp"

#include "matchers.hpp"
#include "model/small_project.hpp"

namespace reelhouse::model {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Texts = std::vector<std::string>;

class LineageTest : public testing::Test {
 protected:
  /// A star of two tables: users, staged, joined with the seed of plans.
  void SetUp() override {
    project_files_.source("users", "user_id, plan, revenue, joined")
        .write("seeds/plan.csv", "plan_name,rank\nBasic,1\n")
        .model(
            "staging/stg_user",
            "-- A user.\nselect whole_number(user_id) as user_id, plan as plan_name, parse_money(revenue) as "
            "revenue,\n"
            "  revenue as _was_revenue, _object, _line, _drop as drop_date from raw.users where joined is "
            "not null\n",
            "reject:\n  - {column: Revenue, when: revenue < 0 or _was_revenue = 'x', reason: is negative}\n")
        .model("marts/dim_plan", "select surrogate_key(plan_name) as plan_key, plan_name from seed.plan\n")
        .model("marts/fct_user",
               "-- materialized: view\n"
               "with u as (select * from stg_user)\n"
               "select u.user_id, coalesce(p.plan_key, -1) as plan_key, u.revenue, 1 as one\n"
               "from u left join dim_plan as p on p.plan_name = u.plan_name\n")
        .model("marts/mart_plan",
               "select p.plan_name, count(*) as users, sum(f.revenue) as revenue\n"
               "from fct_user as f join dim_plan as p using (plan_key) group by p.plan_name\n");
  }

  Lineage& lineage() {
    if (lineage_) return *lineage_;
    project_ = project_files_.load();
    std::vector<Error> problems;
    auto binding = Binding::bind(project_, tables_, problems);
    EXPECT_THAT(binding, IsOk());
    EXPECT_THAT(texts_of(problems), IsEmpty());
    binding_.emplace(std::move(*binding));
    lineage_.emplace(*binding_, tables_);
    return *lineage_;
  }

  LineageNode upstream(const std::string& name) {
    auto place = lineage().find(name);
    EXPECT_THAT(place, IsOk());
    return lineage().upstream(*place);
  }
  LineageNode downstream(const std::string& name) { return lineage().downstream(*lineage().find(name)); }

  /// Renders a tree: "a(b(c), d)"; a repeated place with a star.
  static std::string text(const LineageNode& node) {
    std::string text = node.place.text() + (node.repeated ? "*" : "");
    if (node.inputs.empty()) return text;
    text += "(";
    for (const auto& input : node.inputs)
      text += (&input == &node.inputs.front() ? "" : ", ") + LineageTest::text(input);
    return text + ")";
  }
  static Texts deciders(const LineageNode& node) {
    Texts texts;
    for (const auto& origin : node.deciders) texts.push_back(Place{origin.table, origin.column}.text());
    return texts;
  }

  SmallProject project_files_;
  std::vector<catalog::CatalogTable> tables_;
  Project project_;
  std::optional<Binding> binding_;
  std::optional<Lineage> lineage_;
};

TEST_F(LineageTest, FollowsAColumnToTheRawTable) {
  const LineageNode node = upstream("fct_user.revenue");
  EXPECT_EQ(text(node), "fct_user.revenue(stg_user.revenue(raw.users.revenue))");
  EXPECT_THAT(node.file, HasSubstr("marts/fct_user.sql"));
  EXPECT_EQ(node.approximate, "");
  EXPECT_THAT(deciders(node), testing::UnorderedElementsAre("stg_user", "dim_plan", "stg_user.plan_name",
                                                            "dim_plan.plan_name"));
}

TEST_F(LineageTest, EndsAtSeedsToo) {
  const LineageNode node = upstream("fct_user.plan_key");
  EXPECT_EQ(text(node), "fct_user.plan_key(dim_plan.plan_key(seed.plan.plan_name))");
  EXPECT_THAT(node.inputs[0].inputs[0].file, HasSubstr("seeds/plan.csv"));
}

TEST_F(LineageTest, CountsRejectRulesAmongWhatDecidesRows) {
  const LineageNode node = upstream("stg_user.user_id");
  EXPECT_THAT(deciders(node), testing::IsSupersetOf({"raw.users.revenue", "raw.users.joined"}));
}

TEST_F(LineageTest, FollowsWhatIsRejectedToTheModelAndDropsToThemselves) {
  project_files_.model("marts/lost",
                       "select r.user_id, d.records from rejected.stg_user as r, drops.users as d");
  EXPECT_EQ(text(upstream("lost.user_id")), "lost.user_id(stg_user.user_id(raw.users.user_id))");
  EXPECT_EQ(text(upstream("lost.records")), "lost.records(drops.users.records)");
  EXPECT_THAT(text(upstream("lost")), HasSubstr("drops.users"));
  EXPECT_THAT(text(downstream("drops.users.records")), HasSubstr("lost.records"));
}

TEST_F(LineageTest, KnowsColumnsWithoutAnyOrigin) {
  EXPECT_EQ(text(upstream("fct_user.one")), "fct_user.one");
  const LineageNode counted = upstream("mart_plan.users");
  EXPECT_EQ(text(counted), "mart_plan.users");
  EXPECT_THAT(deciders(counted), testing::IsSupersetOf({"fct_user", "fct_user.plan_key"}));
}

TEST_F(LineageTest, ShowsADiamondOnce) {
  project_files_
      .model("marts/pair",
             "select plan_name || '/' || name as label from dim_plan, "
             "(select plan_name as name, plan_key from dim_plan) as x where x.plan_key = dim_plan.plan_key")
      .model("marts/top", "select a.label || b.label as label from pair as a, pair as b")
      .model("marts/diamond",
             "select x.plan_name || y.plan_name || z.label as z from dim_plan x, mart_plan y, pair z");
  EXPECT_EQ(text(upstream("diamond.z")),
            "diamond.z(dim_plan.plan_name(seed.plan.plan_name), mart_plan.plan_name(dim_plan.plan_name*), "
            "pair.label(dim_plan.plan_name*))");
}

TEST_F(LineageTest, FollowsTables) {
  EXPECT_EQ(text(upstream("mart_plan")),
            "mart_plan(fct_user(stg_user(raw.users), dim_plan(seed.plan)), dim_plan*)");
}

TEST_F(LineageTest, FollowsColumnsAndTablesDownstream) {
  const LineageNode node = downstream("raw.users.revenue");
  EXPECT_EQ(text(node),
            "raw.users.revenue(stg_user.revenue(fct_user.revenue(mart_plan.revenue)), "
            "stg_user(fct_user(mart_plan)))");
  EXPECT_EQ(name_of_how(node.inputs[1].how), "filter");
  EXPECT_EQ(text(downstream("seed.plan")), "seed.plan(dim_plan(fct_user(mart_plan), mart_plan*))");
  EXPECT_EQ(text(downstream("mart_plan.users")), "mart_plan.users");
}

TEST_F(LineageTest, NamesTheFieldAndTheObjectsOfARawColumn) {
  catalog::CatalogTable table;
  table.name = "users";
  table.dataset = "users";
  for (const auto& [day, fields] : std::vector<std::pair<unsigned, Texts>>{
           {1, {"User ID", "Plan", "Monthly Revenue"}}, {2, {"User ID", "Plan", "Revenue", "Joined"}}}) {
    catalog::CatalogObject object;
    object.info.key = "raw/users/drop=2023-07-0" + std::to_string(day) + "/users.csv";
    object.drop = Date(std::chrono::year(2023), std::chrono::month(7), std::chrono::day(day));
    object.profile.format.fields = fields;
    object.profile.records = 2510;
    object.profile.rejected = 10;
    table.objects.push_back(object);
  }
  table.columns = {{"user_id", "User ID", "BIGINT", {}},
                   {"plan", "Plan", "VARCHAR", {}},
                   {"revenue", "Revenue", "VARCHAR", {}},
                   {"joined", "Joined", "DATE", {}}};
  tables_.push_back(table);
  project_files_.write("sources/users.yml",
                       "dataset: users\ntables:\n  users:\n    columns: [user_id, plan, revenue, joined]\n"
                       "    aliases: {monthly_revenue: revenue}\n");
  const LineageNode node = upstream("stg_user.revenue");
  const auto& objects = node.inputs.at(0).objects;
  ASSERT_EQ(objects.size(), 2U);
  EXPECT_EQ(objects[0].field, "Monthly Revenue");
  EXPECT_EQ(objects[0].key, "raw/users/drop=2023-07-01/users.csv");
  EXPECT_EQ(objects[0].drop, "2023-07-01");
  EXPECT_EQ(objects[0].records, 2500U);
  EXPECT_EQ(objects[1].field, "Revenue");
  EXPECT_EQ(upstream("raw.users.joined").objects.at(0).field, "");
  EXPECT_EQ(upstream("raw.users").objects.size(), 2U);
}

TEST_F(LineageTest, RefusesNamesThatAreNoneWithTheNearMiss) {
  const auto hint = [&](const std::string& name) {
    const auto place = lineage().find(name);
    EXPECT_FALSE(place) << name;
    if (place) return std::string();
    EXPECT_THAT(place, IsError(ErrorKind::kUsage));
    return place.error().hint;
  };
  EXPECT_EQ(hint("fct_usr"), "Did you mean fct_user?");
  EXPECT_EQ(hint("fct_user.revenu"), "Did you mean revenue?");
  EXPECT_EQ(hint("users"), "Did you mean raw.users?");
  EXPECT_EQ(hint("raw.users.plam"), "Did you mean plan?");
  EXPECT_THAT(hint("fct_user.zzzzzzzz"), HasSubstr("Its columns: user_id, plan_key"));
  EXPECT_THAT(hint("stg_user._was_revenue"), HasSubstr("Its columns: user_id, plan_name, revenue, _object"));
  EXPECT_THAT(hint("xyz"), HasSubstr("reelhouse validate"));
  EXPECT_FALSE(lineage().find(""));
  EXPECT_FALSE(lineage().find("raw."));
  EXPECT_FALSE(lineage().find("."));
}

TEST_F(LineageTest, SaysThatAModelIsBroken) {
  project_files_.model("marts/broken", "select nothing from dim_plan")
      .model("marts/behind", "select * from broken");
  project_ = project_files_.load();
  std::vector<Error> problems;
  binding_.emplace(std::move(*Binding::bind(project_, tables_, problems)));
  EXPECT_EQ(problems.size(), 1U);
  lineage_.emplace(*binding_, tables_);
  EXPECT_THAT(lineage_->find("behind"), IsError(ErrorKind::kProject));
  EXPECT_EQ(text(lineage_->downstream({"dim_plan", "plan_name"})).find("broken"), std::string::npos);
}

TEST_F(LineageTest, GivesAModelWithoutAPlanAllColumnsOfItsInputs) {
  project_files_.model("marts/wide", "from (pivot dim_plan on plan_name in ('Basic') using count(*))");
  const LineageNode node = upstream("wide.plan_key");
  if (node.approximate.empty()) return;  // this engine can show the plan
  EXPECT_EQ(text(node),
            "wide.plan_key(dim_plan.plan_key(seed.plan.plan_name), dim_plan.plan_name(seed.plan.plan_name))");
}

}  // namespace
}  // namespace reelhouse::model
