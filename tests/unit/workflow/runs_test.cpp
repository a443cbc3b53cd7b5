#include "workflow/runs.hpp"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <set>
#include <thread>

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

  fs::path folder_;
  FixedClock clock_;
};

TEST_F(Runs, KeepsARunWithItsSteps) {
  const auto history = open();
  const auto begun = history->begin("default", clock_).value();
  EXPECT_THAT(begun.id, testing::MatchesRegex("20261122-061200-[0-9a-f]{4}"));
  EXPECT_EQ(begun.process, ::getpid());
  ASSERT_TRUE(history->add_step(begun.id, {"crawl", "succeeded", 0.5, 12, ""}));
  ASSERT_TRUE(history->add_step(begun.id, {"build stg_user", "skipped", 0, 2500, "known"}));
  EXPECT_EQ(history->find(begun.id)->state, RunState::kRunning);
  clock_.time_ += 3s;
  ASSERT_TRUE(history->end(begun.id, RunState::kSucceeded, 14, "", clock_));

  const auto found = open()->find(begun.id).value();
  EXPECT_EQ(found.state, RunState::kSucceeded);
  EXPECT_EQ(found.workflow, "default");
  EXPECT_EQ(found.started, "2026-11-22T06:12:00.000Z");
  EXPECT_EQ(found.ended, "2026-11-22T06:12:03.000Z");
  EXPECT_EQ(found.version, 14);
  ASSERT_EQ(found.steps.size(), 2);
  EXPECT_EQ(found.steps[0].name, "crawl");
  EXPECT_DOUBLE_EQ(found.steps[0].seconds, 0.5);
  EXPECT_EQ(found.steps[1].state, "skipped");
  EXPECT_EQ(found.steps[1].rows, 2500);
  EXPECT_EQ(found.steps[1].message, "known");
}

TEST_F(Runs, ListsNewestFirst) {
  const auto history = open();
  EXPECT_TRUE(history->list(10)->empty());
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(history->begin("default", clock_)->id);
  const auto two = history->list(2).value();
  ASSERT_EQ(two.size(), 2);
  EXPECT_EQ(two[0].id, ids[4]);
  EXPECT_EQ(two[1].id, ids[3]);
  EXPECT_EQ(history->list(0)->size(), 5);
}

TEST_F(Runs, GivesEveryRunOfOneSecondItsOwnId) {
  const auto history = open();
  std::set<std::string> ids;
  for (int i = 0; i < 600; ++i) ids.insert(history->begin("default", clock_)->id);
  EXPECT_EQ(ids.size(), 600);
}

TEST_F(Runs, AnEndIsFinal) {
  const auto history = open();
  const auto id = history->begin("default", clock_)->id;
  ASSERT_TRUE(history->end(id, RunState::kFailed, 0, "no space", clock_));
  EXPECT_EQ(history->end(id, RunState::kSucceeded, 1, "", clock_).error().kind, ErrorKind::kInternal);
  EXPECT_EQ(history->find(id)->state, RunState::kFailed);
  EXPECT_EQ(history->find(id)->message, "no space");
  EXPECT_FALSE(history->end(history->begin("default", clock_)->id, RunState::kRunning, 0, "", clock_));
}

TEST_F(Runs, FindsByUniquePrefixAndHelpsOtherwise) {
  const auto history = open();
  const auto first = history->begin("default", clock_)->id;
  EXPECT_EQ(history->find("2026")->id, first);
  clock_.time_ += 1min;
  const auto second = history->begin("default", clock_)->id;
  EXPECT_EQ(history->find("20261122-0613")->id, second);
  const auto many = history->find("2026");
  ASSERT_FALSE(many);
  EXPECT_EQ(many.error().kind, ErrorKind::kNotFound);
  EXPECT_THAT(many.error().hint, testing::AllOf(testing::HasSubstr(first), testing::HasSubstr(second)));
  auto misspelt = first;
  misspelt[3] = '7';
  const auto missing = history->find(misspelt);
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().hint, testing::HasSubstr("Did you mean 20261122-061"));
  EXPECT_EQ(history->find("").error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(history->find("%").error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(history->add_step("nothing", {}).error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(history->end("nothing", RunState::kFailed, 0, "", clock_).error().kind, ErrorKind::kNotFound);
}

TEST_F(Runs, ShowsAKilledRunAsDiedAndTheNextOneClosesIt) {
  const pid_t child = ::fork();
  if (child == 0) {
    (void)open()->begin("default", clock_);
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

  const auto next = history->begin("default", clock_)->id;
  EXPECT_EQ(history->find(id)->ended, "2026-11-22T06:12:00.000Z");
  EXPECT_EQ(history->find(next)->state, RunState::kRunning);
}

TEST_F(Runs, ProcessesAndThreadsWriteSideBySide) {
  constexpr int kWriters = 4;
  constexpr int kSteps = 50;
  const auto history = open();
  const auto id = history->begin("default", clock_)->id;
  std::vector<pid_t> children;
  for (int i = 0; i < kWriters; ++i) {
    children.push_back(::fork());
    if (children.back() == 0) {
      const auto own = open();
      bool good = true;
      for (int k = 0; k < kSteps; ++k) good = own->add_step(id, {"s", "succeeded", 0, 1, ""}) && good;
      ::_exit(good ? 0 : 1);
    }
  }
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kWriters; ++i)
      threads.emplace_back([&] {
        for (int k = 0; k < kSteps; ++k) EXPECT_TRUE(history->add_step(id, {"t", "succeeded", 0, 1, ""}));
      });
  }
  for (const pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(history->find(id)->steps.size(), 2 * kWriters * kSteps);
}

TEST_F(Runs, SaysWhatToDoWithADamagedFile) {
  std::ofstream(folder_ / "runs.sqlite") << std::string(10'000, 'x');
  const auto history = open_run_history(folder_ / "runs.sqlite");
  ASSERT_FALSE(history);
  EXPECT_EQ(history.error().kind, ErrorKind::kDamaged);
  EXPECT_THAT(history.error().hint, testing::HasSubstr("Move the file away"));
}

}  // namespace
}  // namespace reelhouse::workflow
