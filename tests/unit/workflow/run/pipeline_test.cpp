#include "workflow/run/pipeline.hpp"

#include <gmock/gmock.h>

#include "base/files.hpp"
#include "model/small_project.hpp"

namespace reelhouse::workflow {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

class MorningClock final : public Clock {
 public:
  Time now() const override { return *parse_iso("2024-05-06T06:12:00Z"); }
};

/// A project of two models over a lake of one file, with its places in a folder of its own.
class PipelineTest : public testing::Test {
 protected:
  void SetUp() override {
    files_.source("users", "user_id, plan");
    drop("2024-01-01", "1,Basic\n2,Basic\n3,Odd\n4,Premium\n");
    files_
        .model("staging/stg_user",
               "select whole_number(user_id) as user_id, plan, _object, _line from raw.users")
        .model("marts/dim_user", "-- A user.\nselect user_id, plan from stg_user", kKeyed);
    options_.load = [this] {
      ++loads_;
      return model::load_project(files_.root());
    };
    options_.project = files_.root();
    options_.lake = (files_.root() / "lake").string();
    options_.store = files_.root() / "store";
    options_.warehouse.location = (files_.root() / "warehouse").string();
    const auto state = files_.root() / "state";
    options_.catalog = state / "catalog.db";
    options_.objects = state / "objects";
    options_.spill = state / "tmp";
    options_.steps = state / "steps";
    options_.lock = state / "lock";
    options_.last_publish = state / "published.json";
    options_.passed_checks = state / "passed_checks.json";
    options_.receipts = options_.store / "receipts";
    options_.threads = 1;
  }

  /// Puts a drop of users into the lake; the test fails when it cannot.
  void drop(const std::string& day, const std::string& rows) {
    files_.write("lake/raw/users/drop=" + day + "/users.csv", "User ID,Plan\n" + rows);
  }

  Result<std::unique_ptr<Pipeline>> try_open(const std::function<bool()>& wait = nullptr) {
    return Pipeline::open(
        options_, clock_, [this](const std::string& line) { said_.push_back(line); },
        [this](const Step& part) { parts_.push_back(part.name + " " + name_of(part.state)); }, wait);
  }
  /// Opens what a process of its own would.
  void open() {
    pipeline_.reset();
    auto opened = try_open();
    ASSERT_TRUE(opened) << opened.error().to_string();
    pipeline_ = std::move(*opened);
    pipeline_->name_run("20240506-061200-1a2b");
  }
  /// Runs all phases in a new process.
  void run_all() {
    open();
    expect(pipeline_->crawl());
    expect(pipeline_->build());
    expect(pipeline_->check());
    expect(pipeline_->publish());
  }
  static void expect(const Result<uint64_t>& done) { ASSERT_TRUE(done) << done.error().to_string(); }
  static void expect_failure(const Result<uint64_t>& done, ErrorKind kind, const std::string& message) {
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().kind, kind) << done.error().to_string();
    EXPECT_THAT(done.error().message, HasSubstr(message));
  }

  Json receipt(RunState state = RunState::kSucceeded, const std::string& error = "") {
    workflow::Run run;
    run.id = "20240506-061200-1a2b";
    run.workflow = "refresh";
    run.state = state;
    run.cause.kind = CauseKind::kPage;
    return pipeline_->write_receipt(run, error);
  }
  static std::vector<std::string> names(const Json& list, const char* key) {
    std::vector<std::string> names;
    for (const auto& each : list) names.push_back(each.at(key).get<std::string>());
    return names;
  }
  std::vector<std::string> phases() { return names(receipt().at("phases"), "phase"); }
  /// The current version; nothing when none is published.
  std::optional<warehouse::Version> current() const {
    const auto warehouse = warehouse::open_warehouse(options_.warehouse);
    const auto version = (*warehouse)->current();
    return version ? std::optional(*version) : std::nullopt;
  }
  int current_number() const { return current() ? current()->number : 0; }

  static constexpr const char* kKeyed = "columns:\n  user_id:\n    checks: [not_null, unique]\n";
  static constexpr const char* kPlans =
      "columns:\n  plan:\n    checks:\n      - accepted_values: {values: [Basic, Premium]%}\n";

  /// Writes dim_user's check of plans, which 'Odd' fails.
  void check_plans(bool warns) {
    std::string yaml = kPlans;
    yaml.replace(yaml.find('%'), 1, warns ? ", severity: warn" : "");
    files_.write("models/marts/dim_user.yml", yaml);
  }

  model::SmallProject files_;
  PipelineOptions options_;
  MorningClock clock_;
  std::vector<std::string> said_;
  std::vector<std::string> parts_;
  int loads_ = 0;  ///< how often the project was read
  std::unique_ptr<Pipeline> pipeline_;
};

TEST_F(PipelineTest, DoesItsPhasesAndTellsThem) {
  open();
  EXPECT_EQ(pipeline_->crawl().value_or(0), 4U) << "records";
  EXPECT_EQ(pipeline_->build().value_or(0), 2U) << "models";
  EXPECT_GE(pipeline_->check().value_or(0), 2U) << "checks";
  EXPECT_EQ(current_number(), 0);
  EXPECT_EQ(pipeline_->publish().value_or(0), 1U) << "tables";
  EXPECT_EQ(pipeline_->result().version, 1);
  EXPECT_THAT(parts_, ElementsAre("build stg_user succeeded", "build dim_user succeeded"));
  EXPECT_THAT(phases(), ElementsAre("crawl", "plan", "build", "check", "publish"));
  EXPECT_EQ(loads_, 1);
  const auto version = current();
  ASSERT_TRUE(version);
  EXPECT_EQ(version->run, "20240506-061200-1a2b");
  ASSERT_THAT(version->tables, SizeIs(1));
  EXPECT_EQ(version->tables[0].name, "dim_user");
  EXPECT_EQ(version->tables[0].rows, 4U);
}

TEST_F(PipelineTest, APhaseDoesWhatItStandsOnAndNothingTwice) {
  open();
  expect(pipeline_->crawl());
  expect(pipeline_->publish());
  EXPECT_THAT(phases(), ElementsAre("crawl", "plan", "build", "check", "publish"));
  EXPECT_EQ(current_number(), 1);
}

TEST_F(PipelineTest, AResumedRunRecallsTheCrawl) {
  open();
  expect(pipeline_->crawl());
  open();
  drop("2024-02-01", "5,Basic\n6,Basic\n7,Basic\n");  // what came since is of the next run
  EXPECT_EQ(pipeline_->build().value_or(0), 2U);
  expect(pipeline_->publish());
  EXPECT_THAT(phases(), ElementsAre("plan", "build", "check", "publish"));
  EXPECT_EQ(current()->tables.at(0).rows, 4U);
}

TEST_F(PipelineTest, AResumedRunTakesFinishedModelsFromTheStore) {
  open();
  expect(pipeline_->crawl());
  expect(pipeline_->build());
  open();
  parts_.clear();
  expect(pipeline_->publish());
  EXPECT_EQ(pipeline_->result().built, 0U);
  EXPECT_EQ(pipeline_->result().known, 2U);
  EXPECT_THAT(parts_, IsEmpty());
  EXPECT_EQ(current_number(), 1);
}

TEST_F(PipelineTest, NothingIsBuiltBeforeAnythingWasCrawled) {
  open();
  expect_failure(pipeline_->build(), ErrorKind::kNotFound, "nothing was crawled yet");
  EXPECT_THAT(receipt(RunState::kFailed, "e").at("models"), IsEmpty());
}

TEST_F(PipelineTest, AnUnchangedRunEndsEarly) {
  run_all();
  open();
  expect(pipeline_->crawl());
  EXPECT_EQ(pipeline_->build().value_or(9), 0U);
  EXPECT_TRUE(pipeline_->result().unchanged);
  EXPECT_EQ(pipeline_->check().value_or(9), 0U);
  EXPECT_EQ(pipeline_->publish().value_or(9), 0U);
  EXPECT_EQ(current_number(), 1);
  const Json written = receipt();
  EXPECT_EQ(written.at("unchanged"), true);
  EXPECT_EQ(written.at("version"), nullptr);
  EXPECT_EQ(written.at("records").at("kept"), 4);
  EXPECT_THAT(names(written.at("phases"), "phase"), ElementsAre("crawl", "plan"));
  EXPECT_THAT(said_, Contains("nothing has changed: version 1 stays current"));
}

TEST_F(PipelineTest, AnUnchangedRunSaysThatItWasRolledBack) {
  run_all();
  drop("2024-02-01", "5,Basic\n6,Basic\n7,Basic\n");
  run_all();
  ASSERT_EQ(current_number(), 2);
  ASSERT_TRUE((*warehouse::open_warehouse(options_.warehouse))->roll_back(1));
  open();
  expect(pipeline_->crawl());
  expect(pipeline_->publish());
  EXPECT_EQ(current_number(), 1) << "a run does not undo a rollback";
  EXPECT_THAT(said_, Contains(HasSubstr("version 1 is current because of a rollback")));
}

TEST_F(PipelineTest, ADescriptionThatChangesIsPublished) {
  run_all();
  files_.write("models/marts/dim_user.yml", std::string("description: People.\n") + kKeyed);
  run_all();
  EXPECT_EQ(pipeline_->result().built, 0U);
  EXPECT_EQ(current_number(), 2);
}

TEST_F(PipelineTest, ABadDeliveryStopsBeforeAnythingIsBuilt) {
  run_all();
  drop("2024-02-01", "5,Basic\n");  // a quarter of the one before
  open();
  parts_.clear();
  expect(pipeline_->crawl());
  expect_failure(pipeline_->build(), ErrorKind::kCheckFailed, "nothing was published");
  EXPECT_THAT(parts_, IsEmpty());
  EXPECT_EQ(current_number(), 1);
  const Json written = receipt(RunState::kCheckFailed, "1 check failed");
  EXPECT_THAT(names(written.at("phases"), "phase"), ElementsAre("crawl", "plan"));
  EXPECT_EQ(written.at("state"), "check_failed");
  EXPECT_THAT(written.at("models"), IsEmpty());
}

TEST_F(PipelineTest, AFailedCheckKeepsWhatWasPublished) {
  run_all();
  check_plans(false);
  open();
  expect(pipeline_->crawl());
  expect(pipeline_->build());
  expect_failure(pipeline_->check(), ErrorKind::kCheckFailed, "1 check failed, so nothing was published");
  EXPECT_EQ(current_number(), 1);
  EXPECT_THAT(said_, Contains(HasSubstr("FAILED dim_user: accepted_values(plan) (1 row)")));
  const Json written = receipt(RunState::kCheckFailed, "e");
  bool is_told = false;
  for (const auto& check : written.at("checks"))
    if (check.at("check") == "accepted_values(plan)")
      is_told = check.at("passed") == false && check.at("failures") == 1;
  EXPECT_TRUE(is_told);
}

TEST_F(PipelineTest, PublishRunsTheChecksThatNobodyRan) {
  check_plans(false);
  open();
  expect(pipeline_->crawl());
  expect(pipeline_->build());
  expect_failure(pipeline_->publish(), ErrorKind::kCheckFailed, "1 check failed");
  EXPECT_EQ(current_number(), 0);
}

TEST_F(PipelineTest, AWarningDoesNotKeepFromPublishing) {
  check_plans(true);
  run_all();
  EXPECT_EQ(current_number(), 1);
  EXPECT_THAT(said_, Contains(HasSubstr("warning dim_user: accepted_values(plan) (1 row)")));
}

TEST_F(PipelineTest, ASelectionBuildsOnlyWhatItNames) {
  options_.select = {"stg_user"};
  open();
  expect(pipeline_->crawl());
  EXPECT_EQ(pipeline_->build().value_or(0), 1U);
  EXPECT_THAT(parts_, ElementsAre("build stg_user succeeded"));
  expect_failure(pipeline_->publish(), ErrorKind::kProject, "publishing needs every model");
  EXPECT_EQ(current_number(), 0);
}

TEST_F(PipelineTest, ASelectionIsCompletedFromTheStoreToBePublished) {
  run_all();
  options_.select = {"stg_user"};
  options_.full_refresh = true;
  open();
  parts_.clear();
  expect(pipeline_->crawl());
  EXPECT_EQ(pipeline_->build().value_or(0), 1U) << "anew, although nothing has changed";
  expect(pipeline_->publish());
  EXPECT_THAT(parts_, ElementsAre("build stg_user succeeded"))
      << "the rest is known, and none is built twice";
  EXPECT_EQ(current_number(), 2);
  EXPECT_THAT(current()->tables, SizeIs(1));
}

TEST_F(PipelineTest, AWarehouseThatCannotBeWrittenIsFoundOutBeforeTheBuild) {
  files_.write("taken", "a file where the warehouse should be");
  options_.warehouse.location = (files_.root() / "taken").string();
  open();
  expect(pipeline_->crawl());
  EXPECT_FALSE(pipeline_->build());
  EXPECT_THAT(parts_, IsEmpty());
  options_.publishes = false;  // who does not publish need not know
  open();
  EXPECT_EQ(pipeline_->build().value_or(0), 2U);
}

TEST_F(PipelineTest, AModelThatFailsIsToldAndTheRestIsKept) {
  files_.model("marts/dim_plan", "select plan, error('broken: ' || plan) as bad from stg_user");
  open();
  expect(pipeline_->crawl());
  EXPECT_FALSE(pipeline_->build());
  EXPECT_THAT(parts_, UnorderedElementsAre("build stg_user succeeded", "build dim_user succeeded",
                                           "build dim_plan failed"));
  files_.model("marts/dim_plan", "select distinct plan from stg_user");
  open();
  parts_.clear();
  expect(pipeline_->publish());
  EXPECT_THAT(parts_, ElementsAre("build dim_plan succeeded"));
  EXPECT_THAT(current()->tables, SizeIs(2));
}

TEST_F(PipelineTest, WritesAReceiptBeforeAnyPhaseHasRun) {
  open();
  const Json written = receipt(RunState::kFailed, "the lake is gone");
  const auto text = read_file(options_.receipts / "20240506-061200-1a2b.json");
  ASSERT_TRUE(text);
  EXPECT_EQ(Json::parse(*text), written);
  EXPECT_EQ(written.at("state"), "failed");
  EXPECT_EQ(written.at("error"), "the lake is gone");
  EXPECT_EQ(written.at("cause"), "page");
  EXPECT_EQ(written.at("ended"), "2024-05-06T06:12:00.000Z");
  for (const char* list : {"phases", "objects", "unreadable", "models", "checks", "changes"})
    EXPECT_EQ(written.at(list), Json::array()) << list;
}

TEST_F(PipelineTest, TellsEverythingInTheReceipt) {
  run_all();
  const Json written = receipt();
  EXPECT_FALSE(written.contains("error"));
  EXPECT_EQ(written.at("version"), 1);
  EXPECT_EQ(written.at("records"), (Json{{"read", 4}, {"kept", 4}, {"rejected", 0}}));
  EXPECT_THAT(names(written.at("objects"), "object"), ElementsAre("raw/users/drop=2024-01-01/users.csv"));
  EXPECT_THAT(names(written.at("models"), "state"), ElementsAre("built", "built"));
  EXPECT_THAT(names(written.at("changes"), "what"), Contains("new table"));
  EXPECT_THAT(names(written.at("checks"), "check"), Contains("unique(user_id)"));
}

TEST_F(PipelineTest, AReceiptThatCannotBeWrittenHidesNothing) {
  files_.write("taken", "a file where the folder should be");
  options_.receipts = files_.root() / "taken" / "receipts";
  run_all();
  EXPECT_EQ(receipt().at("version"), 1);
  EXPECT_THAT(said_, Contains(HasSubstr("warning: the receipt could not be written")));
}

TEST_F(PipelineTest, OfTwoRunsOneHoldsTheProject) {
  open();
  const auto second = try_open();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::kBusy);
  EXPECT_THAT(said_, IsEmpty());
  pipeline_.reset();
  EXPECT_TRUE(try_open());
}

TEST_F(PipelineTest, ARunWaitsForAnotherAsLongAsItIsToldTo) {
  open();
  int asked = 0;
  const auto given_up = try_open([&] { return ++asked < 3; });
  ASSERT_FALSE(given_up);
  EXPECT_EQ(given_up.error().kind, ErrorKind::kBusy);
  EXPECT_EQ(asked, 3);
  EXPECT_THAT(said_, ElementsAre(HasSubstr("waits for another run"))) << "said once";
  const auto waited = try_open([&] {
    pipeline_.reset();  // the other ends
    return true;
  });
  EXPECT_TRUE(waited);
}

TEST_F(PipelineTest, TwoProjectsDoNotBuildIntoOneStoreAtATime) {
  open();
  options_.lock = files_.root() / "other" / "lock";
  const auto second = try_open();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::kBusy);
  EXPECT_THAT(second.error().message, HasSubstr("building into this store"));
}

TEST_F(PipelineTest, ATableSaysWhichOptionalDatasetIsNotThere) {
  files_
      .write("sources/extra.yml",
             "dataset: extra\noptional: true\nmissing: Nobody has delivered extra.\ntables:\n  extra:\n    "
             "columns: [user_id]\n")
      .model("staging/stg_extra", "select user_id, _object, _line from raw.extra")
      .model("marts/dim_extra", "select user_id from stg_extra");
  run_all();
  const auto before = current();
  ASSERT_TRUE(before);
  std::map<std::string, std::string> notes;
  for (const auto& table : before->tables) notes[table.name] = table.note;
  EXPECT_THAT(notes, UnorderedElementsAre(std::pair("dim_user", ""),
                                          std::pair("dim_extra", "Nobody has delivered extra.")));
  files_.write("lake/raw/extra/extra.csv", "user_id\n1\n");
  run_all();
  const auto after = current();
  ASSERT_TRUE(after);
  EXPECT_EQ(after->number, 2);
  for (const auto& table : after->tables) EXPECT_EQ(table.note, "") << table.name;
}

}  // namespace
}  // namespace reelhouse::workflow
