#include "workflow/scheduler/starts.hpp"

#include <gmock/gmock.h>

namespace reelhouse::workflow {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Workflow named_workflow(const std::string& name, int at_once = 1, bool skip_when_busy = false) {
  Workflow made;
  made.name = name;
  made.at_once = at_once;
  made.skip_when_busy = skip_when_busy;
  return made;
}

/// A run "shop.1" of the workflow "shop".
Run queued_run(const std::string& id) {
  Run made;
  made.id = id;
  made.workflow = id.substr(0, id.find('.'));
  made.state = RunState::kQueued;
  return made;
}

std::vector<Run> queued_runs(const std::vector<std::string>& ids) {
  std::vector<Run> made;
  for (const auto& id : ids) made.push_back(queued_run(id));
  return made;
}

StartedProcess process_of(const std::string& id) {
  return {id, id.substr(0, id.find('.'))};
}

/// Ids of the runs that start.
std::vector<std::string> started(const NextStarts& next) {
  std::vector<std::string> ids;
  for (const auto& each : next.start) ids.push_back(each.id);
  return ids;
}

/// "ID STATE: REASON" of the runs that are closed.
std::vector<std::string> closed(const NextStarts& next) {
  std::vector<std::string> texts;
  for (const auto& each : next.close)
    texts.push_back(fmt::format("{} {}: {}", each.run.id, name_of(each.state), each.reason));
  return texts;
}

const std::vector<Workflow> kWorkflows = {named_workflow("shop"), named_workflow("mail", 2),
                                          named_workflow("hook", 1, true)};
const StartLimits kRoom{.processes = 10, .starts = 3};

TEST(NextStarts, StartsNothingWhenNothingIsQueued) {
  const auto next = next_starts({.running = queued_runs({"shop.1"}), .processes = {process_of("mail.1")}},
                                kWorkflows, kRoom);
  EXPECT_THAT(next.start, IsEmpty());
  EXPECT_THAT(next.close, IsEmpty());
  EXPECT_THAT(next.waits, IsEmpty());
}

TEST(NextStarts, StartsTheOldestOfAWorkflowAndLetsTheRestWait) {
  const auto next = next_starts({.queued = queued_runs({"shop.1", "shop.2", "shop.3"})}, kWorkflows, kRoom);
  EXPECT_THAT(started(next), ElementsAre("shop.1"));
  EXPECT_THAT(next.waits, ElementsAre("shop.2", "shop.3"));
  EXPECT_THAT(next.close, IsEmpty());
}

TEST(NextStarts, ABusyWorkflowDoesNotHoldUpOthers) {
  const auto next = next_starts({.queued = queued_runs({"shop.1", "shop.2", "mail.1", "mail.2", "mail.3"})},
                                kWorkflows, kRoom);
  EXPECT_THAT(started(next), ElementsAre("shop.1", "mail.1", "mail.2"));
  EXPECT_THAT(next.waits, ElementsAre("shop.2", "mail.3"));
}

TEST(NextStarts, CountsRunsThatWereStartedByHandElsewhere) {
  const auto next = next_starts(
      {.queued = queued_runs({"shop.2", "mail.2", "mail.3"}), .running = queued_runs({"shop.1", "mail.1"})},
      kWorkflows, kRoom);
  EXPECT_THAT(started(next), ElementsAre("mail.2"));
  EXPECT_THAT(next.waits, ElementsAre("shop.2", "mail.3"));
}

TEST(NextStarts, CountsAProcessWhoseRunTheHistoryDoesNotKnowYet) {
  const auto next = next_starts(
      {.queued = queued_runs({"shop.1", "shop.2"}), .processes = {process_of("shop.1")}}, kWorkflows, kRoom);
  EXPECT_THAT(next.start, IsEmpty());
  EXPECT_THAT(next.waits, ElementsAre("shop.2"));
}

TEST(NextStarts, CountsARunOnceThatIsOursAndInTheHistory) {
  const auto next = next_starts({.queued = queued_runs({"mail.2", "mail.3"}),
                                 .running = queued_runs({"mail.1"}),
                                 .processes = {process_of("mail.1")}},
                                kWorkflows, kRoom);
  EXPECT_THAT(started(next), ElementsAre("mail.2"));
  EXPECT_THAT(next.waits, ElementsAre("mail.3"));
}

// One runs by hand, ours is about to: two are two, not one that is counted in two places.
TEST(NextStarts, AddsOursToThoseOfOthers) {
  const auto next = next_starts({.queued = queued_runs({"mail.2", "mail.3"}),
                                 .running = queued_runs({"mail.1"}),
                                 .processes = {process_of("mail.2")}},
                                kWorkflows, kRoom);
  EXPECT_THAT(next.start, IsEmpty());
  EXPECT_THAT(next.waits, ElementsAre("mail.3"));
}

TEST(NextStarts, SkipsWhatFindsItsWorkflowBusyWhenTheWorkflowSaysSo) {
  const auto next =
      next_starts({.queued = queued_runs({"hook.2"}), .running = queued_runs({"hook.1"})}, kWorkflows, kRoom);
  EXPECT_THAT(closed(next), ElementsAre("hook.2 skipped: another run of this workflow was running"));
  EXPECT_THAT(next.start, IsEmpty());
  EXPECT_THAT(next.waits, IsEmpty());
}

TEST(NextStarts, SkipsTheSecondOfTwoThatComeTogether) {
  const auto next = next_starts({.queued = queued_runs({"hook.1", "hook.2"})}, kWorkflows, kRoom);
  EXPECT_THAT(started(next), ElementsAre("hook.1"));
  EXPECT_THAT(closed(next), ElementsAre("hook.2 skipped: another run of this workflow was running"));
}

TEST(NextStarts, DoesNotSkipForWantOfAProcess) {
  const auto next =
      next_starts({.queued = queued_runs({"hook.1", "hook.2"}), .processes = {process_of("mail.1")}},
                  kWorkflows, {.processes = 1, .starts = 3});
  EXPECT_THAT(next.waits, ElementsAre("hook.1", "hook.2"));
  EXPECT_THAT(next.close, IsEmpty());
}

TEST(NextStarts, KeepsToTheNumberOfProcesses) {
  const Queue queue{.queued = queued_runs({"shop.1", "mail.2", "hook.1"}),
                    .processes = {process_of("mail.1")}};
  for (const size_t processes : {0U, 1U, 2U, 3U, 4U, 9U}) {
    const auto next = next_starts(queue, kWorkflows, {.processes = processes, .starts = 3});
    const size_t room = processes > 1 ? std::min<size_t>(processes - 1, 3) : 0;
    EXPECT_EQ(next.start.size(), room) << processes;
    EXPECT_EQ(next.waits.size(), 3 - room) << processes;
  }
}

TEST(NextStarts, ProcessesOfOthersTakeNoneOfOurs) {
  const auto next =
      next_starts({.queued = queued_runs({"shop.1"}), .running = queued_runs({"mail.1", "mail.2", "hook.1"})},
                  kWorkflows, {.processes = 1, .starts = 3});
  EXPECT_THAT(started(next), ElementsAre("shop.1"));
}

TEST(NextStarts, FailsARunWhoseWorkflowIsGone) {
  const auto next =
      next_starts({.queued = queued_runs({"gone.1", "shop.1"})}, kWorkflows, {.processes = 1, .starts = 3});
  EXPECT_THAT(closed(next), ElementsAre("gone.1 failed: there is no workflow 'gone' any more"));
  EXPECT_THAT(started(next), ElementsAre("shop.1"));
}

TEST(NextStarts, LetsARunWaitWhoseWorkflowMayBeInABrokenFile) {
  const auto next =
      next_starts({.queued = queued_runs({"gone.1", "shop.1"}), .is_whole = false}, kWorkflows, kRoom);
  EXPECT_THAT(next.close, IsEmpty());
  EXPECT_THAT(next.waits, ElementsAre("gone.1"));
  EXPECT_THAT(started(next), ElementsAre("shop.1"));
}

TEST(NextStarts, LeavesARunAloneWhoseWorkflowGoesWhileItsProcessBegins) {
  const auto next = next_starts({.queued = queued_runs({"gone.1"}), .processes = {process_of("gone.1")}},
                                kWorkflows, kRoom);
  EXPECT_THAT(next.close, IsEmpty());
  EXPECT_THAT(next.start, IsEmpty());
  EXPECT_THAT(next.waits, IsEmpty());
}

// The workflow of `reelhouse run` is among those that are handed in, like every other.
TEST(NextStarts, KnowsNoWorkflowByItsName) {
  const Queue queue{.queued = queued_runs({default_workflow().name + ".1"})};
  EXPECT_THAT(next_starts(queue, kWorkflows, kRoom).close, testing::SizeIs(1));
  EXPECT_THAT(started(next_starts(queue, {default_workflow()}, kRoom)), testing::SizeIs(1));
}

TEST(NextStarts, FailsARunWhoseProcessEndedAgainAndAgain) {
  Queue queue{.queued = queued_runs({"shop.1", "mail.1"}), .starts = {{"shop.1", 2}, {"mail.1", 3}}};
  const auto next = next_starts(queue, kWorkflows, kRoom);
  EXPECT_THAT(started(next), ElementsAre("shop.1"));
  EXPECT_THAT(closed(next), ElementsAre("mail.1 failed: its process ended again and again before it began"));
}

TEST(NextStarts, ARunThatMayNotStartYetIsNotFailedForItsStarts) {
  const auto next = next_starts(
      {.queued = queued_runs({"shop.2"}), .running = queued_runs({"shop.1"}), .starts = {{"shop.2", 3}}},
      kWorkflows, kRoom);
  EXPECT_THAT(next.close, IsEmpty());
  EXPECT_THAT(next.waits, ElementsAre("shop.2"));
}

TEST(NextStarts, ARunWhoseThirdProcessStillBeginsIsNotFailed) {
  const auto next = next_starts(
      {.queued = queued_runs({"shop.1"}), .processes = {process_of("shop.1")}, .starts = {{"shop.1", 3}}},
      kWorkflows, kRoom);
  EXPECT_THAT(next.close, IsEmpty());
  EXPECT_THAT(next.start, IsEmpty());
}

TEST(NextStarts, WhatIsClosedTakesNobodysPlace) {
  const auto next = next_starts({.queued = queued_runs({"shop.1", "shop.2"}), .starts = {{"shop.1", 3}}},
                                kWorkflows, kRoom);
  EXPECT_THAT(closed(next), ElementsAre("shop.1 failed: its process ended again and again before it began"));
  EXPECT_THAT(started(next), ElementsAre("shop.2"));
}

}  // namespace
}  // namespace reelhouse::workflow
