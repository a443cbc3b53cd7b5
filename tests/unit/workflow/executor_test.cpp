#include "workflow/executor.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <random>
#include <set>
#include <thread>

#include "workflow/fake_history.hpp"

namespace reelhouse::workflow {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Are = Condition::Are;
using Of = Condition::Of;

/// What a step does at one of its attempts.
enum class Act { kSucceed, kFail, kFailCheck, kThrow, kHang, kSucceedWhenStopped };

/// Steps that do what the test says; watches what runs beside what.
class FakeRunner final : public StepRunner {
 public:
  std::map<std::string, std::vector<Act>> acts;  ///< by attempt; beyond the last, and by default: succeed
  std::map<std::string, Properties> writes;
  std::set<std::string> alone;
  milliseconds work{0};
  std::function<void(const std::string&, StepContext&)> on_start = [](const std::string&, StepContext&) {};
  std::atomic<int> running = 0;
  std::atomic<int> most = 0;
  std::atomic<int> running_alone = 0;
  std::atomic<bool> two_alone = false;
  std::atomic<int> stops = 0;

  Act act(const std::string& step, int attempt) const {
    const auto found = acts.find(step);
    if (found == acts.end() || static_cast<size_t>(attempt) > found->second.size()) return Act::kSucceed;
    return found->second[static_cast<size_t>(attempt) - 1];
  }
  Result<StepResult> run(const StepDefinition& step, StepContext& context) override {
    const int now = ++running;
    for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
    }
    const bool is_alone = alone.contains(step.name);
    if (is_alone && ++running_alone > 1) two_alone = true;
    on_start(step.name, context);
    auto result = do_it(step, context);
    if (is_alone) --running_alone;
    --running;
    return result;
  }
  void stop(const StepDefinition&) override { ++stops; }
  bool may_run_beside(const StepDefinition& step) const override { return !alone.contains(step.name); }

 private:
  Result<StepResult> do_it(const StepDefinition& step, StepContext& context) {
    if (work.count() > 0) std::this_thread::sleep_for(work);
    const Act what = act(step.name, context.attempt());
    const bool hangs = what == Act::kHang || what == Act::kSucceedWhenStopped;
    while (hangs && !context.stopping()) std::this_thread::sleep_for(milliseconds(1));
    switch (what) {
      case Act::kFail:
        return fail(ErrorKind::kUnavailable, "the server\nis away", "Try again.");
      case Act::kFailCheck:
        return fail(ErrorKind::kCheckFailed, "two checks failed");
      case Act::kThrow: {
        --running;
        if (alone.contains(step.name)) --running_alone;
        throw std::runtime_error("a bug");
      }
      case Act::kHang:
        return fail(ErrorKind::kInterrupted, "stopped");
      case Act::kSucceed:
      case Act::kSucceedWhenStopped:
        break;
    }
    StepResult result;
    result.rows = 7;
    const auto written = writes.find(step.name);
    if (written != writes.end()) result.written = written->second;
    if (step.kind == StepKind::kPublish) result.version = 12;
    return result;
  }
};

StepDefinition step(const std::string& name, std::vector<std::string> after = {}, Are are = Are::kSucceeded,
                    Of of = Of::kAll) {
  StepDefinition definition;
  definition.name = name;
  definition.after = {of, are, std::move(after)};
  definition.retries.wait = Seconds(0);
  return definition;
}

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
    if (name == "build") context.part({.name = "build stg_user", .state = "succeeded", .rows = 3});
  };
  const auto run = execute_it();
  ASSERT_TRUE(run);
  EXPECT_EQ(run->state, RunState::kSucceeded);
  EXPECT_EQ(run->version, 12);
  ASSERT_EQ(history_.ends().size(), 1U);
  EXPECT_EQ(history_.ends()[0].version, 12);
  EXPECT_EQ(message(), "");
  std::string told;
  for (const auto& each : history_.told()) told += each.parent + ">" + each.name + " " + each.state + ", ";
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
                   .state = "succeeded",
                   .rows = 5,
                   .ended = "2026-11-21T06:13:00.000Z",
                   .kept_from = "20261120-061200-eeee",
                   .written = {{"a", "late"}}},
                  {.name = "two",
                   .state = "succeeded",
                   .rows = 6,
                   .ended = "2026-11-21T06:12:30.000Z",
                   .written = {{"a", "early"}, {"b", "2"}}},
                  {.name = "three", .state = "failed", .written = {}}};
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
  ASSERT_FALSE(run);
  EXPECT_EQ(run.error().kind, ErrorKind::kFull);
  EXPECT_THAT(log_.text(), HasSubstr("could not be closed"));
}

/// A workflow, what its steps do, and what happens to the run, made of a seed.
class Chance {
 public:
  explicit Chance(unsigned seed) : random_(seed) {}
  int below(int most) { return static_cast<int>(random_() % static_cast<unsigned>(most)); }
  bool one_in(int count) { return below(count) == 0; }

 private:
  std::mt19937 random_;
};

bool is_as(const std::string& state, Are are) {
  switch (are) {
    case Are::kSucceeded:
      return state == "succeeded";
    case Are::kFailed:
      return state == "failed" || state == "check_failed";
    case Are::kCheckFailed:
      return state == "check_failed";
    case Are::kEnded:
      return !state.empty() && state != "running";
  }
  return false;
}

/// True when the condition of a step holds, told from what the history knew of the others.
bool holds(const StepDefinition& definition, const std::map<std::string, std::string>& known) {
  const auto& after = definition.after;
  const auto matches = std::ranges::count_if(after.steps, [&](const std::string& name) {
    const auto found = known.find(name);
    return is_as(found == known.end() ? "" : found->second, definition.always ? Are::kEnded : after.are);
  });
  if (after.of == Of::kAny && !definition.always && !after.steps.empty()) return matches > 0;
  return static_cast<size_t>(matches) == after.steps.size();
}

struct RandomRun {
  Workflow workflow;
  FakeHistory history;
  FakeLog log;
  FakeRunner runner;
  SystemClock clock;
  std::atomic<bool> cancelled{false};
  std::atomic<bool> in_time{true};  ///< no cancel
  bool may_hang = false;

  explicit RandomRun(unsigned seed) {
    Chance chance(seed);
    const bool cancels = chance.one_in(4);
    if (chance.one_in(5)) workflow.timeout = Seconds(1 + chance.below(3));
    may_hang = cancels || workflow.timeout.count() > 0;
    workflow.steps_at_once = 1 + chance.below(4);
    const int count = 1 + chance.below(8);
    for (int i = 0; i < count; ++i) add_step(chance, i);
    if (!cancels) return;
    const int when = chance.below(6);
    runner.on_start = [this, when, started = std::make_shared<std::atomic<int>>(0)](const std::string&,
                                                                                    StepContext&) {
      if ((*started)++ == when) cancelled = true;
    };
    // Whatever happens a cancel comes, so that nothing hangs.
    cancel_after = milliseconds(40);
  }
  milliseconds cancel_after{0};

  void add_step(Chance& chance, int i) {
    StepDefinition one = step("s" + std::to_string(i));
    for (int other = 0; other < i; ++other)
      if (chance.one_in(3)) one.after.steps.push_back("s" + std::to_string(other));
    if (chance.one_in(2)) one.after.are = static_cast<Are>(chance.below(4));
    if (chance.one_in(3)) one.after.of = Of::kAny;
    one.always = chance.one_in(5);
    one.retries.times = chance.below(3);
    one.retries.wait = Seconds(chance.below(2));
    if (chance.one_in(3)) one.timeout = Seconds(1);
    if (chance.one_in(3)) runner.alone.insert(one.name);
    const bool hangs_end = one.timeout.count() > 0 || (may_hang && !one.always);
    for (int attempt = chance.below(4); attempt > 0; --attempt) {
      const auto act = static_cast<Act>(chance.below(6));
      const bool hangs = act == Act::kHang || act == Act::kSucceedWhenStopped;
      runner.acts[one.name].push_back(hangs && !hangs_end ? Act::kFail : act);
    }
    workflow.steps.push_back(one);
  }

  Result<Run> run() {
    const auto base = std::chrono::steady_clock::now();
    Run begun;
    begun.id = "20261122-061200-1a2b";
    return execute(begun, nullptr,
                   {.workflow = workflow,
                    .history = history,
                    .log = log,
                    .runner = runner,
                    .clock = clock,
                    .cancelled =
                        [this, base] {
                          const bool late = cancel_after.count() > 0 &&
                                            std::chrono::steady_clock::now() - base > cancel_after;
                          return cancelled || late;
                        },
                    .steady = [base] { return base + 200 * (std::chrono::steady_clock::now() - base); },
                    .poll = milliseconds(1)});
  }

  /// Checks the tale of each step: each start was allowed, each end stands.
  void check_tale() const {
    std::map<std::string, std::string> known;
    for (const auto& told : history.told()) {
      const StepDefinition& definition = *workflow.step(told.name);
      std::string& state = known[told.name];
      ASSERT_TRUE(state.empty() || state == "running") << told.name << " ended twice";
      if (told.state == "running") {
        EXPECT_LE(told.attempts, 1 + definition.retries.times);
        EXPECT_TRUE(!state.empty() || holds(definition, known)) << told.name << " began too early";
      } else if (told.state != "skipped") {
        EXPECT_EQ(state, "running") << told.name;
      }
      state = told.state;
    }
    for (const auto& each : workflow.steps) {
      const std::string state = known[each.name];
      EXPECT_TRUE(is_as(state, Are::kEnded)) << each.name << " is left " << state;
      EXPECT_FALSE(each.always && each.after.steps.empty() && state == "skipped") << each.name;
      EXPECT_FALSE(state == "skipped" && !was_stopped() && holds(each, known)) << each.name;
      if (!was_stopped()) check_attempts(each, state, history.step(each.name).attempts);
    }
  }
  bool was_stopped() const {
    return log.text().find("only steps that run always still run") != std::string::npos;
  }
  /// Checks the end of a step in a run that nobody stopped against what it was to do.
  void check_attempts(const StepDefinition& each, const std::string& state, int attempts) const {
    if (state == "skipped") return;
    std::string expected;
    int attempt = 0;
    do {
      ++attempt;
      const Act act = runner.act(each.name, attempt);
      expected = act == Act::kFailCheck                                    ? "check_failed"
                 : act == Act::kSucceed || act == Act::kSucceedWhenStopped ? "succeeded"
                                                                           : "failed";
    } while (expected == "failed" && attempt <= each.retries.times);
    EXPECT_EQ(attempts, attempt) << each.name;
    EXPECT_EQ(state, expected) << each.name;
  }
  void check_end(const Result<Run>& ended) const {
    ASSERT_TRUE(ended);
    ASSERT_EQ(history.ends().size(), 1U);
    const FakeHistory::End end = history.ends()[0];
    bool failed = false;
    bool check_failed = false;
    for (const auto& each : workflow.steps) {
      failed |= history.state(each.name) == "failed";
      check_failed |= history.state(each.name) == "check_failed";
    }
    RunState expected = failed         ? RunState::kFailed
                        : check_failed ? RunState::kCheckFailed
                                       : RunState::kSucceeded;
    if (was_stopped())
      expected = end.message.find("timeout") != std::string::npos ? RunState::kFailed : RunState::kCancelled;
    EXPECT_EQ(end.state, expected) << end.message;
    EXPECT_EQ(ended->state, expected);
    EXPECT_EQ(end.message.empty(), expected == RunState::kSucceeded);
    if (!was_stopped() && expected != RunState::kSucceeded) {
      const size_t colon = end.message.find(':');
      EXPECT_EQ(history.state(end.message.substr(5, colon - 5)), name_of(expected)) << end.message;
    }
  }
};

TEST(ExecutorAtRandom, EveryRunEndsInATrueState) {
  std::map<RunState, int> ends;
  for (unsigned seed = 0; seed < 1000; ++seed) {
    SCOPED_TRACE(seed);
    RandomRun random(seed);
    const auto ended = random.run();
    random.check_tale();
    random.check_end(ended);
    EXPECT_EQ(random.runner.running, 0);
    EXPECT_LE(random.runner.most, random.workflow.steps_at_once);
    EXPECT_FALSE(random.runner.two_alone);
    if (HasFailure()) {
      ADD_FAILURE() << random.log.text();
      return;
    }
    ++ends[ended->state];
  }
  for (const auto state :
       {RunState::kSucceeded, RunState::kFailed, RunState::kCheckFailed, RunState::kCancelled})
    EXPECT_GT(ends[state], 30) << name_of(state);
}

}  // namespace
}  // namespace reelhouse::workflow
