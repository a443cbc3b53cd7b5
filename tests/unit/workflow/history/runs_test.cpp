#include "workflow/history/runs.hpp"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <set>
#include <thread>

#include "matchers.hpp"
#include "workflow/history/rows.hpp"
#include "workflow/scheduler/housekeeping.hpp"

namespace reelhouse::workflow {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

class FixedClock final : public Clock {
 public:
  Time now() const override { return time_; }
  Time time_ = std::chrono::sys_days{std::chrono::year{2026} / 11 / 22} + 6h + 12min;
};

class Runs : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "runs.XXXXXX";
    folder_ = ::mkdtemp(name.data());
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::unique_ptr<RunHistory> open() {
    auto history = open_run_history(folder_ / "runs.sqlite");
    if (!history) throw std::runtime_error(history.error().to_string());
    return std::move(*history);
  }

  Result<workflow::Run> begin(RunHistory& history, const std::string& workflow = "default", int at_once = 0) {
    return history.begin({.workflow = workflow}, at_once, clock_);
  }
  workflow::Run queue(RunHistory& history, const std::string& workflow = "default") {
    return history.queue({{.workflow = workflow}}, {}, {}, clock_).value().front();
  }

  fs::path folder_;
  FixedClock clock_;
};

TEST_F(Runs, KeepsARunWithItsSteps) {
  const auto history = open();
  const auto begun = begin(*history).value();
  EXPECT_THAT(begun.id, testing::MatchesRegex("20261122-061200-[0-9a-f]{4}"));
  EXPECT_EQ(begun.process, ::getpid());
  ASSERT_THAT(history->put_step(begun.id, {"crawl", RunState::kSucceeded, 0.5, 12, ""}), IsOk());
  ASSERT_THAT(history->put_step(begun.id, {"build stg_user", RunState::kSkipped, 0, 2500, "known"}), IsOk());
  EXPECT_EQ(history->find(begun.id)->state, RunState::kRunning);
  clock_.time_ += 3s;
  ASSERT_THAT(history->end(begun.id, RunState::kSucceeded, 14, "", clock_), IsOk());

  const auto found = open()->find(begun.id).value();
  EXPECT_EQ(found.state, RunState::kSucceeded);
  EXPECT_EQ(found.workflow, "default");
  EXPECT_EQ(found.started, "2026-11-22T06:12:00.000Z");
  EXPECT_EQ(found.ended, "2026-11-22T06:12:03.000Z");
  EXPECT_EQ(found.version, 14);
  ASSERT_EQ(found.steps.size(), 2);
  EXPECT_EQ(found.steps[0].name, "crawl");
  EXPECT_DOUBLE_EQ(found.steps[0].seconds, 0.5);
  EXPECT_EQ(found.steps[1].state, RunState::kSkipped);
  EXPECT_EQ(found.steps[1].rows, 2500);
  EXPECT_EQ(found.steps[1].message, "known");
}

TEST_F(Runs, ListsNewestFirst) {
  const auto history = open();
  EXPECT_TRUE(history->list(10)->empty());
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(begin(*history)->id);
  const auto two = history->list(2).value();
  ASSERT_EQ(two.size(), 2);
  EXPECT_EQ(two[0].id, ids[4]);
  EXPECT_EQ(two[1].id, ids[3]);
  EXPECT_EQ(history->list(0)->size(), 5);
}

TEST_F(Runs, GivesEveryRunOfOneSecondItsOwnId) {
  const auto history = open();
  std::set<std::string> ids;
  for (int i = 0; i < 600; ++i) ids.insert(begin(*history)->id);
  EXPECT_EQ(ids.size(), 600);
}

TEST_F(Runs, AnEndIsFinal) {
  const auto history = open();
  const auto id = begin(*history)->id;
  ASSERT_THAT(history->end(id, RunState::kFailed, 0, "no space", clock_), IsOk());
  EXPECT_THAT(history->end(id, RunState::kSucceeded, 1, "", clock_), IsError(ErrorKind::kInternal));
  EXPECT_EQ(history->find(id)->state, RunState::kFailed);
  EXPECT_EQ(history->find(id)->message, "no space");
  EXPECT_FALSE(history->end(begin(*history)->id, RunState::kRunning, 0, "", clock_));
}

TEST_F(Runs, FindsByUniquePrefixAndHelpsOtherwise) {
  const auto history = open();
  const auto first = begin(*history)->id;
  EXPECT_EQ(history->find("2026")->id, first);
  clock_.time_ += 1min;
  const auto second = begin(*history)->id;
  EXPECT_EQ(history->find("20261122-0613")->id, second);
  const auto many = history->find("2026");
  EXPECT_THAT(many, IsError(ErrorKind::kNotFound,
                            HasHint(testing::AllOf(testing::HasSubstr(first), testing::HasSubstr(second)))));
  auto misspelt = first;
  misspelt[3] = '7';
  const auto missing = history->find(misspelt);
  EXPECT_THAT(missing, HasHint("Did you mean 20261122-061"));
  EXPECT_THAT(history->find(""), IsError(ErrorKind::kNotFound));
  EXPECT_THAT(history->find("%"), IsError(ErrorKind::kNotFound));
  EXPECT_THAT(history->put_step("nothing", {}), IsError(ErrorKind::kNotFound));
  EXPECT_THAT(history->end("nothing", RunState::kFailed, 0, "", clock_), IsError(ErrorKind::kNotFound));
}

TEST_F(Runs, ShowsAKilledRunAsDiedAndTheNextOneClosesIt) {
  const pid_t child = ::fork();
  if (child == 0) {
    (void)begin(*open());
    ::pause();
    ::_exit(0);
  }
  const auto history = open();
  while (history->list(1)->empty()) std::this_thread::sleep_for(5ms);
  const auto id = history->list(1)->front().id;
  EXPECT_EQ(history->find(id)->state, RunState::kRunning);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);

  const auto died = history->find(id).value();
  EXPECT_EQ(died.state, RunState::kDied);
  EXPECT_THAT(died.message, testing::HasSubstr(std::to_string(child)));
  EXPECT_EQ(died.ended, "");

  const auto next = begin(*history)->id;
  EXPECT_EQ(history->find(id)->ended, "2026-11-22T06:12:00.000Z");
  EXPECT_EQ(history->find(next)->state, RunState::kRunning);
}

TEST_F(Runs, ProcessesAndThreadsWriteSideBySide) {
  constexpr int kWriters = 4;
  constexpr int kSteps = 50;
  const auto history = open();
  const auto id = begin(*history)->id;
  std::vector<pid_t> children;
  for (int i = 0; i < kWriters; ++i) {
    children.push_back(::fork());
    if (children.back() == 0) {
      const auto own = open();
      bool good = true;
      for (int k = 0; k < kSteps; ++k)
        good = own->put_step(id, {fmt::format("s{} {}", i, k), RunState::kSucceeded, 0, 1, ""}) && good;
      ::_exit(good ? 0 : 1);
    }
  }
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kWriters; ++i)
      threads.emplace_back([&, i] {
        for (int k = 0; k < kSteps; ++k)
          EXPECT_THAT(history->put_step(id, {fmt::format("t{} {}", i, k), RunState::kSucceeded, 0, 1, ""}),
                      IsOk());
      });
  }
  for (const pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(history->find(id)->steps.size(), 2 * kWriters * kSteps);
}

TEST_F(Runs, TellsAStepAgainInItsPlace) {
  const auto history = open();
  const auto id = begin(*history)->id;
  ASSERT_THAT(history->put_step(id, {.name = "build", .state = RunState::kRunning, .started = "now"}),
              IsOk());
  ASSERT_THAT(
      history->put_step(
          id, {.name = "build stg_user", .state = RunState::kSucceeded, .rows = 7, .parent = "build"}),
      IsOk());
  ASSERT_THAT(history->put_step(
                  id, {.name = "build", .state = RunState::kFailed, .attempts = 3, .written = {{"a", "b"}}}),
              IsOk());
  const auto steps = history->find(id)->steps;
  ASSERT_EQ(steps.size(), 2);
  EXPECT_EQ(steps[0].name, "build");
  EXPECT_EQ(steps[0].state, RunState::kFailed);
  EXPECT_EQ(steps[0].attempts, 3);
  EXPECT_EQ(steps[0].written.at("a"), "b");
  EXPECT_EQ(steps[1].parent, "build");
}

TEST_F(Runs, QueuesWithWhatTriggersRememberAndTellsEachEndOnce) {
  const auto history = open();
  const auto runs =
      history
          ->queue({{.workflow = "refresh", .cause = {CauseKind::kSchedule, "nightly", "2026-11-22", ""}},
                   {.workflow = "refresh", .state = RunState::kSkipped, .message = "missed"}},
                  {{"refresh/nightly", "{}"}}, {}, clock_)
          .value();
  ASSERT_EQ(runs.size(), 2);
  const auto again = open();
  EXPECT_EQ(again->marks()->at("refresh/nightly"), "{}");
  ASSERT_EQ(again->queued()->size(), 1);
  EXPECT_EQ(again->queued()->front().cause.trigger, "nightly");
  EXPECT_EQ(again->find(runs[1].id)->state, RunState::kSkipped);
  EXPECT_EQ(again->find(runs[1].id)->message, "missed");
  ASSERT_EQ(again->untold()->size(), 1);
  ASSERT_THAT(again->queue({}, {}, {runs[1].id}, clock_), IsOk());
  EXPECT_TRUE(history->untold()->empty());
}

TEST_F(Runs, StartsOneRunOfAWorkflowAtATime) {
  const auto history = open();
  const auto first = queue(*history);
  const auto second = queue(*history);
  ASSERT_TRUE(history->start(first.id, 1, clock_)->has_value());
  EXPECT_FALSE(history->start(second.id, 1, clock_)->has_value());
  EXPECT_THAT(begin(*history, "default", 1), IsError(ErrorKind::kBusy));
  EXPECT_THAT(begin(*history, "other", 1), IsOk());
  EXPECT_TRUE(history->start(second.id, 2, clock_)->has_value());
  EXPECT_THAT(history->start(second.id, 9, clock_), IsError(ErrorKind::kInterrupted));
}

TEST_F(Runs, CancelsWhatWaitsAtOnceAndMarksWhatRuns) {
  const auto history = open();
  const auto waiting = queue(*history);
  EXPECT_EQ(history->ask_cancel(waiting.id, clock_)->state, RunState::kCancelled);
  EXPECT_THAT(history->start(waiting.id, 1, clock_), IsError(ErrorKind::kInterrupted));
  const auto running = begin(*history)->id;
  EXPECT_FALSE(*history->cancel_asked(running));
  EXPECT_EQ(history->ask_cancel(running, clock_)->state, RunState::kRunning);
  EXPECT_TRUE(*history->cancel_asked(running));
  ASSERT_THAT(history->end(running, RunState::kCancelled, 0, "", clock_), IsOk());
  const auto ended = begin(*history)->id;
  ASSERT_THAT(history->end(ended, RunState::kSucceeded, 3, "", clock_), IsOk());
  EXPECT_THAT(history->ask_cancel(ended, clock_), IsError(ErrorKind::kUsage));
}

TEST_F(Runs, ForgetsOldRunsButNoneThatIsResumed) {
  const auto history = open();
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) {
    const auto run = history->begin({.workflow = "w", .resumes = i == 4 ? ids[0] : ""}, 0, clock_);
    ids.push_back(run->id);
    ASSERT_THAT(history->end(run->id, RunState::kFailed, 0, "", clock_), IsOk());
  }
  EXPECT_TRUE(history->forget({"w", 2, ""})->empty());  // none was told to triggers yet
  ASSERT_THAT(history->queue({}, {}, ids, clock_), IsOk());
  EXPECT_THAT(*history->forget({"w", 2, ""}), testing::UnorderedElementsAre(ids[1], ids[2]));
  EXPECT_THAT(*history->forget({"w", 9, "2027"}), testing::UnorderedElementsAre(ids[3], ids[4]));
}

TEST_F(Runs, KeepsTheRunsWhoseVersionsAreKept) {
  const auto history = open();
  std::vector<std::string> ids;
  for (int version = 0; version < 4; ++version) {
    ids.push_back(begin(*history, version < 3 ? "w" : "other")->id);
    ASSERT_THAT(history->end(ids.back(), RunState::kSucceeded, version, "", clock_), IsOk());
  }
  EXPECT_THAT(*history->workflows(), testing::ElementsAre("other", "w"));
  EXPECT_THAT(*history->forget({"w", 9, "2027", 2}), testing::UnorderedElementsAre(ids[0], ids[1]));
  EXPECT_TRUE(history->forget({"other", 9, "2027", 2})->empty());
}

TEST_F(Runs, LogsAndReceiptsGoWithTheirRuns) {
  const auto history = open();
  const RunFolders folders{folder_ / "logs", folder_ / "receipts"};
  for (const auto& folder : {folders.logs, folders.receipts}) fs::create_directories(folder);
  const auto leave_run = [&](const std::string& workflow) {
    const std::string id = begin(*history, workflow)->id;
    std::ofstream(folders.logs / (id + ".jsonl")) << "{}";
    std::ofstream(folders.receipts / (id + ".json")) << "{}";
    EXPECT_THAT(history->end(id, RunState::kFailed, 0, "", clock_), IsOk());
    return id;
  };
  const auto old = leave_run("daily");
  const auto gone = leave_run("a workflow that is gone");
  clock_.time_ += std::chrono::days(8);
  const auto young = leave_run("daily");
  const auto files = [&](const std::string& id) {
    return fs::exists(folders.logs / (id + ".jsonl")) + fs::exists(folders.receipts / (id + ".json"));
  };
  Workflow daily;
  daily.name = "daily";
  daily.keep_days = 7;
  ASSERT_THAT(keep_house(*history, {daily}, folders, 5, clock_), IsOk());
  EXPECT_THAT((std::vector{files(old), files(gone), files(young)}), testing::ElementsAre(0, 2, 2));
  clock_.time_ += std::chrono::days(83);
  ASSERT_THAT(keep_house(*history, {daily}, folders, 5, clock_), IsOk());
  EXPECT_THAT((std::vector{files(old), files(gone), files(young)}), testing::ElementsAre(0, 0, 0));
  EXPECT_TRUE(history->list(0)->empty());
}

TEST_F(Runs, ReadsAFileOfTheFirstVersion) {
  const fs::path file = folder_ / "runs.sqlite";
  {
    const auto before = Sqlite::open(file, "a history", "").value();
    ASSERT_THAT(before->migrate({kRunMigrations.front()}), IsOk());
    ASSERT_THAT(before->execute("insert into run (id, workflow, state, started, ended, process, "
                                "process_start, boot, version) values "
                                "('20260101-000000-0001', 'default', 'succeeded', '2026-01-01T00:00:00Z', "
                                "'2026-01-01T00:01:00Z', "
                                "1, 1, 'b', 7); "
                                "insert into step values (1, 0, 'crawl', 'succeeded', 0.5, 12, '')"),
                IsOk());
  }
  const auto history = open();
  const auto run = history->find("20260101").value();
  EXPECT_EQ(run.version, 7);
  EXPECT_EQ(run.queued, "2026-01-01T00:00:00Z");
  EXPECT_EQ(run.cause.kind, CauseKind::kCommand);
  ASSERT_EQ(run.steps.size(), 1);
  EXPECT_EQ(run.steps[0].rows, 12);
  EXPECT_EQ(run.steps[0].attempts, 1);
  EXPECT_TRUE(history->untold()->empty());  // what ended before triggers existed starts nothing
  EXPECT_TRUE(history->marks()->empty());
  EXPECT_THAT(begin(*history), IsOk());
}

TEST_F(Runs, CountsChanges) {
  const auto history = open();
  const auto before = *history->change_count();
  const auto id = begin(*history)->id;
  EXPECT_GT(*open()->change_count(), before);
  ASSERT_THAT(open()->put_step(id, {.name = "crawl", .state = RunState::kRunning}), IsOk());
  EXPECT_EQ(*history->change_count(), before + 2);
}

TEST_F(Runs, SaysWhatToDoWithADamagedFile) {
  std::ofstream(folder_ / "runs.sqlite") << std::string(10'000, 'x');
  const auto history = open_run_history(folder_ / "runs.sqlite");
  EXPECT_THAT(history, IsError(ErrorKind::kDamaged, HasHint("Move the file away")));
}

}  // namespace
}  // namespace reelhouse::workflow
