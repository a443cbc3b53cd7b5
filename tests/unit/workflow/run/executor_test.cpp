#include "workflow/run/executor.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <set>
#include <thread>

#include "matchers.hpp"
#include "workflow/history/fake_history.hpp"
#include "workflow/run/fake_runner.hpp"

namespace reelhouse::workflow {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Are = Condition::Are;
using Of = Condition::Of;

class Executor : public testing::Test {
 protected:
  Result<workflow::Run> execute_it(const workflow::Run* before = nullptr) {
    run_.id = "20261122-061200-1a2b";
    workflow_.name = "refresh";
    const auto base = std::chrono::steady_clock::now();
    return execute(
        run_, before,
        {.workflow = workflow_,
         .history = history_,
         .log = log_,
         .runner = runner_,
         .clock = clock_,
         .cancelled = [this] { return cancelled_.load(); },
         .steady = [this, base] { return base + pace_ * (std::chrono::steady_clock::now() - base); },
         .poll = milliseconds(2)});
  }
  std::string message() const { return history_.ends().empty() ? "" : history_.ends().front().message; }

  Workflow workflow_;
  workflow::Run run_;
  FakeHistory history_;
  FakeLog log_;
  FakeRunner runner_;
  SystemClock clock_;
  std::atomic<bool> cancelled_{false};
  int pace_ = 100;  ///< how much faster than the clock time goes for timeouts and waits
};

TEST_F(Executor, RunsStepsOneAfterTheOtherAndTellsThem) {
  workflow_.steps = {step("crawl"), step("build", {"crawl"}), step("publish", {"build"})};
  workflow_.steps[2].kind = StepKind::kPublish;
  runner_.on_start = [](const std::string& name, StepContext& context) {
    if (name == "build") context.part({.name = "build stg_user", .state = RunState::kSucceeded, .rows = 3});
  };
  const auto run = execute_it();
  ASSERT_THAT(run, IsOk());
  EXPECT_EQ(run->state, RunState::kSucceeded);
  EXPECT_EQ(run->version, 12);
  ASSERT_EQ(history_.ends().size(), 1U);
  EXPECT_EQ(history_.ends()[0].version, 12);
  EXPECT_EQ(message(), "");
  std::string told;
  for (const auto& each : history_.told())
    told += each.parent + ">" + each.name + " " + name_of(each.state) + ", ";
  EXPECT_EQ(told,
            ">crawl running, >crawl succeeded, >build running, build>build stg_user succeeded, "
            ">build succeeded, >publish running, >publish succeeded, ");
  const Step publish = history_.step("publish");
  EXPECT_EQ(publish.rows, 7U);
  EXPECT_EQ(publish.attempts, 1);
  EXPECT_TRUE(parse_iso(publish.started) && parse_iso(publish.ended));
}

TEST_F(Executor, AFailureSkipsWhatFollowsAndIsNamed) {
  workflow_.steps = {step("crawl"), step("build", {"crawl"}), step("publish", {"build"}),
                     step("tell", {"build"}, Are::kFailed), step("tidy", {"publish"})};
  workflow_.steps[4].always = true;
  runner_.acts["build"] = {Act::kFail};
  EXPECT_EQ(execute_it()->state, RunState::kFailed);
  EXPECT_EQ(history_.state("publish"), "skipped");
  EXPECT_EQ(history_.state("tell"), "succeeded");
  EXPECT_EQ(history_.state("tidy"), "succeeded");
  EXPECT_EQ(message(), "step build: the server is away");
  EXPECT_THAT(log_.text(), HasSubstr("Try again."));
}

TEST_F(Executor, AFailedCheckIsOneAndIsNotTriedAgain) {
  workflow_.steps = {step("check"), step("publish", {"check"}), step("mend", {"check"}, Are::kCheckFailed)};
  workflow_.steps[0].retries.times = 3;
  runner_.acts["check"] = {Act::kFailCheck};
  EXPECT_EQ(execute_it()->state, RunState::kCheckFailed);
  EXPECT_EQ(history_.step("check").attempts, 1);
  EXPECT_EQ(history_.state("mend"), "succeeded");
  EXPECT_EQ(message(), "step check: two checks failed");
}

TEST_F(Executor, TriesAgainAfterLongerAndLongerWaits) {
  workflow_.steps = {step("fetch")};
  workflow_.steps[0].retries = {.times = 5, .wait = Seconds(1), .factor = 3, .longest = Seconds(4)};
  runner_.acts["fetch"] = {Act::kFail, Act::kThrow, Act::kFail, Act::kFail};
  EXPECT_EQ(execute_it()->state, RunState::kSucceeded);
  EXPECT_EQ(history_.step("fetch").attempts, 5);
  std::vector<std::string> waits;
  for (const auto& each : history_.told())
    if (const size_t at = each.message.find("begins in "); at != std::string::npos)
      waits.push_back(each.message.substr(at + 10, each.message.find(':', at) - at - 10));
  EXPECT_THAT(waits, ElementsAre("1s", "3s", "4s", "4s"));
  EXPECT_GE(history_.step("fetch").seconds, 12);
  EXPECT_THAT(log_.text(), HasSubstr("a bug"));
}

TEST_F(Executor, ATimeoutEndsAnAttemptAndIsTriedAgain) {
  workflow_.steps = {step("once"), step("never")};
  for (auto& each : workflow_.steps) {
    each.timeout = Seconds(60);
    each.retries.times = 1;
  }
  pace_ = 2000;
  runner_.acts["once"] = {Act::kHang};
  runner_.acts["never"] = {Act::kHang, Act::kHang};
  EXPECT_EQ(execute_it()->state, RunState::kFailed);
  EXPECT_EQ(history_.state("once"), "succeeded");
  EXPECT_EQ(history_.step("never").attempts, 2);
  EXPECT_EQ(message(), "step never: stopped by its timeout of 1m");
  EXPECT_GE(runner_.stops, 3);
}

TEST_F(Executor, TheRunsTimeoutFailsItAndAlwaysStepsStillRun) {
  workflow_.steps = {step("hang"), step("late", {"hang"}), step("tidy", {"late"})};
  workflow_.steps[2].always = true;
  workflow_.timeout = Seconds(2);
  runner_.acts["hang"] = {Act::kHang};
  EXPECT_EQ(execute_it()->state, RunState::kFailed);
  EXPECT_EQ(history_.state("hang"), "failed");
  EXPECT_EQ(history_.step("hang").message, "stopped by the run's timeout of 2s");
  EXPECT_EQ(history_.state("late"), "skipped");
  EXPECT_EQ(history_.state("tidy"), "succeeded");
  EXPECT_EQ(message(), "the run's timeout of 2s has passed while hang ran");
}

TEST_F(Executor, TheRunsTimeoutIsNoSuccessThoughTheStepSucceeds) {
  workflow_.steps = {step("slow")};
  workflow_.timeout = Seconds(1);
  runner_.acts["slow"] = {Act::kSucceedWhenStopped};
  EXPECT_EQ(execute_it()->state, RunState::kFailed);
  EXPECT_EQ(history_.state("slow"), "succeeded");
}

TEST_F(Executor, ACancelStopsWhatRunsAndSparesWhatRunsAlways) {
  workflow_.steps = {step("hang"),  step("quick"), step("late", {"quick"}),
                     step("waits"), step("guard"), step("tidy", {"hang"})};
  workflow_.steps[3].retries = {
      .times = 5, .wait = Seconds(100'000), .factor = 1, .longest = Seconds(100'000)};
  workflow_.steps[4].always = workflow_.steps[5].always = true;
  workflow_.steps_at_once = 8;
  runner_.acts["hang"] = {Act::kHang};
  runner_.acts["waits"] = {Act::kFail};
  runner_.on_start = [this](const std::string& name, StepContext& context) {
    if (name == "late") {
      while (!context.stopping()) {
        cancelled_ = history_.step("waits").message != "";
        std::this_thread::sleep_for(milliseconds(1));
      }
    }
    if (name != "guard") return;
    while (history_.state("tidy") != "succeeded") std::this_thread::sleep_for(milliseconds(1));
    EXPECT_FALSE(context.stopping());
  };
  EXPECT_EQ(execute_it()->state, RunState::kCancelled);
  EXPECT_EQ(history_.state("hang"), "cancelled");
  EXPECT_EQ(history_.state("quick"), "succeeded");
  EXPECT_EQ(history_.state("late"), "succeeded");  // told to stop, but it ended well
  EXPECT_EQ(history_.state("waits"), "cancelled");
  EXPECT_EQ(history_.state("guard"), "succeeded");
  EXPECT_EQ(history_.state("tidy"), "succeeded");
  EXPECT_THAT(message(), HasSubstr("cancelled while hang"));
}

TEST_F(Executor, AnInterruptThatReachesTheStepFirstIsACancel) {
  workflow_.steps = {step("build")};
  workflow_.steps[0].retries.times = 3;
  runner_.on_start = [this](const std::string&, StepContext&) { cancelled_ = true; };
  runner_.acts["build"] = {Act::kHang};
  EXPECT_EQ(execute_it()->state, RunState::kCancelled);
  EXPECT_EQ(history_.step("build").attempts, 1);
}

TEST_F(Executor, CancelledBeforeItBegins) {
  workflow_.steps = {step("build"), step("tidy", {"build"})};
  workflow_.steps[1].always = true;
  cancelled_ = true;
  EXPECT_EQ(execute_it()->state, RunState::kCancelled);
  EXPECT_EQ(history_.state("build"), "skipped");
  EXPECT_EQ(history_.state("tidy"), "succeeded");
}

TEST_F(Executor, KeepsToItsLimits) {
  for (int i = 0; i < 12; ++i) workflow_.steps.push_back(step("s" + std::to_string(i)));
  workflow_.steps_at_once = 3;
  runner_.work = milliseconds(20);
  runner_.alone = {"s0", "s1", "s5", "s6"};
  EXPECT_EQ(execute_it()->state, RunState::kSucceeded);
  EXPECT_EQ(runner_.most, 3);
  EXPECT_FALSE(runner_.two_alone);
}

TEST_F(Executor, HandsPropertiesOn) {
  run_.properties = {{"day", "2026-11-22"}, {"a", "first"}};
  workflow_.steps = {step("one"), step("two", {"one"}), step("three", {"two"})};
  runner_.writes = {{"one", {{"a", "1"}, {"b", "1"}}}, {"two", {{"b", "2"}}}};
  Properties seen;
  runner_.on_start = [&](const std::string& name, StepContext& context) {
    if (name == "three") seen = context.properties();
  };
  EXPECT_EQ(execute_it()->state, RunState::kSucceeded);
  EXPECT_EQ(seen, (Properties{{"day", "2026-11-22"}, {"a", "1"}, {"b", "2"}}));
  EXPECT_EQ(history_.step("one").written, (Properties{{"a", "1"}, {"b", "1"}}));
}

TEST_F(Executor, AResumedRunKeepsWhatSucceeded) {
  run_.properties = {{"a", "0"}};
  workflow_.steps = {step("one"), step("two"), step("three", {"two", "one"})};
  workflow::Run before;
  before.id = "20261121-061200-ffff";
  before.steps = {{.name = "one",
                   .state = RunState::kSucceeded,
                   .rows = 5,
                   .ended = "2026-11-21T06:13:00.000Z",
                   .kept_from = "20261120-061200-eeee",
                   .written = {{"a", "late"}}},
                  {.name = "two",
                   .state = RunState::kSucceeded,
                   .rows = 6,
                   .ended = "2026-11-21T06:12:30.000Z",
                   .written = {{"a", "early"}, {"b", "2"}}},
                  {.name = "three", .state = RunState::kFailed, .written = {}}};
  Properties seen;
  std::vector<std::string> started;
  runner_.on_start = [&](const std::string& name, StepContext& context) {
    started.push_back(name);
    seen = context.properties();
  };
  EXPECT_EQ(execute_it(&before)->state, RunState::kSucceeded);
  EXPECT_THAT(started, ElementsAre("three"));
  EXPECT_EQ(seen, (Properties{{"a", "late"}, {"b", "2"}}));
  EXPECT_EQ(history_.step("one").kept_from, "20261120-061200-eeee");
  EXPECT_EQ(history_.step("two").kept_from, before.id);
  EXPECT_EQ(history_.step("two").rows, 6U);
}

TEST_F(Executor, EndsHonestlyWhenTheHistoryCannotBeWritten) {
  workflow_.steps = {step("one"), step("hang"), step("two", {"one"}), step("tidy", {"two"})};
  workflow_.steps[3].always = true;
  runner_.acts["hang"] = {Act::kHang};
  runner_.on_start = [this](const std::string& name, StepContext& context) {
    if (name == "one") {
      while (history_.state("hang").empty()) std::this_thread::sleep_for(milliseconds(1));
      history_.broken = true;
      context.part({.name = "part"});
    }
    if (name == "tidy") history_.broken = false;
  };
  EXPECT_EQ(execute_it()->state, RunState::kFailed);
  EXPECT_EQ(history_.state("one"), "succeeded");  // told once it could be
  EXPECT_EQ(history_.state("hang"), "failed");
  EXPECT_EQ(history_.state("two"), "skipped");
  EXPECT_EQ(history_.state("tidy"), "succeeded");
  EXPECT_THAT(message(), HasSubstr("history of runs could not be written"));
}

TEST_F(Executor, SaysSoWhenTheHistoryStaysBroken) {
  workflow_.steps = {step("one"), step("two", {"one"})};
  history_.broken = true;
  const auto run = execute_it();
  EXPECT_THAT(run, IsError(ErrorKind::kFull));
  EXPECT_THAT(log_.text(), HasSubstr("could not be closed"));
}

}  // namespace
}  // namespace reelhouse::workflow
