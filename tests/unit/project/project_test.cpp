#include "project/project.hpp"

#include <gmock/gmock.h>

#include "base/files.hpp"
#include "lake/temporary_folder.hpp"
#include "project/freshness.hpp"
#include "project/questions.hpp"
#include "project/run.hpp"

namespace reelhouse::project {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

/// A shop with one raw table, one mart, one metric and one workflow, in a temporary folder.
class ProjectTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_.write("reelhouse.yaml", "name: shop\n");
    folder_.write("sources/shop.yml", "dataset: shop\ntables:\n  orders:\n    columns: [id, amount]\n");
    folder_.write("models/marts/fct_order.sql",
                  "-- one row an order\nselect id, cast(amount as integer) as amount from raw.orders\n");
    folder_.write("metrics/orders.yml",
                  "view: orders\nlabel: Orders\nfact: fct_order\nmeasures:\n"
                  "  orders: {label: Orders, count: true, description: How many orders there are.}\n");
    folder_.write("workflows/refresh.yml", "steps:\n  crawl: {crawl: all}\n");
    folder_.write("lake/raw/shop/drop=2026-11-22/orders.csv", "id,amount\n1,5\n2,7\n");
    project_ = open();
  }
  std::shared_ptr<Project> open() {
    auto project = Project::open({.project = folder_.path().string()});
    EXPECT_TRUE(project) << project.error().to_string();
    return *project;
  }
  /// Publishes what lies in the lake, through a project of its own, as another process would.
  void run_once() {
    const auto end = run(*open(), {}, clock_, {});
    ASSERT_TRUE(end) << end.error().to_string();
    ASSERT_EQ(end->run.state, workflow::RunState::kSucceeded) << end->run.message;
  }

  test::TemporaryFolder folder_;
  std::shared_ptr<Project> project_;
  SystemClock clock_;
};

TEST_F(ProjectTest, ReadsNothingBeforeItIsAskedFor) {
  const Reads reads = project_->reads();
  EXPECT_EQ(reads.models + reads.definitions + reads.workflows + reads.catalog + reads.bound + reads.history +
                reads.warehouse,
            0);
}

TEST_F(ProjectTest, ReadsEachPartOnceForEverythingThatACommandAsks) {
  run_once();
  EXPECT_EQ(project_->names().published, std::vector<std::string>{"fct_order"});
  EXPECT_TRUE(project_->workflow("refresh"));
  EXPECT_TRUE(project_->workflow("default"));
  EXPECT_TRUE(project_->bound());
  EXPECT_TRUE(project_->definitions());
  EXPECT_TRUE(ProjectFreshness(project_).now(clock_));
  for (const auto& [name, question] : questions(project_, clock_))
    if (name != "lineage") {
      EXPECT_TRUE(question({})) << name;
    }
  const Reads reads = project_->reads();
  EXPECT_EQ(reads.models, 1);
  EXPECT_EQ(reads.definitions, 1);
  EXPECT_EQ(reads.workflows, 1);
  EXPECT_EQ(reads.catalog, 1);
  EXPECT_EQ(reads.bound, 1);
  EXPECT_EQ(reads.history, 1);
  EXPECT_EQ(reads.warehouse, 1);
}

TEST_F(ProjectTest, AServedQuestionAskedAgainReadsNothingAgain) {
  run_once();
  const auto all = questions(project_, clock_);
  const auto flows = workflow_questions(project_, nullptr);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(all.at("lineage")({{"measure", "orders"}}));
    EXPECT_TRUE(all.at("models")({}));
    EXPECT_TRUE(all.at("catalog")({{"id", "orders"}}));
    EXPECT_TRUE(flows.at("workflows")({}));
  }
  const Reads reads = project_->reads();
  EXPECT_EQ(reads.models, 1);
  EXPECT_EQ(reads.bound, 1);
  EXPECT_EQ(reads.catalog, 1);
  EXPECT_EQ(reads.definitions, 1);
  EXPECT_EQ(reads.history, 1);
}

TEST_F(ProjectTest, SeesWhatPeopleChange) {
  const auto before = project_->models();
  EXPECT_THAT(before->project.models, SizeIs(1));
  folder_.write("models/marts/dim_item.sql", "-- one row an item\nselect 1 as id\n");
  EXPECT_THAT(project_->models()->project.models, SizeIs(2));
  EXPECT_THAT(before->project.models, SizeIs(1)) << "who holds what was read before keeps it";
  EXPECT_THAT(project_->names().published, ElementsAre("dim_item", "fct_order"));

  EXPECT_THAT(project_->workflows()->names(), ElementsAre("refresh", "default"));
  folder_.write("workflows/nightly.yml", "steps:\n  build: {build: [dim_item]}\n");
  EXPECT_THAT(project_->workflows()->names(), ElementsAre("nightly", "refresh", "default"));
  // A workflow names models: it is judged again when they change, though its own file has not.
  std::filesystem::remove(folder_.path() / "models/marts/dim_item.sql");
  EXPECT_THAT(project_->workflows()->names(), ElementsAre("refresh", "default"));
  EXPECT_THAT(project_->workflows()->problems, SizeIs(1));

  ASSERT_TRUE(project_->definitions());
  folder_.write("metrics/orders.yml", "view: orders\nfact: fct_order\nmeasurs: {}\n");
  const auto broken = project_->definitions();
  ASSERT_FALSE(broken);
  EXPECT_THAT(broken.error().to_string(), HasSubstr("measurs"));
}

TEST_F(ProjectTest, SeesWhatOtherProcessesChange) {
  EXPECT_THAT((*project_->catalog())->tables, SizeIs(0));
  EXPECT_FALSE((*project_->catalog())->catalog);
  const auto status = questions(project_, clock_).at("catalog");
  run_once();
  EXPECT_THAT((*project_->catalog())->tables, SizeIs(1));
  EXPECT_THAT(*status({}), SizeIs(1));
  folder_.write("lake/raw/shop/drop=2026-11-23/orders.csv", "id,amount\n1,5\n2,7\n3,9\n");
  run_once();
  ASSERT_THAT((*project_->catalog())->tables, SizeIs(1));
  EXPECT_THAT((*project_->catalog())->tables.front().objects, SizeIs(2));
  EXPECT_THAT(*(*project_->history())->list(0), SizeIs(2));
}

TEST_F(ProjectTest, GoesOnWhenWhatThisMachineRemembersIsThrownAway) {
  run_once();
  EXPECT_THAT(*(*project_->history())->list(0), SizeIs(1));
  std::filesystem::remove_all(folder_.path() / ".reelhouse");
  run_once();
  EXPECT_THAT(*(*project_->history())->list(0), SizeIs(1));
  EXPECT_THAT((*project_->catalog())->tables, SizeIs(1));
}

TEST_F(ProjectTest, NamesTheNearestWorkflow) {
  const auto found = project_->workflow("refesh");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorKind::kUsage);
  EXPECT_THAT(found.error().hint, HasSubstr("refresh"));
}

TEST_F(ProjectTest, ABrokenDefaultWorkflowIsNotReplacedByTheBuiltInOne) {
  folder_.write("workflows/default.yml", "steps:\n  crawl: {crwal: all}\n");
  const auto found = project_->workflow("default");
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().to_string(), HasSubstr("default.yml"));
  const auto end = run(*project_, {}, clock_, {});
  ASSERT_FALSE(end);
  EXPECT_THAT(end.error().to_string(), HasSubstr("default.yml"));
}

TEST_F(ProjectTest, TheDefaultWorkflowLeavesStepsLogAndReceiptAsEveryOther) {
  std::vector<std::string> told;
  const auto end = run(*project_, {}, clock_,
                       {.phase = [&](const std::string& line) { told.push_back(line); }, .log = nullptr});
  ASSERT_TRUE(end) << end.error().to_string();
  const auto kept = (*project_->history())->find(end->run.id);
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->workflow, workflow::kDefaultWorkflow);
  EXPECT_EQ(kept->version, 1);
  std::vector<std::string> steps;
  for (const auto& step : kept->steps) steps.push_back(step.name);
  EXPECT_THAT(steps, ElementsAre("crawl", "build", "build fct_order", "check", "publish"));
  EXPECT_THAT(told,
              AllOf(Contains(HasSubstr("crawl    1 objects")), Contains(HasSubstr("publish  version 1"))));
  EXPECT_TRUE(std::filesystem::exists(project_->settings().logs() / (end->run.id + ".jsonl")));
  EXPECT_TRUE(std::filesystem::exists(project_->settings().receipt(end->run.id)));
  EXPECT_EQ(project_->reads().models, 1) << "names for the steps, and the models to build";
  EXPECT_EQ(project_->reads().history, 1);
  EXPECT_EQ(end->receipt.at("version"), 1);
}

TEST_F(ProjectTest, ASelectionPublishesNothing) {
  const auto end = run(*project_, {.select = {"fct_order"}}, clock_, {});
  ASSERT_TRUE(end) << end.error().to_string();
  EXPECT_EQ(end->run.state, workflow::RunState::kSucceeded);
  EXPECT_EQ(end->run.version, 0);
  EXPECT_TRUE(end->receipt.at("version").is_null());
  EXPECT_FALSE((*project_->warehouse())->current());
}

TEST_F(ProjectTest, AFailedPhaseKeepsItsHintAndBeginsNoVersion) {
  folder_.write("models/marts/fct_order.sql", "-- one row an order\nselect idd from raw.orders\n");
  const auto end = run(*project_, {}, clock_, {});
  ASSERT_TRUE(end) << end.error().to_string();
  EXPECT_EQ(end->run.state, workflow::RunState::kFailed);
  ASSERT_TRUE(end->error);
  EXPECT_EQ(end->error->kind, ErrorKind::kProject);
  EXPECT_THAT(end->error->where, HasSubstr("fct_order.sql"));
  EXPECT_THAT(end->receipt.at("error"), HasSubstr("fct_order.sql"));
  EXPECT_THAT(end->run.message, HasSubstr("step build"));
}

TEST_F(ProjectTest, ARunThatFindsTheProjectHeldBeginsNothing) {
  ASSERT_TRUE(std::filesystem::create_directories(project_->settings().state));
  const auto held = FileLock::take(project_->settings().run_lock(), "testing");
  ASSERT_TRUE(held);
  const auto end = run(*project_, {}, clock_, {});
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().kind, ErrorKind::kBusy);
  EXPECT_FALSE(project_->has_history());
}

TEST_F(ProjectTest, AChildIsToldOfAServerByItsEnvironmentAlone) {
  const auto project = Project::open({.project = folder_.path().string(),
                                      .lake = "lake",
                                      .warehouse = "postgresql://me:secret@db.example/shop"});
  ASSERT_TRUE(project) << project.error().to_string();
  const workflow::Program program = (*project)->program();
  EXPECT_THAT(program.arguments, Contains("--lake"));
  EXPECT_THAT(program.arguments, Not(Contains(HasSubstr("secret"))));
  EXPECT_EQ(program.environment.at("REELHOUSE_WAREHOUSE"), "postgresql://me:secret@db.example/shop");
}

}  // namespace
}  // namespace reelhouse::project
