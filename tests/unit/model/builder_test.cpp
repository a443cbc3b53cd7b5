#include "model/builder.hpp"

#include "base/interrupt.hpp"
#include "matchers.hpp"
#include "model/checks.hpp"
#include "model/small_project.hpp"

namespace reelhouse::model {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class FixedClock final : public Clock {
 public:
  Time now() const override { return Time(std::chrono::milliseconds(1'700'000'000'000)); }
};

/// A lake of one file, staged by a model that looks names up in another.
class BuilderTest : public testing::Test {
 protected:
  void SetUp() override {
    files_.source("users", "user_id, plan")
        .write("seeds/plan.csv", "plan_name,rank\nBasic,1\n")
        .write("lake/raw/users/drop=2024-01-01/users.csv",
               "User ID,Plan\n1,Basic\nx,Basic\n3,Odd\n4,Basic,extra\n")
        .model("staging/int_plan",
               "-- materialized: view\nselect plan_name, cast(rank as int) as rank from seed.plan")
        .model(
            "staging/stg_user",
            "select whole_number(u.user_id) as user_id, u.user_id as _was_user_id, u.plan, p.rank, "
            "u._object, u._line "
            "from raw.users as u left join int_plan as p on p.plan_name = u.plan",
            "grain: [user_id]\n"
            "reject:\n  - {column: User ID, when: user_id is null, reason: is no number, value: "
            "_was_user_id}\n"
            "checks:\n"
            "  - {name: plans_known, severity: warn, sql: select user_id from stg_user where rank is null}\n"
            "  - {name: counted, sql: \"select count(*) as n from audit.rejected having count(*) <> 2\"}\n")
        .model("marts/dim_user", "select user_id, plan from stg_user")
        .model("marts/fct_user",
               "select u.user_id, s.rank from dim_user as u join stg_user as s using (user_id)");
  }

  /// Reads files, crawls the lake and makes the engine and the builder anew, as a new process would.
  void start() {
    builder_.reset();
    project_ = files_.load();
    lake_ = std::move(*lake::open_store((files_.root() / "lake").string()));
    catalog_ = std::move(*catalog::open_catalog(files_.root() / "catalog.db"));
    const auto crawled = catalog_->crawl(*lake_, project_.sources, {}, FixedClock());
    ASSERT_THAT(crawled, IsOk());
    tables_ = crawled->tables;
    database_ = std::move(*engine::open_duckdb({}));
    session_ = std::move(*database_->connect());
    std::vector<Error> problems;
    std::vector<std::string> raw;
    for (const auto& table : tables_) raw.push_back(table.name);
    graph_ = resolve(project_, *session_, raw, problems);
    ASSERT_THAT(texts_of(problems), IsEmpty());
    builder_ = std::make_unique<Builder>(project_, graph_, *lake_, *catalog_, tables_, curated_, *database_);
    const auto defined = builder_->define_inputs();
    ASSERT_THAT(defined, IsOk());
  }

  /// Builds and returns "model: state" of all that were looked at.
  std::vector<std::string> build(const std::vector<std::string>& patterns = {}, bool full_refresh = false) {
    static const std::map<BuildState, std::string> kNames = {{BuildState::kBuilt, "built"},
                                                             {BuildState::kKnown, "known"},
                                                             {BuildState::kView, "view"},
                                                             {BuildState::kFailed, "failed"},
                                                             {BuildState::kSkipped, "skipped"}};
    BuildOptions options;
    options.selected = *select(graph_, patterns);
    options.full_refresh = full_refresh;
    std::vector<std::string> states;
    result_ = builder_->build(options, [&](const ModelOutcome& outcome) {
      states.push_back(outcome.model + ": " + kNames.at(outcome.state));
    });
    std::ranges::sort(states);
    return states;
  }
  std::vector<CheckResult> checks() {
    EXPECT_THAT(builder_->define_audit(), IsOk());
    PassedChecks passed(files_.root() / "passed.json");
    auto results = run_checks(*builder_, graph_, *database_, passed, 2);
    EXPECT_THAT(results, IsOk());
    return results ? std::move(results->results) : std::vector<CheckResult>{};
  }
  static const CheckResult& named(const std::vector<CheckResult>& results, const std::string& name) {
    const auto found = std::ranges::find(results, name, &CheckResult::name);
    EXPECT_NE(found, results.end()) << name;
    return *found;
  }

  SmallProject files_;
  Project project_;
  std::unique_ptr<lake::ObjectStore> lake_;
  std::unique_ptr<catalog::Catalog> catalog_;
  std::vector<catalog::CatalogTable> tables_;
  std::unique_ptr<engine::Database> database_;
  std::unique_ptr<engine::Session> session_;
  Graph graph_;
  Curated curated_{files_.root() / "store"};
  std::unique_ptr<Builder> builder_;
  Result<> result_;
};

TEST_F(BuilderTest, BuildsOnceAndKnowsItThen) {
  start();
  EXPECT_FALSE(builder_->all_known({*select(graph_, {}), false, 2}));
  EXPECT_THAT(build(),
              ElementsAre("dim_user: built", "fct_user: built", "int_plan: view", "stg_user: built"));
  ASSERT_THAT(result_, IsOk());
  const auto rows = session_->query("select count(*), sum(rank) from fct_user");
  ASSERT_THAT(rows, IsOk());
  EXPECT_EQ(rows->integer(0, 0), 2);
  start();
  EXPECT_TRUE(builder_->all_known({*select(graph_, {}), false, 2}));
  EXPECT_THAT(build(),
              ElementsAre("dim_user: known", "fct_user: known", "int_plan: view", "stg_user: known"));
  EXPECT_EQ(session_->query("select count(*) from fct_user")->integer(0, 0), 2);
}

TEST_F(BuilderTest, RebuildsAModelAndWhatDependsOnIt) {
  start();
  build();
  files_.model("marts/dim_user", "select user_id, upper(plan) as plan from stg_user");
  start();
  EXPECT_THAT(build(),
              ElementsAre("dim_user: built", "fct_user: built", "int_plan: view", "stg_user: known"));
}

TEST_F(BuilderTest, BuildsWhatIsSelectedAndWhatThatNeeds) {
  start();
  EXPECT_THAT(build({"dim_user"}), ElementsAre("dim_user: built", "int_plan: view", "stg_user: built"));
  EXPECT_THAT(build({"dim_user"}, true), ElementsAre("dim_user: built", "int_plan: view", "stg_user: known"));
}

TEST_F(BuilderTest, SkipsWhatIsBehindAFailureAndGoesOnBesideIt) {
  files_.model("marts/dim_user", "select cast(plan as int) as user_id, plan from stg_user")
      .model("marts/other", "select user_id from stg_user");
  start();
  EXPECT_THAT(build(), ElementsAre("dim_user: failed", "fct_user: skipped", "int_plan: view", "other: built",
                                   "stg_user: built"));
  EXPECT_THAT(result_, IsError(ErrorKind::kProject, HasPlace(HasSubstr("dim_user.sql"))));
  EXPECT_TRUE(curated_.find("other", builder_->prints().at("other")));
  EXPECT_FALSE(curated_.find("dim_user", builder_->prints().at("dim_user")));
}

TEST_F(BuilderTest, BuildsATableThatTheLakeDoesNotHave) {
  files_.source("orders", "order_id").model("marts/fct_order", "select order_id, _drop from raw.orders");
  start();
  build();
  ASSERT_THAT(result_, IsOk());
  EXPECT_EQ(session_->query("select count(*) from fct_order")->integer(0, 0), 0);
}

TEST_F(BuilderTest, ShowsModelsWhatWasRejectedAndTheDrops) {
  files_.write("lake/raw/users/drop=2024-02-01/users.csv", "User ID,Plan\n1,Basic\n")
      .model("marts/fct_user",
             "select _drop, records, rejected as broken, (select min(plan) from "
             "rejected.stg_user) as plan from drops.users");
  for (const char* state : {"built", "known"}) {
    start();
    EXPECT_THAT(build(), testing::Contains(fmt::format("fct_user: {}", state)));
    ASSERT_THAT(result_, IsOk());
    const auto rows = session_->query("select * from fct_user order by _drop");
    ASSERT_THAT(rows, IsOk());
    ASSERT_EQ(rows->rows.size(), 2U);
    EXPECT_EQ(rows->text(0, 0) + rows->text(0, 1) + rows->text(0, 2) + rows->text(0, 3), "2024-01-0141Basic");
    EXPECT_EQ(rows->text(1, 0) + rows->text(1, 1) + rows->text(1, 2), "2024-02-0110");
    EXPECT_EQ(session_->query("select count(*) from rejected.stg_user where user_id is null")->integer(0, 0),
              1);
  }
  files_.write("lake/raw/users/drop=2024-02-01/users.csv", "User ID,Plan\n1,Basic\n2,Basic,extra\n");
  start();
  EXPECT_THAT(build(), testing::Contains("fct_user: built"));  // a broken record changes no row of raw.users
  EXPECT_EQ(session_->query("select sum(broken) from fct_user")->integer(0, 0), 2);
}

TEST_F(BuilderTest, CountsChecksAndRemembersThoseThatPassed) {
  start();
  build();
  const auto results = checks();
  ASSERT_EQ(results.size(), 4U);
  const auto& plans = named(results, "plans_known");
  EXPECT_FALSE(plans.passed);
  EXPECT_EQ(plans.failures, 1U);
  EXPECT_THAT(plans.examples, ElementsAre("user_id = 3"));
  EXPECT_EQ(plans.severity, Severity::kWarn);
  EXPECT_TRUE(named(results, "grain is unique").passed);
  EXPECT_TRUE(named(results, "counted").passed) << named(results, "counted").examples.front();
  start();
  build();
  const auto again = checks();
  EXPECT_TRUE(named(again, "grain is unique").known);
  EXPECT_TRUE(named(again, "counted").known);
  EXPECT_FALSE(named(again, "plans_known").known);
  EXPECT_FALSE(named(again, "plans_known").passed);
}

TEST_F(BuilderTest, RunsACheckAnewWhenWhatItReadsChanged) {
  start();
  build();
  checks();
  files_.write("lake/raw/users/drop=2024-01-01/users.csv",
               "User ID,Plan\n1,Basic\nx,Basic\n3,Odd\n4,Basic,extra\n9,Basic\n");
  start();
  build();
  const auto again = checks();
  EXPECT_FALSE(named(again, "grain is unique").known);
}

TEST_F(BuilderTest, NamesACheckWhoseSqlIsWrong) {
  files_.model("marts/dim_user", "select user_id, plan from stg_user",
               "checks:\n  - name: bad\n    sql: select * from dim_user where plam = 1\n");
  start();
  build();
  ASSERT_THAT(builder_->define_audit(), IsOk());
  PassedChecks passed(files_.root() / "passed.json");
  const auto results = run_checks(*builder_, graph_, *database_, passed, 2);
  EXPECT_THAT(results, IsError(ErrorKind::kProject, HasPlace(testing::EndsWith("dim_user.yml:2")),
                               HasMessage("check 'bad' of dim_user")));
}

TEST_F(BuilderTest, KeepsExamplesOfFailuresShortAndWhole) {
  files_.model("marts/dim_user", "select user_id, plan from stg_user",
               "checks:\n  - name: long\n    sql: select repeat('é', 1000) as text from range(8)\n");
  start();
  build();
  const auto results = checks();
  const auto& result = named(results, "long");
  EXPECT_EQ(result.failures, 8U);
  ASSERT_EQ(result.examples.size(), 5U);
  EXPECT_LE(result.examples[0].size(), 300U);
  EXPECT_NO_THROW((void)Json(result.examples[0]).dump());  // no part of a character
}

TEST_F(BuilderTest, AccountsForEveryRecordOfAnObject) {
  start();
  build();
  std::vector<CheckResult> results;
  const auto accounts = account(graph_, builder_->outcomes(), tables_, results);
  ASSERT_EQ(accounts.size(), 1U);
  EXPECT_EQ(accounts[0].read, 4U);
  EXPECT_EQ(accounts[0].rejected_structure, 1U);
  EXPECT_EQ(accounts[0].rejected_rules, 1U);
  EXPECT_EQ(accounts[0].kept, 2U);
  ASSERT_EQ(results.size(), 1U);
  EXPECT_TRUE(results[0].passed);
}

TEST_F(BuilderTest, FailsAModelThatLosesOrDoublesRecords) {
  files_.write("seeds/plan.csv", "plan_name,rank\nBasic,1\nBasic,2\n");
  start();
  build();
  std::vector<CheckResult> results;
  account(graph_, builder_->outcomes(), tables_, results);
  ASSERT_EQ(results.size(), 1U);
  EXPECT_FALSE(results[0].passed);
  EXPECT_EQ(results[0].severity, Severity::kError);
  EXPECT_THAT(results[0].examples.front(), HasSubstr("3 records were read, 3 kept and 2 rejected"));
}

TEST_F(BuilderTest, ListsWhatWasRejected) {
  start();
  build();
  ASSERT_THAT(builder_->define_audit(), IsOk());
  const auto rows =
      session_->query("select model, line, col, reason, value from audit.rejected order by line");
  ASSERT_THAT(rows, IsOk());
  ASSERT_EQ(rows->rows.size(), 2U);
  EXPECT_EQ(rows->text(0, 0), "stg_user");
  EXPECT_EQ(rows->integer(0, 1), 3);
  EXPECT_EQ(rows->text(0, 4), "x");
  EXPECT_EQ(rows->text(1, 0), "raw.users");
  EXPECT_EQ(rows->integer(1, 1), 5);
}

// ---- what the lake delivered

class DeliveryTest : public testing::Test {
 protected:
  void SetUp() override {
    source_.dataset = "users";
    catalog::SourceTable declared;
    declared.name = "users";
    declared.dataset = "users";
    source_.tables = {declared};
  }
  void add(unsigned day, uint64_t records, uint64_t rejected = 0) {
    catalog::CatalogObject object;
    object.info.key = fmt::format("raw/users/drop=2024-01-{:02}/users-{}.csv", day, table_.objects.size());
    object.drop = Date(std::chrono::year(2024), std::chrono::month(1), std::chrono::day(day));
    object.profile.records = records;
    object.profile.rejected = rejected;
    table_.name = "users";
    table_.objects.push_back(object);
  }
  /// Returns the names of the checks that failed.
  std::vector<std::string> failed(const std::vector<catalog::CatalogObject>& unreadable = {}) {
    Project project;
    project.sources = {source_};
    std::vector<catalog::CatalogTable> tables;
    if (!table_.name.empty()) tables.push_back(table_);
    std::vector<std::string> names;
    for (const auto& check : check_delivery(project, tables, unreadable, today_)) {
      EXPECT_EQ(check.passed, check.failures == 0);
      if (!check.passed) names.push_back(check.name);
    }
    return names;
  }
  /// The same of what is left after the rules, which reject nothing here.
  std::vector<std::string> failed_of_kept(const AcceptedDrops& accepted = {}) {
    Project project;
    project.sources = {source_};
    std::vector<CheckResult> none;
    std::vector<std::string> names;
    for (const auto& check : check_kept(project, account({}, {}, {table_}, none), accepted))
      if (!check.passed) names.push_back(check.name);
    return names;
  }
  catalog::Source source_;
  catalog::CatalogTable table_;
  Date today_{std::chrono::year(2024), std::chrono::month(1), std::chrono::day(31)};
};

TEST_F(DeliveryTest, WarnsOfADropWhoseDayHasNotCome) {
  add(9, 100);
  add(10, 100);
  today_ = Date(std::chrono::year(2024), std::chrono::month(1), std::chrono::day(9));
  EXPECT_THAT(failed(), ElementsAre()) << "somewhere it is the 10th already";
  today_ = Date(std::chrono::year(2024), std::chrono::month(1), std::chrono::day(8));
  EXPECT_THAT(failed(), ElementsAre("no drop lies in the future"));
}

TEST_F(DeliveryTest, WantsADatasetThatIsNotOptional) {
  EXPECT_THAT(failed(), ElementsAre("is delivered"));
  source_.optional = true;
  EXPECT_THAT(failed(), IsEmpty());
  source_.optional = false;
  add(1, 10, 10);
  EXPECT_THAT(failed(), ElementsAre("is delivered"));
  add(1, 1);
  EXPECT_THAT(failed(), IsEmpty());
}

TEST_F(DeliveryTest, StopsAHalfDeliveredDrop) {
  add(1, 60);
  add(1, 40);
  add(2, 50);
  EXPECT_THAT(failed(), IsEmpty());
  table_.objects.pop_back();
  add(2, 49);
  EXPECT_THAT(failed(), ElementsAre("row count of the newest drop"));
  table_.objects.pop_back();
  add(2, 50, 1);
  EXPECT_THAT(failed(), IsEmpty()) << "what was delivered and lost is judged with what the rules reject";
  EXPECT_THAT(failed_of_kept(), ElementsAre("rows kept of the newest drop"));
  EXPECT_THAT(failed_of_kept({{"users", "2024-01-02"}}), IsEmpty()) << "it was let in as it is";
  EXPECT_THAT(failed_of_kept({{"users", "2024-01-01"}}), ElementsAre("rows kept of the newest drop"));
  add(3, 50);
  EXPECT_THAT(failed(), IsEmpty());
  source_.tables[0].min_rows_of_previous = 1;
  EXPECT_THAT(failed(), IsEmpty());
  add(4, 48);
  EXPECT_THAT(failed(), ElementsAre("row count of the newest drop"));
}

TEST_F(DeliveryTest, ReportsObjectsThatCannotBeRead) {
  add(1, 5);
  catalog::CatalogObject broken;
  broken.info.key = "raw/users/b.csv.gz";
  broken.dataset = "users";
  broken.problem = "the checksum is wrong";
  EXPECT_THAT(failed({broken}), ElementsAre("objects can be read"));
  broken.dataset = "others";
  EXPECT_THAT(failed({broken}), ElementsAre(HasSubstr("other datasets")));
}

}  // namespace
}  // namespace reelhouse::model
