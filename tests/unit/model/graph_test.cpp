#include "model/graph.hpp"

#include "matchers.hpp"
#include "model/small_project.hpp"

namespace reelhouse::model {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class GraphTest : public testing::Test {
 protected:
  void SetUp() override {
    database_ = std::move(*engine::open_duckdb({}));
    session_ = std::move(*database_->connect());
  }
  Graph resolve_files(const std::vector<std::string>& raw = {}) {
    project_ = files_.load();
    problems_.clear();
    return resolve(project_, *session_, raw, problems_);
  }
  std::vector<std::string> names(const Graph& graph, const std::vector<bool>& marked) const {
    std::vector<std::string> names;
    for (size_t i = 0; i < marked.size(); ++i)
      if (marked[i]) names.push_back(graph.nodes[i].model->name);
    std::ranges::sort(names);
    return names;
  }
  std::vector<std::string> selected(const Graph& graph, const std::vector<std::string>& patterns) {
    const auto marked = select(graph, patterns);
    EXPECT_THAT(marked, IsOk());
    return marked ? names(graph, *marked) : std::vector<std::string>{};
  }

  SmallProject files_;
  Project project_;
  std::vector<Error> problems_;
  std::unique_ptr<engine::Database> database_;
  std::unique_ptr<engine::Session> session_;
};

TEST_F(GraphTest, ResolvesDropsAndWhatModelsReject) {
  files_.source("users", "user_id")
      .model("a_listed", "select user_id from rejected.stg_user union all select user_id from stg_user")
      .model("b_drops", "select count(*) as n from drops.users as d join drops.users as e using (_drop)")
      .model("stg_user", "select user_id from raw.users",
             "reject:\n  - {column: User, when: user_id is null, reason: is missing}\n");
  const Graph graph = resolve_files();
  EXPECT_THAT(texts_of(problems_), IsEmpty());
  ASSERT_EQ(graph.nodes.size(), 3U);
  const Node& listed = graph.nodes[static_cast<size_t>(graph.find("a_listed"))];
  EXPECT_THAT(listed.rejected, ElementsAre("stg_user"));
  EXPECT_THAT(listed.inputs, ElementsAre(static_cast<size_t>(graph.find("stg_user"))));
  const Node& drops = graph.nodes[static_cast<size_t>(graph.find("b_drops"))];
  EXPECT_THAT(drops.drops, ElementsAre("users"));
  EXPECT_THAT(drops.raw, IsEmpty());
  files_.model("c_wrong", "select 1 as x\nfrom rejected.b_drops, drops.user");
  resolve_files();
  EXPECT_THAT(
      texts_of(problems_),
      ElementsAre("c_wrong.sql:2: there is no table 'rejected.b_drops' | b_drops has no reject rules, so it "
                  "rejects no row.",
                  HasSubstr("c_wrong.sql:2: there is no table 'drops.user'")));
}

TEST_F(GraphTest, PutsModelsBehindTheirInputs) {
  files_.source("users", "user_id")
      .write("seeds/plan.csv", "a\n")
      .model("a_last", "select * from b_middle, c_first")
      .model("b_middle",
             "select * from c_first join seed.plan using (a) where exists (select 1 from raw.users)")
      .model("c_first",
             "with raw_users as (select fold(user_id) as a from raw.users) select * from raw_users");
  const Graph graph = resolve_files();
  EXPECT_THAT(texts_of(problems_), IsEmpty());
  ASSERT_EQ(graph.nodes.size(), 3U);
  EXPECT_EQ(graph.nodes[0].model->name, "c_first");
  EXPECT_EQ(graph.nodes[2].model->name, "a_last");
  EXPECT_THAT(graph.nodes[0].raw, ElementsAre("users"));
  EXPECT_THAT(graph.nodes[0].functions, testing::Contains("fold"));
  EXPECT_THAT(graph.nodes[1].seeds, ElementsAre("plan"));
  EXPECT_EQ(graph.nodes[2].inputs.size(), 2U);
  EXPECT_EQ(graph.find("b_middle"), 1);
  EXPECT_EQ(graph.find("nothing"), -1);
}

TEST_F(GraphTest, KnowsTablesOfTheCatalogThatNobodyDeclared) {
  files_.model("a", "select * from raw.found").model("b", "select * from raw.absent");
  const Graph graph = resolve_files({"found"});
  EXPECT_EQ(graph.nodes.size(), 1U);
  EXPECT_THAT(texts_of(problems_),
              ElementsAre(HasSubstr("there is no table 'raw.absent' | It is not in the catalog.")));
}

TEST_F(GraphTest, LeavesOutWhatIsUnknownAndWhatNeedsIt) {
  files_.model("a", "select * from nowhere").model("b", "select * from a").model("c", "select 1 as x");
  const Graph graph = resolve_files();
  ASSERT_EQ(graph.nodes.size(), 1U);
  EXPECT_EQ(graph.nodes[0].model->name, "c");
  EXPECT_EQ(problems_.size(), 1U);
}

TEST_F(GraphTest, RefusesWhatIsNoSelect) {
  files_.model("a", "create table x (a int)")
      .model("b", "select 1; select 2")
      .model("c", "")
      .model("d", "-- only a comment\n");
  EXPECT_EQ(resolve_files().nodes.size(), 0U);
  EXPECT_EQ(problems_.size(), 4U);
  for (const auto& problem : problems_) EXPECT_EQ(problem.kind, ErrorKind::kProject);
}

TEST_F(GraphTest, Selects) {
  files_.model("staging/stg_a", "select 1 as x")
      .model("staging/stg_b", "select 1 as x")
      .model("marts/dim_a", "select * from stg_a")
      .model("marts/finance/fct", "select * from dim_a, stg_b");
  const Graph graph = resolve_files();
  EXPECT_THAT(selected(graph, {}), ElementsAre("dim_a", "fct", "stg_a", "stg_b"));
  EXPECT_THAT(selected(graph, {"dim_a"}), ElementsAre("dim_a"));
  EXPECT_THAT(selected(graph, {"dim_a+"}), ElementsAre("dim_a", "fct"));
  EXPECT_THAT(selected(graph, {"+dim_a"}), ElementsAre("dim_a", "stg_a"));
  EXPECT_THAT(selected(graph, {"+dim_a+"}), ElementsAre("dim_a", "fct", "stg_a"));
  EXPECT_THAT(selected(graph, {"marts"}), ElementsAre("dim_a", "fct"));
  EXPECT_THAT(selected(graph, {"staging+"}), ElementsAre("dim_a", "fct", "stg_a", "stg_b"));
  EXPECT_THAT(selected(graph, {"stg_b", "dim_a"}), ElementsAre("dim_a", "stg_b"));
  const auto unknown = select(graph, {"dim_b"});
  EXPECT_THAT(unknown, IsError(ErrorKind::kUsage, HasHint("Did you mean")));
  EXPECT_FALSE(select(graph, {"+"}));
  EXPECT_FALSE(select(graph, {""}));
}

// ---- fingerprints

class FingerprintTest : public GraphTest {
 protected:
  std::map<std::string, std::string> prints() {
    const Graph graph = resolve_files();
    EXPECT_THAT(texts_of(problems_), IsEmpty());
    return fingerprints(graph, project_, tables_);
  }
  /// Names what differs between two sets of fingerprints.
  static std::vector<std::string> changed(const std::map<std::string, std::string>& a,
                                          const std::map<std::string, std::string>& b) {
    std::vector<std::string> names;
    for (const auto& [name, print] : b)
      if (!a.contains(name) || a.at(name) != print) names.push_back(name);
    return names;
  }
  void SetUp() override {
    GraphTest::SetUp();
    files_.source("users", "user_id")
        .write("seeds/plan.csv", "a\n1\n")
        .model("stg_user", "select fold(user_id) as x, _object, _line from raw.users",
               "reject:\n  - {column: A, when: x is null, reason: is missing}\n")
        .model("dim_plan", "select a from seed.plan")
        .model("fct", "select x, a from stg_user, dim_plan");
    catalog::CatalogTable users;
    users.name = "users";
    users.objects.resize(1);
    users.objects[0].info.key = "raw/users/a.csv";
    users.objects[0].info.etag = "1";
    users.objects[0].profile.content_hash = "abc";
    users.objects[0].drop = Date(std::chrono::year(2024), std::chrono::month(1), std::chrono::day(1));
    tables_ = {users};
  }
  std::vector<catalog::CatalogTable> tables_;
};

TEST_F(FingerprintTest, StaysWhileNothingChanges) {
  const auto before = prints();
  tables_[0].objects[0].info.etag = "2";  // uploaded again, the same content
  EXPECT_THAT(changed(before, prints()), IsEmpty());
}

TEST_F(FingerprintTest, ChangesWithTheSqlAndReachesWhatDependsOnIt) {
  const auto before = prints();
  files_.model("dim_plan", "select a from seed.plan where a <> 'x'");
  EXPECT_THAT(changed(before, prints()), ElementsAre("dim_plan", "fct"));
}

TEST_F(FingerprintTest, ChangesWithRulesAndNotWithWords) {
  const auto before = prints();
  files_.model("stg_user", "select fold(user_id) as x, _object, _line from raw.users",
               "description: New words.\nreject:\n  - {column: A, when: x is null, reason: is missing}\n"
               "checks:\n  - {name: c, sql: select * from stg_user}\n");
  EXPECT_THAT(changed(before, prints()), IsEmpty());
  files_.model("stg_user", "select fold(user_id) as x, _object, _line from raw.users",
               "reject:\n  - {column: A, when: x = '', reason: is missing}\n");
  EXPECT_THAT(changed(before, prints()), ElementsAre("fct", "stg_user"));
}

TEST_F(FingerprintTest, ChangesWithSeedsAndObjects) {
  const auto before = prints();
  files_.write("seeds/plan.csv", "a\n2\n");
  EXPECT_THAT(changed(before, prints()), ElementsAre("dim_plan", "fct", "seed.plan"));
  files_.write("seeds/plan.csv", "a\n1\n");
  tables_[0].objects[0].profile.content_hash = "abd";
  EXPECT_THAT(changed(before, prints()), ElementsAre("fct", "raw.users", "stg_user"));
  tables_[0].objects[0].profile.content_hash = "abc";
  tables_[0].objects[0].profile.format.delimiter = ';';
  EXPECT_THAT(changed(before, prints()), ElementsAre("fct", "raw.users", "stg_user"));
  tables_[0].objects.clear();
  EXPECT_THAT(changed(before, prints()), ElementsAre("fct", "raw.users", "stg_user"));
}

TEST_F(FingerprintTest, CoversTheHelpersThatSqlAndRulesUse) {
  const std::string definitions = helper_definitions({"clean_text"});
  EXPECT_THAT(definitions, HasSubstr("macro clean_text("));
  EXPECT_THAT(definitions, HasSubstr("macro repair_mojibake("));
  EXPECT_THAT(definitions, testing::Not(HasSubstr("macro parse_money(")));
  EXPECT_EQ(helper_definitions({"sum", "no_such_function"}), "");
}

}  // namespace
}  // namespace reelhouse::model
