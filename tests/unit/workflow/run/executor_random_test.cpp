#include <gmock/gmock.h>

#include <algorithm>
#include <random>

#include "workflow/history/fake_history.hpp"
#include "workflow/run/fake_runner.hpp"

namespace reelhouse::workflow {
namespace {

using std::chrono::milliseconds;
using Are = Condition::Are;
using Of = Condition::Of;

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

struct RandomSteps {
  Workflow workflow;
  FakeHistory history;
  FakeLog log;
  FakeRunner runner;
  SystemClock clock;
  std::atomic<bool> cancelled{false};
  std::atomic<bool> in_time{true};  ///< no cancel
  bool may_hang = false;

  explicit RandomSteps(unsigned seed) {
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
      if (told.state == RunState::kRunning) {
        EXPECT_LE(told.attempts, 1 + definition.retries.times);
        EXPECT_TRUE(!state.empty() || holds(definition, known)) << told.name << " began too early";
      } else if (told.state != RunState::kSkipped) {
        EXPECT_EQ(state, "running") << told.name;
      }
      state = name_of(told.state);
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
    RandomSteps random(seed);
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
