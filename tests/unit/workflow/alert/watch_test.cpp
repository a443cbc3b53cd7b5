#include "workflow/alert/watch.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include "matchers.hpp"
#include "workflow/alert/numbers.hpp"

namespace reelhouse::workflow {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class TurnedClock final : public Clock {
 public:
  Time now() const override { return Time(std::chrono::milliseconds(milliseconds_.load())); }
  void turn(std::chrono::milliseconds by) { milliseconds_ += by.count(); }

 private:
  std::atomic<int64_t> milliseconds_ =
      (Time(std::chrono::sys_days{std::chrono::year{2026} / 11 / 22}) + 6h).time_since_epoch().count();
};

AlertBook two_channels() {
  AlertBook made;
  made.channels = {{.name = "team", .url = "http://127.0.0.1:1/"},
                   {.name = "ops", .url = "http://127.0.0.1:1/"}};
  made.rules = {{.name = "failed", .on = AlertKind::kFailed, .to = {"team"}},
                {.name = "late", .on = AlertKind::kLate, .to = {"team", "ops"}}};
  return made;
}

class Alerts : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "watch.XXXXXX";
    folder_ = ::mkdtemp(name.data());
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::unique_ptr<AlertState> open() { return open_alert_state(folder_ / "alerts.db", clock_.now()).value(); }
  int update(AlertState& state, const std::vector<Trouble>& troubles) {
    return state.update(book_, {"failed", "late"}, troubles, clock_.now()).value();
  }
  /// Delivers all that is due to a channel: "open late shop".
  std::vector<std::string> deliver_all(AlertState& state, const std::string& channel) {
    std::vector<std::string> told;
    while (const auto notice = state.claim(channel, clock_.now()).value()) {
      told.push_back(std::string(name_of(notice->kind)) + " " + notice->trouble.key);
      EXPECT_THAT(state.delivered(notice->number), IsOk());
    }
    return told;
  }

  fs::path folder_;
  TurnedClock clock_;
  AlertBook book_ = two_channels();
  Trouble late_{"late", "late shop", "shop is late", ""};
};

using AlertMemory = Alerts;

TEST_F(AlertMemory, TellsOnceWhenItBeginsAndOnceWhenItHeals) {
  EXPECT_EQ(update(*open(), {late_}), 2);
  EXPECT_THAT(deliver_all(*open(), "team"), ElementsAre("open late shop"));
  clock_.turn(1min);
  EXPECT_EQ(update(*open(), {late_}), 0);  // another process, or the same after a restart
  EXPECT_THAT(deliver_all(*open(), "team"), IsEmpty());
  EXPECT_EQ(update(*open(), {}), 2);
  EXPECT_THAT(deliver_all(*open(), "team"), ElementsAre("healed late shop"));
  EXPECT_EQ(update(*open(), {}), 0);
  EXPECT_THAT(deliver_all(*open(), "ops"), ElementsAre("open late shop", "healed late shop"));
  EXPECT_EQ(update(*open(), {late_}), 2);  // a new trouble
}

TEST_F(AlertMemory, TwoProcessesTellOnce) {
  const auto one = open();
  const auto two = open();
  EXPECT_EQ(update(*one, {late_}) + update(*two, {late_}), 2);
  const auto notice = one->claim("team", clock_.now()).value();
  ASSERT_TRUE(notice);
  EXPECT_FALSE(two->claim("team", clock_.now()).value());
  clock_.turn(2min);  // the first has died with it
  EXPECT_EQ(two->claim("team", clock_.now()).value()->id, notice->id);
}

TEST_F(AlertMemory, WhatCannotBeLookedAtIsNotHealed) {
  const auto state = open();
  update(*state, {late_});
  EXPECT_EQ(state->update(book_, {"failed"}, {}, clock_.now()).value(), 0);
  EXPECT_THAT(state->open_troubles().value(), SizeIs(1));
}

TEST_F(AlertMemory, ARuleThatGoesIsNotHealed) {
  const auto state = open();
  update(*state, {late_});
  EXPECT_THAT(deliver_all(*state, "team"), SizeIs(1));
  book_.rules.pop_back();
  EXPECT_EQ(update(*state, {}), 0);
  EXPECT_THAT(deliver_all(*state, "team"), IsEmpty());
  EXPECT_THAT(deliver_all(*state, "ops"), IsEmpty());  // which was not told yet, and need not be
  EXPECT_THAT(state->open_troubles().value(), IsEmpty());
}

TEST_F(AlertMemory, TwoRulesOnOneTroubleTellAChannelOnce) {
  book_.rules.push_back({.name = "late too", .on = AlertKind::kLate, .to = {"team"}});
  Trouble again = late_;
  again.rule = "late too";
  const auto state = open();
  EXPECT_EQ(state->update(book_, {"late", "late too"}, {late_, again}, clock_.now()).value(), 2);
  EXPECT_EQ(state->update(book_, {"late", "late too"}, {}, clock_.now()).value(), 2);
}

TEST_F(AlertMemory, WaitsLongerAfterEachFailureAndGivesUpAfterADay) {
  const auto state = open();
  update(*state, {late_});
  const Time begun = clock_.now();
  std::vector<int64_t> minutes;
  while (clock_.now() - begun < 30h) {
    if (const auto notice = state->claim("team", clock_.now()).value()) {
      minutes.push_back(std::chrono::duration_cast<std::chrono::minutes>(clock_.now() - begun).count());
      ASSERT_THAT(state->not_delivered(notice->number, "no answer", clock_.now()), IsOk());
    }
    clock_.turn(1min);
  }
  ASSERT_GE(minutes.size(), 9u);
  EXPECT_THAT(std::vector(minutes.begin(), minutes.begin() + 9),
              ElementsAre(0, 1, 3, 7, 15, 31, 63, 123, 183));
  EXPECT_LE(minutes.back(), 25 * 60);
  EXPECT_EQ(state->counts().value().given_up, 1);
  const Json told = state->open_troubles().value()[0]["told"];
  EXPECT_EQ(told[1]["state"], "given_up");
  EXPECT_EQ(told[1]["why"], "no answer");
  update(*state, {});
  EXPECT_THAT(deliver_all(*state, "team"), IsEmpty());  // who never heard of it need not hear that it healed
  EXPECT_THAT(deliver_all(*state, "ops"), SizeIs(2));
}

TEST_F(AlertMemory, TheEndNeverComesBeforeTheBeginning) {
  const auto state = open();
  update(*state, {late_});
  const auto begin = state->claim("team", clock_.now()).value();
  ASSERT_THAT(state->not_delivered(begin->number, "no answer", clock_.now()), IsOk());
  update(*state, {});
  EXPECT_FALSE(state->claim("team", clock_.now()).value());
  clock_.turn(1min);
  EXPECT_THAT(deliver_all(*state, "team"), ElementsAre("open late shop", "healed late shop"));
}

TEST_F(AlertMemory, AClockSetBackLosesNoNotice) {
  const auto state = open();
  update(*state, {late_});
  clock_.turn(-24h);
  EXPECT_THAT(deliver_all(*state, "team"), SizeIs(1));
}

TEST_F(AlertMemory, AHappeningIsToldOnceAndNeverHeals) {
  const auto state = open();
  const Trouble change{"late", "schema_change r1", "a change", ""};
  EXPECT_EQ(state->happened(book_, change, clock_.now()).value(), 2);
  EXPECT_EQ(state->happened(book_, change, clock_.now()).value(), 0);
  EXPECT_EQ(update(*state, {}), 0);
  EXPECT_THAT(deliver_all(*state, "ops"), ElementsAre("happened schema_change r1"));
}

/// A watch on a history, whose deliveries are kept.
class Watching : public Alerts {
 protected:
  void SetUp() override {
    Alerts::SetUp();
    history_ = open_run_history(folder_ / "runs.db").value();
  }
  void TearDown() override {
    watch_.reset();
    history_.reset();
    Alerts::TearDown();
  }

  void start() {
    WatchOptions options;
    options.book = book_;
    options.project = "house";
    options.file = folder_ / "alerts.db";
    options.workflows = {"refresh"};
    options.freshness = [this] { return freshness_; };
    options.version = [this]() -> Result<std::optional<int>> { return version_; };
    options.measure = [this](const std::string&, const std::string&) {
      ++asked_;
      return value_;
    };
    options.receipt = [this](const std::string&) -> Result<Json> { return receipt_; };
    options.warn = [this](const Error& error) {
      const std::lock_guard lock(mutex_);
      warnings_.push_back(error.message);
    };
    options.deliver = [this](const Notice& notice, const Channel& channel) -> Result<> {
      const std::lock_guard lock(mutex_);
      if (channel.name == refusing_) return fail(ErrorKind::kUnavailable, "no answer");
      told_[channel.name].push_back(std::string(name_of(notice.kind)) + " " + notice.trouble.key);
      return {};
    };
    watch_ = Watch::open(std::move(options), *history_, clock_).value();
  }

  std::vector<std::string> look(const std::string& channel = "team") {
    watch_->look();
    EXPECT_THAT(watch_->settle(60s), IsOk());
    const std::lock_guard lock(mutex_);
    return std::exchange(told_[channel], {});
  }
  void end(RunState state) {
    const auto run = history_->begin({.workflow = "refresh"}, 0, clock_).value();
    clock_.turn(1s);
    ASSERT_THAT(history_->end(run.id, state, 0, "why", clock_), IsOk());
  }

  std::unique_ptr<RunHistory> history_;
  std::unique_ptr<Watch> watch_;
  Result<std::vector<Freshness>> freshness_ = std::vector<Freshness>{};
  std::optional<int> version_ = 1;
  Result<std::optional<double>> value_ = std::optional(0.1);
  std::atomic<int> asked_ = 0;
  Json receipt_ = Json::object();
  std::mutex mutex_;
  std::string refusing_;
  std::map<std::string, std::vector<std::string>> told_;
  std::vector<std::string> warnings_;
};

TEST_F(Watching, TellsOfAFailureOnceAndOfItsHealingAlsoAcrossRestarts) {
  start();
  EXPECT_THAT(look(), IsEmpty());
  end(RunState::kFailed);
  EXPECT_THAT(look(), ElementsAre("open failed refresh"));
  end(RunState::kFailed);
  EXPECT_THAT(look(), IsEmpty());
  watch_.reset();
  start();
  EXPECT_THAT(look(), IsEmpty());
  end(RunState::kCancelled);
  EXPECT_THAT(look(), IsEmpty());
  end(RunState::kSucceeded);
  EXPECT_THAT(look(), ElementsAre("healed failed refresh"));
}

TEST_F(Watching, SeesThroughManyCancelledRuns) {
  end(RunState::kFailed);
  for (int i = 0; i < 60; ++i) end(RunState::kCancelled);
  start();
  EXPECT_THAT(look(), ElementsAre("open failed refresh"));
}

TEST_F(Watching, SeesALongRunEndBehindManyShortOnes) {
  const auto run = history_->begin({.workflow = "refresh"}, 0, clock_).value();
  start();
  EXPECT_THAT(look(), IsEmpty());
  for (int i = 0; i < 60; ++i) {
    const auto other = history_->begin({.workflow = "other"}, 0, clock_).value();
    ASSERT_THAT(history_->end(other.id, RunState::kSucceeded, 0, "", clock_), IsOk());
  }
  EXPECT_THAT(look(), IsEmpty());
  ASSERT_THAT(history_->end(run.id, RunState::kFailed, 0, "", clock_), IsOk());
  EXPECT_THAT(look(), ElementsAre("open failed refresh"));
}

TEST_F(Watching, ADeadChannelHoldsUpNoOther) {
  refusing_ = "team";
  freshness_ = std::vector{Freshness{.name = "shop", .max_age = 1s, .late = true}};
  start();
  EXPECT_THAT(look("ops"), ElementsAre("open late shop"));
  EXPECT_THAT(look("team"), IsEmpty());
  EXPECT_EQ(watch_->counts().value().waiting, 1);
  {
    const std::lock_guard lock(mutex_);
    EXPECT_THAT(warnings_, ElementsAre("no answer"));
    refusing_ = "";
  }
  clock_.turn(1h);
  EXPECT_THAT(look("team"), ElementsAre("open late shop"));
}

TEST_F(Watching, FreshnessThatCannotBeReadHealsNothingAndWarnsOnce) {
  freshness_ = std::vector{Freshness{.name = "shop", .max_age = 1s, .late = true}};
  start();
  EXPECT_THAT(look(), ElementsAre("open late shop"));
  freshness_ = fail(ErrorKind::kBusy, "the catalog is busy");
  EXPECT_THAT(look(), IsEmpty());
  EXPECT_THAT(look(), IsEmpty());
  EXPECT_THAT(warnings_, ElementsAre("the catalog is busy"));
  freshness_ = std::vector<Freshness>{};
  EXPECT_THAT(look(), ElementsAre("healed late shop"));
}

TEST_F(Watching, AsksAMeasureOnceAVersion) {
  book_.rules = {
      {.name = "churn", .on = AlertKind::kMetric, .measure = "churn", .above = 0.2, .to = {"team"}}};
  start();
  EXPECT_THAT(look(), IsEmpty());
  value_ = std::optional(0.3);
  EXPECT_THAT(look(), IsEmpty());  // the same version
  version_ = 2;
  EXPECT_THAT(look(), ElementsAre("open metric churn"));
  EXPECT_EQ(asked_, 2);
  version_ = 3;
  value_ = std::optional<double>();  // cannot be known: nothing has healed
  EXPECT_THAT(look(), IsEmpty());
  version_ = 4;
  value_ = fail(ErrorKind::kQuery, "no such column");
  EXPECT_THAT(look(), IsEmpty());
  value_ = std::optional(0.2);
  EXPECT_THAT(look(), ElementsAre("healed metric churn"));
}

TEST_F(Watching, TellsOfSchemaChangesButNotOfThoseBefore) {
  book_.rules = {{.name = "schema", .on = AlertKind::kSchemaChange, .to = {"team"}}};
  receipt_ =
      Json::parse(R"({"changes": [{"what": "gone column", "table": "t", "subject": "c", "detail": ""}]})");
  end(RunState::kSucceeded);
  clock_.turn(1s);
  start();
  EXPECT_THAT(look(), IsEmpty());
  end(RunState::kCheckFailed);
  EXPECT_THAT(look(), SizeIs(1));
  EXPECT_THAT(look(), IsEmpty());
  watch_.reset();
  start();
  EXPECT_THAT(look(), IsEmpty());
}

TEST_F(Watching, NumbersNeverFallAndAreEscaped) {
  RunNumbers numbers;
  for (int i = 0; i < 3; ++i) end(RunState::kSucceeded);
  end(RunState::kFailed);
  const auto open = history_->begin({.workflow = "re\"fr\\esh\n"}, 0, clock_).value();
  ASSERT_THAT(numbers.look(*history_), IsOk());
  const auto text = [&] {
    return render_numbers(
        numbers.shown(), {Freshness{.name = "shop", .newest = clock_.now(), .max_age = 60s, .late = true}},
        {{"refresh", "schedule", clock_.now()}, {"refresh", "schedule", clock_.now() + 1h}}, {1, 2, 3});
  };
  EXPECT_THAT(text(), HasSubstr("reelhouse_runs_total{workflow=\"refresh\",state=\"succeeded\"} 3\n"));
  EXPECT_THAT(text(), HasSubstr("reelhouse_runs_running 1\n"));
  EXPECT_THAT(text(), HasSubstr("reelhouse_run_seconds{workflow=\"refresh\"} 1.000\n"));
  EXPECT_THAT(text(), HasSubstr("reelhouse_freshness_late{dataset=\"shop\"} 1\n"));
  EXPECT_THAT(text(), HasSubstr("reelhouse_trigger_next_timestamp_seconds{workflow=\"refresh\",trigger="
                                "\"schedule\"} 1795327204.000\n"));
  EXPECT_THAT(text(), HasSubstr("reelhouse_alerts_open 1\n"));
  ASSERT_THAT(history_->end(open.id, RunState::kFailed, 0, "", clock_), IsOk());
  ASSERT_THAT(numbers.look(*history_), IsOk());
  ASSERT_THAT(numbers.look(*history_), IsOk());
  EXPECT_THAT(text(),
              HasSubstr("reelhouse_runs_total{workflow=\"re\\\"fr\\\\esh\\n\",state=\"failed\"} 1\n"));
  for (int i = 0; i < 150; ++i) {
    end(RunState::kSucceeded);
    if (i % 40 == 0) {
      ASSERT_THAT(numbers.look(*history_), IsOk());
    }
  }
  ASSERT_THAT(numbers.look(*history_), IsOk());
  ASSERT_THAT(history_->forget({.workflow = "refresh", .runs = 5, .before = ""}), IsOk());
  end(RunState::kSucceeded);
  ASSERT_THAT(numbers.look(*history_), IsOk());
  EXPECT_THAT(text(), HasSubstr("reelhouse_runs_total{workflow=\"refresh\",state=\"succeeded\"} 154\n"));
}

}  // namespace
}  // namespace reelhouse::workflow
