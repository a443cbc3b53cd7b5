#include "workflow/run/decide.hpp"

#include <gmock/gmock.h>

#include <random>
#include <set>

namespace reelhouse::workflow {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Of = Condition::Of;
using Are = Condition::Are;
using enum RunState;
using States = std::map<std::string, RunState>;

StepDefinition step(const std::string& name, Condition after = {}, bool always = false) {
  StepDefinition made;
  made.name = name;
  made.after = std::move(after);
  made.always = always;
  return made;
}

/// a and b, then x that waits for both as said.
Workflow joined(Of of, Are are, bool always = false) {
  Workflow workflow;
  workflow.steps = {step("a"), step("b"), step("x", {of, are, {"a", "b"}}, always)};
  return workflow;
}

/// What becomes of x: "ready", "skipped" or "waits".
std::string fate(const Workflow& workflow, RunState a, RunState b, bool cancelled = false) {
  const auto decision = decide(workflow, {{"a", a}, {"b", b}, {"x", kQueued}}, cancelled);
  if (std::ranges::count(decision.ready, "x") > 0) return "ready";
  return std::ranges::count(decision.skipped, "x") > 0 ? "skipped" : "waits";
}

struct Case {
  Of of;
  Are are;
  RunState a;
  RunState b;
  std::string fate;
};

TEST(Decide, FollowsTheTableOfConditions) {
  const std::vector<Case> cases = {
      {Of::kAll, Are::kSucceeded, kSucceeded, kSucceeded, "ready"},
      {Of::kAll, Are::kSucceeded, kSucceeded, kRunning, "waits"},
      {Of::kAll, Are::kSucceeded, kRunning, kFailed, "skipped"},
      {Of::kAll, Are::kSucceeded, kSucceeded, kCheckFailed, "skipped"},
      {Of::kAll, Are::kSucceeded, kSucceeded, kSkipped, "skipped"},
      {Of::kAny, Are::kSucceeded, kRunning, kSucceeded, "ready"},
      {Of::kAny, Are::kSucceeded, kFailed, kRunning, "waits"},
      {Of::kAny, Are::kSucceeded, kFailed, kSkipped, "skipped"},
      {Of::kAll, Are::kFailed, kFailed, kCheckFailed, "ready"},
      {Of::kAll, Are::kFailed, kFailed, kRunning, "waits"},
      {Of::kAll, Are::kFailed, kSucceeded, kRunning, "skipped"},
      {Of::kAll, Are::kFailed, kFailed, kSkipped, "skipped"},
      {Of::kAny, Are::kFailed, kRunning, kFailed, "ready"},
      {Of::kAny, Are::kFailed, kSucceeded, kRunning, "waits"},
      {Of::kAny, Are::kFailed, kSucceeded, kSucceeded, "skipped"},
      {Of::kAny, Are::kFailed, kSkipped, kSucceeded, "skipped"},
      {Of::kAll, Are::kCheckFailed, kCheckFailed, kCheckFailed, "ready"},
      {Of::kAll, Are::kCheckFailed, kCheckFailed, kFailed, "skipped"},
      {Of::kAny, Are::kCheckFailed, kCheckFailed, kRunning, "ready"},
      {Of::kAny, Are::kCheckFailed, kFailed, kRunning, "waits"},
      {Of::kAny, Are::kCheckFailed, kFailed, kFailed, "skipped"},
      {Of::kAll, Are::kEnded, kFailed, kSkipped, "ready"},
      {Of::kAll, Are::kEnded, kFailed, kRunning, "waits"},
      {Of::kAny, Are::kEnded, kSkipped, kRunning, "ready"},
      {Of::kAny, Are::kEnded, kRunning, kRunning, "waits"},
  };
  for (size_t i = 0; i < cases.size(); ++i) {
    const auto& each = cases[i];
    EXPECT_EQ(fate(joined(each.of, each.are), each.a, each.b), each.fate) << "case " << i;
    EXPECT_EQ(fate(joined(each.of, each.are), each.a, each.b, true), "skipped") << "cancelled, case " << i;
  }
}

TEST(Decide, AlwaysWaitsForEveryEndAndNothingElse) {
  for (const Of of : {Of::kAll, Of::kAny})
    for (const Are are : {Are::kSucceeded, Are::kFailed, Are::kCheckFailed, Are::kEnded})
      for (const bool cancelled : {false, true}) {
        const Workflow workflow = joined(of, are, true);
        EXPECT_EQ(fate(workflow, kFailed, kSkipped, cancelled), "ready");
        EXPECT_EQ(fate(workflow, kSucceeded, kSucceeded, cancelled), "ready");
        EXPECT_EQ(fate(workflow, kCancelled, kRunning, cancelled), "waits");
      }
}

TEST(Decide, SkipsAWholeBranchAtOnceAndStartsWhatWaitsForItsEnd) {
  Workflow workflow;
  workflow.steps = {step("tidy", {Of::kAll, Are::kEnded, {"c"}}),
                    step("c", {Of::kAll, Are::kSucceeded, {"b"}}),
                    step("b", {Of::kAll, Are::kSucceeded, {"a"}}), step("a")};
  const auto decision = decide(workflow, {{"a", kFailed}}, false);
  EXPECT_THAT(decision.skipped, ElementsAre("c", "b"));
  EXPECT_THAT(decision.ready, ElementsAre("tidy"));
  EXPECT_FALSE(decision.done);
}

TEST(Decide, ListsReadyStepsInTheFilesOrder) {
  Workflow workflow;
  workflow.steps = {step("z"), step("a"), step("m")};
  EXPECT_THAT(decide(workflow, {}, false).ready, ElementsAre("z", "a", "m"));
  EXPECT_THAT(decide(workflow, {{"a", kRunning}, {"z", kSucceeded}}, false).ready, ElementsAre("m"));
}

TEST(Decide, AfterACancelOnlyStepsThatRunAlwaysStart) {
  Workflow workflow;
  workflow.steps = {step("a"), step("b", {Of::kAll, Are::kSucceeded, {"a"}}),
                    step("tell", {Of::kAll, Are::kFailed, {"a"}}),
                    step("tidy", {Of::kAll, Are::kEnded, {"b"}}, true)};
  auto decision = decide(workflow, {{"a", kRunning}}, true);
  EXPECT_THAT(decision.skipped, ElementsAre("b", "tell"));
  EXPECT_THAT(decision.ready, ElementsAre("tidy"));
  decision =
      decide(workflow, {{"a", kCancelled}, {"b", kSkipped}, {"tell", kSkipped}, {"tidy", kSucceeded}}, true);
  EXPECT_TRUE(decision.done);
  EXPECT_THAT(decision.ready, IsEmpty());
  EXPECT_THAT(decision.skipped, IsEmpty());
}

TEST(Decide, ARunOfStepsThatWaitForEachOtherEndsAllTheSame) {
  Workflow workflow;
  workflow.steps = {step("a", {Of::kAll, Are::kSucceeded, {"b"}}),
                    step("b", {Of::kAll, Are::kSucceeded, {"a"}}),
                    step("c", {Of::kAll, Are::kSucceeded, {"gone"}})};
  const auto decision = decide(workflow, {}, false);
  EXPECT_TRUE(decision.done);
  EXPECT_THAT(decision.skipped, ElementsAre("a", "b", "c"));
}

TEST(OutcomeOf, TheWorstStepTells) {
  EXPECT_EQ(outcome_of({{"a", kSucceeded}, {"b", kSkipped}}, false), kSucceeded);
  EXPECT_EQ(outcome_of({{"a", kCheckFailed}, {"b", kSucceeded}}, false), kCheckFailed);
  EXPECT_EQ(outcome_of({{"a", kCheckFailed}, {"b", kFailed}, {"tell", kSucceeded}}, false), kFailed);
  EXPECT_EQ(outcome_of({{"a", kDied}}, false), kFailed);
  EXPECT_EQ(outcome_of({{"a", kCancelled}, {"b", kSucceeded}}, false), kCancelled);
  EXPECT_EQ(outcome_of({{"a", kFailed}, {"b", kSkipped}}, true), kCancelled);
}

// ---- resume

/// a -> b -> c, tell when b failed, tidy always after c; d on its own.
Workflow branching() {
  Workflow workflow;
  workflow.steps = {step("a"),
                    step("b", {Of::kAll, Are::kSucceeded, {"a"}}),
                    step("c", {Of::kAll, Are::kSucceeded, {"b"}}),
                    step("tell", {Of::kAny, Are::kFailed, {"a", "b"}}),
                    step("tidy", {Of::kAll, Are::kEnded, {"c"}}, true),
                    step("d")};
  return workflow;
}

Run ended(const States& states) {
  Run run;
  for (const auto& [name, state] : states) run.steps.push_back({.name = name, .state = state});
  return run;
}

TEST(ResumedStates, RunsWhatFailedAndWhatFollows) {
  for (const RunState bad : {kFailed, kCheckFailed, kCancelled, kDied, kSkipped, kRunning, kQueued}) {
    const auto states = resumed_states(branching(), ended({{"a", kSucceeded},
                                                           {"b", bad},
                                                           {"c", kSkipped},
                                                           {"tell", kSucceeded},
                                                           {"tidy", kSucceeded},
                                                           {"d", kSucceeded}}));
    EXPECT_EQ(states, (States{{"a", kSucceeded},
                              {"b", kQueued},
                              {"c", kQueued},
                              {"tell", kQueued},
                              {"tidy", kQueued},
                              {"d", kSucceeded}}))
        << name_of(bad);
  }
}

TEST(ResumedStates, RunsASuccessAgainThatFollowedAFailure) {
  const auto states = resumed_states(
      branching(), ended({{"a", kFailed}, {"b", kSkipped}, {"c", kSucceeded}, {"d", kFailed}}));
  for (const auto& [name, state] : states) EXPECT_EQ(state, kQueued) << name;
}

TEST(ResumedStates, StepsThatAreNewOrWereNeverToldRun) {
  const auto states = resumed_states(branching(), ended({{"a", kSucceeded}, {"old", kSucceeded}}));
  EXPECT_EQ(states.at("a"), kSucceeded);
  EXPECT_EQ(states.at("d"), kQueued);
  EXPECT_FALSE(states.contains("old"));
}

TEST(ResumedStates, PartsOfStepsAreNoSteps) {
  workflow::Run before = ended({{"b", kSucceeded}});
  before.steps.push_back({.name = "a", .state = RunState::kSucceeded, .parent = "build"});
  EXPECT_EQ(resumed_states(branching(), before).at("a"), kQueued);
}

TEST(ResumedStates, AHandlerThatIsNotNeededAnyMoreIsSkipped) {
  auto states = resumed_states(branching(), ended({{"a", kSucceeded}, {"b", kFailed}, {"tell", kSucceeded}}));
  states["b"] = kSucceeded;
  EXPECT_THAT(decide(branching(), states, false).skipped, ElementsAre("tell"));
}

// ---- random graphs

/// Says again, from the words of the condition, whether a step may start now.
bool condition_holds(const StepDefinition& step, const States& states) {
  const auto fits = [&](const std::string& name) {
    const RunState state = states.at(name);
    if (step.always || step.after.are == Are::kEnded) return state != kQueued && state != kRunning;
    if (step.after.are == Are::kSucceeded) return state == kSucceeded;
    if (step.after.are == Are::kCheckFailed) return state == kCheckFailed;
    return state == kFailed || state == kCheckFailed;
  };
  const auto& names = step.after.steps;
  if (names.empty()) return true;
  if (step.after.of == Of::kAll || step.always) return std::ranges::all_of(names, fits);
  return std::ranges::any_of(names, fits);
}

class RandomRun {
 public:
  explicit RandomRun(unsigned seed) : random_(seed) {
    const int count = below(12) + 1;
    for (int i = 0; i < count; ++i) {
      Condition after{below(2) == 0 ? Of::kAll : Of::kAny, static_cast<Are>(below(4)), {}};
      for (int j = 0; j < i; ++j)
        if (below(4) == 0) after.steps.push_back(fmt::format("s{}", j));
      workflow_.steps.push_back(step(fmt::format("s{}", i), after, below(6) == 0));
    }
    std::ranges::shuffle(workflow_.steps, random_);
  }

  /// Runs steps as decided, each with a random end, and cancels at a random moment or never.
  void run(States states) {
    states_ = std::move(states);
    const int cancel_at = below(3) == 0 ? below(20) : 1000;
    for (int round = 0; round < 200; ++round) {
      cancelled_ = round >= cancel_at;
      const auto decision = decide(workflow_, states_, cancelled_);
      take(decision);
      if (decision.done) return finish();
      end_one();
    }
    FAIL() << "it does not end";
  }

  const Workflow& workflow() const { return workflow_; }
  const States& states() const { return states_; }
  const std::set<std::string>& started() const { return started_; }
  bool cancelled() const { return cancelled_; }

 private:
  int below(int limit) { return static_cast<int>(random_() % static_cast<unsigned>(limit)); }

  void take(const Decision& decision) {
    for (const auto& name : decision.skipped) {
      EXPECT_TRUE(decided_.insert(name).second) << name << " is decided twice";
      EXPECT_EQ(states_.at(name), kQueued);
      EXPECT_FALSE(workflow_.step(name)->always) << name << " runs always";
      states_[name] = kSkipped;
    }
    for (const auto& name : decision.ready) {
      EXPECT_EQ(states_.at(name), kQueued);
      EXPECT_TRUE(condition_holds(*workflow_.step(name), states_)) << name << " starts before its condition";
      EXPECT_TRUE(!cancelled_ || workflow_.step(name)->always) << name << " starts after a cancel";
    }
    EXPECT_FALSE(decision.done && !decision.ready.empty());
    // Only some start at once: a run limits how many do.
    for (const auto& name : decision.ready) {
      if (below(3) == 0 && (name != decision.ready.front() || running() > 0)) continue;
      EXPECT_TRUE(decided_.insert(name).second) << name << " is decided twice";
      started_.insert(name);
      states_[name] = kRunning;
    }
  }

  size_t running() const {
    return static_cast<size_t>(
        std::ranges::count_if(states_, [](const auto& each) { return each.second == kRunning; }));
  }

  void end_one() {
    for (auto& [name, state] : states_) {
      if (state != kRunning) continue;
      const std::vector<RunState> ends = {kSucceeded, kSucceeded, kFailed, kCheckFailed};
      state = cancelled_ && below(2) == 0 ? kCancelled : ends[static_cast<size_t>(below(4))];
      return;
    }
  }

  void finish() {
    for (const auto& [name, state] : states_) EXPECT_TRUE(has_ended(state)) << name << " was forgotten";
    // Nobody was left out who could have run.
    for (const auto& each : workflow_.steps)
      if (states_.at(each.name) == kSkipped) {
        EXPECT_TRUE(cancelled_ || !condition_holds(each, states_))
            << each.name << " was skipped though it could run";
      }
  }

  std::mt19937 random_;
  Workflow workflow_;
  States states_;
  std::set<std::string> decided_;
  std::set<std::string> started_;
  bool cancelled_ = false;
};

States all_queued(const Workflow& workflow) {
  States states;
  for (const auto& each : workflow.steps) states[each.name] = kQueued;
  return states;
}

TEST(Decide, EveryRandomRunEndsWithEachStepDecidedOnceAndNoneEarly) {
  for (unsigned seed = 0; seed < 5000; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    RandomRun run(seed);
    run.run(all_queued(run.workflow()));
    if (HasFailure()) return;
  }
}

TEST(ResumedStates, EveryRandomRunCanBeResumedUntilItHasSucceeded) {
  for (unsigned seed = 0; seed < 2000; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    RandomRun first(seed);
    first.run(all_queued(first.workflow()));
    const States before = first.states();
    const auto states = resumed_states(first.workflow(), ended(before));
    for (const auto& each : first.workflow().steps) {
      EXPECT_TRUE(before.at(each.name) == kSucceeded || states.at(each.name) == kQueued) << each.name;
      if (states.at(each.name) == kQueued) continue;
      for (const auto& name : each.after.steps)
        EXPECT_EQ(states.at(name), kSucceeded) << each.name << " is kept, but " << name << " runs again";
    }
    RandomRun second(seed);
    second.run(states);
    for (const auto& each : second.started()) EXPECT_EQ(states.at(each), kQueued) << each << " ran again";
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace reelhouse::workflow
