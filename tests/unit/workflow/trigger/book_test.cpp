#include "workflow/trigger/book.hpp"

#include <gmock/gmock.h>

namespace reelhouse::workflow {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const Time kNoon = std::chrono::sys_days(std::chrono::year{2026} / 6 / 1) + 12h;

Workflow daily(const char* cron, Missed missed = Missed::kLatest, const char* zone = "UTC") {
  Workflow workflow;
  workflow.name = "refresh";
  workflow.properties = {{"day", "none"}};
  Trigger trigger;
  trigger.name = "schedule";
  trigger.schedule = ScheduleTrigger{Cron::parse(cron).value(), zone, missed};
  workflow.triggers.push_back(trigger);
  return workflow;
}

Workflow watcher(const char* name, ObjectsTrigger objects) {
  Workflow workflow;
  workflow.name = name;
  Trigger trigger;
  trigger.name = "objects";
  trigger.objects = std::move(objects);
  workflow.triggers.push_back(trigger);
  return workflow;
}

Workflow follower(Condition::Are are, Missed missed = Missed::kAll) {
  Workflow workflow;
  workflow.name = "tell";
  Trigger trigger;
  trigger.name = "after";
  trigger.after = AfterTrigger{"refresh", are, missed};
  workflow.triggers.push_back(trigger);
  return workflow;
}

/// A book with what a process keeps of its answers.
class Keeper {
 public:
  explicit Keeper(std::vector<Workflow> workflows) : workflows_(std::move(workflows)) { restart(); }
  void restart() { book_.emplace(TriggerBook::open(workflows_, marks_).value()); }
  void restart(std::vector<Workflow> workflows) {
    workflows_ = std::move(workflows);
    restart();
  }
  std::vector<RunRequest> due(Time now) { return keep(book_->due(now)); }
  std::vector<RunRequest> listed(const std::string& prefix, const std::vector<lake::ObjectInfo>& objects,
                                 Time now) {
    return keep(book_->listed(prefix, objects, now));
  }
  std::vector<RunRequest> ended(const std::vector<Run>& runs, Time now) {
    return keep(book_->ended(runs, now));
  }
  TriggerBook& book() { return *book_; }
  std::map<std::string, std::string>& marks() { return marks_; }
  size_t written = 0;  ///< marks of the last answer

 private:
  std::vector<RunRequest> keep(Firings firings) {
    written = firings.marks.size();
    for (auto& mark : firings.marks) marks_[mark.trigger] = mark.content;
    return firings.runs;
  }
  std::vector<Workflow> workflows_;
  std::map<std::string, std::string> marks_;
  std::optional<TriggerBook> book_;
};

std::vector<std::string> dues(const std::vector<RunRequest>& runs) {
  std::vector<std::string> all;
  for (const auto& run : runs)
    all.push_back((run.state == RunState::kSkipped ? "skipped " : "") + run.cause.due.substr(8, 8));
  return all;
}

lake::ObjectInfo object(std::string key, std::string etag = "1") {
  return {std::move(key), 1, std::move(etag), {}};
}

workflow::Run run(const char* id, RunState state, Time ended, const char* workflow = "refresh") {
  workflow::Run made;
  made.id = id;
  made.workflow = workflow;
  made.state = state;
  made.ended = to_iso(ended);
  return made;
}

TEST(TriggerBook, BeginsNowAndFiresWhenDue) {
  Keeper keeper({daily("0 13 * * *")});
  EXPECT_THAT(keeper.due(kNoon), IsEmpty());
  EXPECT_THAT(keeper.due(kNoon + 1h - 1ms), IsEmpty());
  const auto runs = keeper.due(kNoon + 1h + 5s);
  ASSERT_THAT(runs, SizeIs(1));
  EXPECT_EQ(runs[0].workflow, "refresh");
  EXPECT_EQ(runs[0].cause.kind, CauseKind::kSchedule);
  EXPECT_EQ(runs[0].cause.trigger, "schedule");
  EXPECT_EQ(runs[0].cause.due, "2026-06-01T13:00:00.000Z");
  EXPECT_EQ(runs[0].properties.at("trigger.kind"), "schedule");
  EXPECT_EQ(runs[0].properties.at("trigger.due"), runs[0].cause.due);
  EXPECT_EQ(runs[0].properties.at("day"), "none");
  EXPECT_THAT(keeper.due(kNoon + 1h + 6s), IsEmpty());
  EXPECT_EQ(keeper.written, 0U);
  keeper.restart();
  EXPECT_THAT(keeper.due(kNoon + 2h), IsEmpty());
  EXPECT_EQ(keeper.written, 0U);
}

TEST(TriggerBook, RepeatsAnAnswerThatWasNotKept) {
  Keeper keeper({daily("0 13 * * *")});
  keeper.due(kNoon);
  EXPECT_THAT(keeper.book().due(kNoon + 1h).runs, SizeIs(1));
  keeper.restart();
  EXPECT_THAT(keeper.due(kNoon + 1h + 2s), SizeIs(1));
}

TEST(TriggerBook, SettlesMissedRunsAsTheFileSays) {
  for (const auto& [missed, expected] : std::map<Missed, std::vector<std::string>>{
           {Missed::kSkip, {"skipped 01T15:00", "01T16:00"}},
           {Missed::kLatest, {"01T16:00"}},
           {Missed::kAll, {"01T13:00", "01T14:00", "01T15:00", "01T16:00"}}}) {
    Keeper keeper({daily("0 * * * *", missed)});
    keeper.due(kNoon);
    keeper.restart();
    const auto runs = keeper.due(kNoon + 4h + 30s);
    EXPECT_EQ(dues(runs), expected);
    if (missed == Missed::kSkip) {
      EXPECT_THAT(runs[0].message, HasSubstr("3 firings from 2026-06-01T13:00"));
    } else if (missed == Missed::kLatest) {
      EXPECT_THAT(runs[0].cause.detail, HasSubstr("3 firings from 2026-06-01T13:00"));
    }
    EXPECT_THAT(keeper.due(kNoon + 4h + 40s), IsEmpty());
  }
}

TEST(TriggerBook, CountsAsMissedWhatIsNoticedLaterThanTheGrace) {
  Keeper keeper({daily("0 13 * * *", Missed::kSkip)});
  keeper.due(kNoon);
  EXPECT_THAT(dues(keeper.due(kNoon + 1h + TriggerBook::kGrace)), ElementsAre("01T13:00"));
  Keeper late({daily("0 13 * * *", Missed::kSkip)});
  late.due(kNoon);
  EXPECT_THAT(dues(late.due(kNoon + 1h + TriggerBook::kGrace + 1ms)), ElementsAre("skipped 01T13:00"));
}

TEST(TriggerBook, MakesUpForAThousandAtMostHoweverLongTheGap) {
  for (const Missed missed : {Missed::kAll, Missed::kLatest, Missed::kSkip}) {
    Keeper keeper({daily("* * * * *", missed)});
    keeper.due(kNoon);
    const auto runs = keeper.due(kNoon + std::chrono::days(3650));
    if (missed == Missed::kAll) {
      ASSERT_THAT(runs, SizeIs(1 + TriggerBook::kMostMissed));
      EXPECT_EQ(std::ranges::count(runs, RunState::kSkipped, &RunRequest::state), 1);
      EXPECT_EQ(runs.front().state, RunState::kSkipped);
      EXPECT_EQ(runs.back().cause.due, to_iso(kNoon + std::chrono::days(3650)));
      EXPECT_EQ(runs[1].cause.due, to_iso(kNoon + std::chrono::days(3650) - 999min));
    } else if (missed == Missed::kLatest) {
      ASSERT_THAT(runs, SizeIs(1));
      EXPECT_EQ(runs[0].cause.due, to_iso(kNoon + std::chrono::days(3650)));
    } else {
      EXPECT_EQ(runs.front().state, RunState::kSkipped);
      EXPECT_THAT(runs, SizeIs(3));  // the one now and the one a minute ago are not missed
    }
  }
}

TEST(TriggerBook, FiresNothingTwiceWhenTheClockIsSetBack) {
  Keeper keeper({daily("0 * * * *", Missed::kAll)});
  keeper.due(kNoon);
  EXPECT_THAT(keeper.due(kNoon + 1h), SizeIs(1));
  EXPECT_THAT(keeper.due(kNoon - 2h), IsEmpty());
  EXPECT_THAT(keeper.due(kNoon + 1h), IsEmpty());
  keeper.restart();
  EXPECT_THAT(keeper.due(kNoon - 2h), IsEmpty());
  EXPECT_THAT(keeper.due(kNoon + 1h), IsEmpty());
  EXPECT_THAT(dues(keeper.due(kNoon + 2h)), ElementsAre("01T14:00"));
}

TEST(TriggerBook, GoesOnWhenTheClockHadBeenInAnotherYear) {
  Keeper keeper({daily("0 * * * *", Missed::kAll)});
  keeper.due(kNoon);
  EXPECT_THAT(keeper.due(kNoon + std::chrono::days(30)), SizeIs(720));
  for (const bool restart : {false, true}) {
    if (restart) keeper.restart();
    EXPECT_THAT(keeper.due(kNoon + (restart ? 210min : 0min)), IsEmpty());
    EXPECT_THAT(keeper.due(kNoon + (restart ? 4h : 1h)), SizeIs(1));
  }
  // A machine that wakes in 1970 until it hears the time: nothing of the years between is repeated.
  keeper.restart();
  EXPECT_THAT(keeper.due(Time{} + 30min), IsEmpty());
  EXPECT_THAT(keeper.due(Time{} + 1h), SizeIs(1));
  EXPECT_THAT(dues(keeper.due(kNoon + std::chrono::days(30) + 1h)), ElementsAre("01T13:00"));
}

TEST(TriggerBook, BeginsAnewWhenTheDefinitionChanges) {
  Keeper keeper({daily("0 * * * *", Missed::kAll)});
  keeper.due(kNoon);
  keeper.restart({daily("30 * * * *", Missed::kAll)});
  EXPECT_THAT(keeper.due(kNoon + 5h), IsEmpty());
  EXPECT_THAT(dues(keeper.due(kNoon + 5h + 30min)), ElementsAre("01T17:30"));
  keeper.restart({daily("30 * * * *", Missed::kAll, "Asia/Kolkata")});
  EXPECT_THAT(keeper.due(kNoon + 9h), IsEmpty());
  keeper.restart({daily("30   *  * * *", Missed::kLatest, "Asia/Kolkata")});
  EXPECT_THAT(keeper.due(kNoon + 11h), SizeIs(1)) << "only blanks and the policy are other than before";
}

TEST(TriggerBook, ForgetsATriggerThatIsTakenOut) {
  Keeper keeper({daily("0 * * * *", Missed::kAll)});
  keeper.due(kNoon);
  keeper.restart({});
  keeper.due(kNoon + 1h);
  EXPECT_EQ(keeper.marks().at("refresh/schedule"), "");
  keeper.restart({daily("0 * * * *", Missed::kAll)});
  EXPECT_THAT(keeper.due(kNoon + 5h), IsEmpty());
}

TEST(TriggerBook, BeginsAnewWhereAMarkCannotBeRead) {
  Keeper keeper({daily("0 * * * *", Missed::kAll), watcher("load", {.prefix = "raw/"})});
  keeper.due(kNoon);
  keeper.listed("raw/", {object("raw/a"), object("raw/b")}, kNoon);
  for (auto& [name, content] : keeper.marks()) content = "{\"until\": " + content;
  keeper.restart();
  EXPECT_THAT(keeper.due(kNoon + 5h), IsEmpty());
  EXPECT_THAT(keeper.listed("raw/", {object("raw/c")}, kNoon + 5h), IsEmpty());
  EXPECT_THAT(keeper.listed("raw/", {}, kNoon + 5h), SizeIs(1));
}

TEST(TriggerBook, FiresForObjectsThatAppearChangeOrGo) {
  Keeper keeper({watcher("load", {.prefix = "raw/shop/"})});
  EXPECT_THAT(keeper.book().prefixes(), ElementsAre("raw/shop/"));
  EXPECT_THAT(keeper.listed("raw/shop/", {object("raw/shop/a"), object("raw/shop/b")}, kNoon), IsEmpty());
  EXPECT_THAT(keeper.listed("raw/shop/", {object("raw/shop/a"), object("raw/shop/b")}, kNoon), IsEmpty());
  EXPECT_EQ(keeper.written, 0U);
  const auto runs = keeper.listed("raw/shop/", {object("raw/shop/b", "2"), object("raw/shop/c")}, kNoon + 2s);
  ASSERT_THAT(runs, SizeIs(1));
  EXPECT_EQ(runs[0].cause.kind, CauseKind::kObjects);
  EXPECT_EQ(
      runs[0].cause.detail,
      "3 objects below raw/shop/: 1 created, 1 changed, 1 deleted (raw/shop/a, raw/shop/b, raw/shop/c)");
  EXPECT_EQ(runs[0].properties.at("trigger.count"), "3");
  EXPECT_EQ(runs[0].properties.at("trigger.keys"), "raw/shop/a\nraw/shop/b\nraw/shop/c");
  EXPECT_THAT(keeper.listed("raw/shop/", {object("raw/shop/b", "2"), object("raw/shop/c")}, kNoon + 4s),
              IsEmpty());
  EXPECT_THAT(keeper.listed("raw/shop/", {}, kNoon + 6s), SizeIs(1));
}

TEST(TriggerBook, TellsOnceWhatChangedWhileItWasAway) {
  Keeper keeper({watcher("load", {.prefix = "raw/"})});
  std::vector<lake::ObjectInfo> objects = {object("raw/\xff\n% \xc3\xa9", "\"e t%\"")};
  keeper.listed("raw/", objects, kNoon);
  for (int n = 100; n < 350; ++n) objects.push_back(object("raw/z" + std::to_string(n)));
  std::ranges::reverse(objects);  // a listing that is not sorted does no harm
  EXPECT_THAT(keeper.book().listed("raw/", objects, kNoon + 1h).runs,
              SizeIs(1));  // and dies before it is kept
  keeper.restart();
  const auto runs = keeper.listed("raw/", objects, kNoon + 2h);
  ASSERT_THAT(runs, SizeIs(1));
  EXPECT_EQ(runs[0].properties.at("trigger.count"), "250");
  EXPECT_EQ(std::ranges::count(runs[0].properties.at("trigger.keys"), '\n'), 99);
  keeper.restart();
  EXPECT_THAT(keeper.listed("raw/", objects, kNoon + 3h), IsEmpty());
  objects.front().etag = "2";
  EXPECT_THAT(keeper.listed("raw/", objects, kNoon + 4h), SizeIs(1));
  EXPECT_EQ(keeper.written, 1U) << "a change writes the part of the memory that holds it";
}

TEST(TriggerBook, WatchesOnlyTheChangesThatWereNamed) {
  Keeper keeper({watcher("made", {.prefix = "raw/", .changed = false, .deleted = false}),
                 watcher("gone", {.prefix = "raw/", .created = false, .changed = false})});
  keeper.listed("raw/", {object("raw/a")}, kNoon);
  EXPECT_THAT(keeper.listed("raw/", {object("raw/a", "2")}, kNoon), IsEmpty());
  auto runs = keeper.listed("raw/", {object("raw/a", "2"), object("raw/b")}, kNoon);
  ASSERT_THAT(runs, SizeIs(1));
  EXPECT_EQ(runs[0].workflow, "made");
  runs = keeper.listed("raw/", {object("raw/b")}, kNoon);
  ASSERT_THAT(runs, SizeIs(1));
  EXPECT_EQ(runs[0].workflow, "gone");
}

TEST(TriggerBook, GathersABatchByCountOrTime) {
  Keeper keeper({watcher("load", {.prefix = "raw/", .count = 3, .wait = Seconds(30)})});
  std::vector<lake::ObjectInfo> objects;
  keeper.listed("raw/", objects, kNoon);
  const auto add = [&](const char* key, Time now) {
    objects.push_back(object(key));
    return keeper.listed("raw/", objects, now);
  };
  EXPECT_THAT(add("raw/a", kNoon + 1s), IsEmpty());
  EXPECT_THAT(add("raw/b", kNoon + 10s), IsEmpty());
  keeper.restart();
  EXPECT_THAT(keeper.due(kNoon + 31s - 1ms), IsEmpty());
  EXPECT_THAT(add("raw/c", kNoon + 31s - 1ms), SizeIs(1)) << "the batch lives through a restart";
  EXPECT_THAT(keeper.due(kNoon + 31s), IsEmpty());
  EXPECT_THAT(add("raw/d", kNoon + 40s), IsEmpty());
  EXPECT_THAT(keeper.due(kNoon + 69s), IsEmpty());
  const auto runs = keeper.due(kNoon + 70s);
  ASSERT_THAT(runs, SizeIs(1));
  EXPECT_EQ(runs[0].properties.at("trigger.keys"), "raw/d");
  keeper.restart();
  EXPECT_THAT(keeper.due(kNoon + 2h), IsEmpty());
}

TEST(TriggerBook, ABatchKeepsItsTimeThroughARestart) {
  Keeper keeper({watcher("load", {.prefix = "raw/", .count = 3, .wait = Seconds(30)})});
  keeper.listed("raw/", {}, kNoon);
  keeper.listed("raw/", {object("raw/a")}, kNoon + 1s);
  keeper.listed("raw/", {object("raw/a"), object("raw/b")}, kNoon + 10s);
  keeper.restart();
  EXPECT_THAT(keeper.due(kNoon + 31s - 1ms), IsEmpty());
  const auto runs = keeper.due(kNoon + 31s);
  ASSERT_THAT(runs, SizeIs(1));
  EXPECT_EQ(runs[0].properties.at("trigger.keys"), "raw/a\nraw/b");
}

TEST(TriggerBook, WaitsForTheCountAloneWhenNoTimeIsNamed) {
  Keeper keeper({watcher("load", {.prefix = "raw/", .count = 2})});
  keeper.listed("raw/", {}, kNoon);
  EXPECT_THAT(keeper.listed("raw/", {object("raw/a")}, kNoon), IsEmpty());
  EXPECT_THAT(keeper.due(kNoon + 999h), IsEmpty());
  EXPECT_THAT(keeper.listed("raw/", {object("raw/a", "2")}, kNoon), IsEmpty()) << "one object, not two";
  EXPECT_THAT(keeper.listed("raw/", {}, kNoon), IsEmpty()) << "came and went";
  EXPECT_THAT(keeper.listed("raw/", {object("raw/a"), object("raw/b")}, kNoon), SizeIs(1));
}

TEST(TriggerBook, SharesListingsAmongTriggersThatBeganAtOtherTimes) {
  Keeper keeper({watcher("shop", {.prefix = "raw/shop/"})});
  keeper.listed("raw/shop/", {object("raw/shop/a")}, kNoon);
  keeper.restart({watcher("all", {.prefix = "raw/"}), watcher("shop", {.prefix = "raw/shop/"})});
  EXPECT_THAT(keeper.book().prefixes(), ElementsAre("raw/"));
  auto runs =
      keeper.listed("raw/", {object("raw/bank/x"), object("raw/shop/a"), object("raw/shop/b")}, kNoon);
  ASSERT_THAT(runs, SizeIs(1));
  EXPECT_EQ(runs[0].workflow, "shop");
  EXPECT_EQ(runs[0].properties.at("trigger.keys"), "raw/shop/b");
  runs = keeper.listed("raw/", {object("raw/shop/a"), object("raw/shop/b")}, kNoon);
  ASSERT_THAT(runs, SizeIs(1));
  EXPECT_EQ(runs[0].workflow, "all");
  // The wide one is taken out: what only it saw is forgotten.
  keeper.listed("raw/", {object("raw/bank/y"), object("raw/shop/a"), object("raw/shop/b")}, kNoon);
  keeper.restart({watcher("shop", {.prefix = "raw/shop/"})});
  EXPECT_THAT(keeper.listed("raw/shop/", {object("raw/shop/a"), object("raw/shop/b")}, kNoon), IsEmpty());
  for (const auto& [name, content] : keeper.marks())
    EXPECT_EQ(content.find("bank"), std::string::npos) << name;
}

TEST(TriggerBook, FollowsRunsThatEndedSinceItBegan) {
  Keeper keeper({follower(Condition::Are::kSucceeded)});
  keeper.due(kNoon);
  const auto firings = keeper.book().ended(
      {run("old", RunState::kSucceeded, kNoon - 1s), run("bad", RunState::kFailed, kNoon + 1s),
       run("good", RunState::kSucceeded, kNoon + 2s), run("other", RunState::kSucceeded, kNoon + 3s, "other"),
       run("going", RunState::kRunning, kNoon)},
      kNoon + 4s);
  EXPECT_THAT(firings.told, ElementsAre("old", "bad", "good", "other"));
  ASSERT_THAT(firings.runs, SizeIs(1));
  EXPECT_EQ(firings.runs[0].workflow, "tell");
  EXPECT_EQ(firings.runs[0].cause.kind, CauseKind::kAfter);
  EXPECT_EQ(firings.runs[0].cause.detail, "refresh good succeeded");
  EXPECT_EQ(firings.runs[0].properties.at("trigger.run"), "good");
  EXPECT_EQ(firings.runs[0].properties.at("trigger.workflow"), "refresh");

  const std::vector<workflow::Run> missed = {
      run("1", RunState::kDied, kNoon + 1h), run("2", RunState::kCheckFailed, kNoon + 2h),
      run("3", RunState::kCancelled, kNoon + 3h), run("4", RunState::kSkipped, kNoon + 3h)};
  const auto count = [&](Condition::Are are, Missed policy) {
    Keeper other({follower(are, policy)});
    other.due(kNoon);
    other.restart();
    return other.ended(missed, kNoon + 9h);
  };
  EXPECT_THAT(count(Condition::Are::kFailed, Missed::kAll), SizeIs(2));
  EXPECT_THAT(count(Condition::Are::kCheckFailed, Missed::kAll), SizeIs(1));
  EXPECT_THAT(count(Condition::Are::kEnded, Missed::kAll), SizeIs(3));
  const auto latest = count(Condition::Are::kEnded, Missed::kLatest);
  ASSERT_THAT(latest, SizeIs(1));
  EXPECT_EQ(latest[0].properties.at("trigger.run"), "3");
  const auto skipped = count(Condition::Are::kEnded, Missed::kSkip);
  ASSERT_THAT(skipped, SizeIs(1));
  EXPECT_EQ(skipped[0].state, RunState::kSkipped);
  EXPECT_THAT(skipped[0].message, HasSubstr("3 ends of refresh"));
}

TEST(TriggerBook, TellsTheNextFiringsByTime) {
  auto other = daily("15 13,14 * * *");
  other.name = "other";
  Keeper keeper({daily("0 * * * *"), other});
  const auto next = keeper.book().next_firings(kNoon, 2);
  std::vector<std::string> all;
  for (const auto& firing : next) all.push_back(firing.workflow + " " + to_iso(firing.at).substr(11, 5));
  EXPECT_THAT(all, ElementsAre("refresh 13:00", "other 13:15", "refresh 14:00", "other 14:15"));
  EXPECT_FALSE(TriggerBook::open({daily("0 * * * *", Missed::kAll, "Mars/Olympus")}, {}));
}

}  // namespace
}  // namespace reelhouse::workflow
