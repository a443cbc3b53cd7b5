#include <gmock/gmock.h>

#include <algorithm>
#include <random>
#include <set>

#include "workflow/define/wall_clock_oracle.hpp"
#include "workflow/trigger/book.hpp"

namespace reelhouse::workflow {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_days;

const sys_days kFirst = std::chrono::year{2025} / 1 / 1;
const sys_days kLast = std::chrono::year{2027} / 1 / 1;

/// Random numbers; a failure tells the seed.
class Dice {
 public:
  explicit Dice(unsigned seed) : engine_(seed) {}
  int64_t upto(int64_t most) { return std::uniform_int_distribution<int64_t>(0, most)(engine_); }
  bool one_in(int64_t count) { return upto(count - 1) == 0; }
  template <typename List>
  const auto& of(const List& list) {
    return list[static_cast<size_t>(upto(static_cast<int64_t>(list.size()) - 1))];
  }

 private:
  std::mt19937_64 engine_;
};

const std::vector<std::string> kZones = {"UTC",
                                         "Europe/Madrid",
                                         "Europe/London",
                                         "Europe/Dublin",
                                         "America/New_York",
                                         "Asia/Kolkata",
                                         "America/Los_Angeles",
                                         "Australia/Lord_Howe",
                                         "Asia/Beirut",
                                         "Africa/Cairo",
                                         "Asia/Kathmandu",
                                         "America/Santiago",
                                         "Africa/Casablanca",
                                         "Pacific/Chatham",
                                         "America/Havana",
                                         "America/Nuuk",
                                         "Antarctica/Troll",
                                         "Asia/Gaza"};

/// An expression that is often due where clocks jump: in the first four hours, on Sundays.
std::string random_expression(Dice& dice) {
  const auto number = [&](int64_t most) { return std::to_string(dice.upto(most)); };
  static const std::vector<std::string> kMinutes = {"*/15", "0",        "30", "0,30",
                                                    "*/7",  "10-50/20", "59", "1-3"};
  static const std::vector<std::string> kHours = {"*",   "*/2", "0",     "1",    "2",  "3",
                                                  "0-4", "23",  "1-3/2", "2,14", "*/5"};
  static const std::vector<std::string> kDays = {"*", "*", "*", "*/2", "1", "31", "1-7", "25-31"};
  static const std::vector<std::string> kMonths = {"*", "*", "*", "3", "3,4,10,11", "*/3"};
  static const std::vector<std::string> kWeekdays = {"*", "*", "*", "0", "7", "1-5", "*/2", "5-7"};
  const std::string minute = dice.one_in(3) ? number(59) : dice.of(kMinutes);
  const std::string hour = dice.one_in(3) ? number(23) : dice.of(kHours);
  return minute + " " + hour + " " + dice.of(kDays) + " " + dice.of(kMonths) + " " + dice.of(kWeekdays);
}

WallClockOracle& oracle() {
  static WallClockOracle made(kFirst, kLast);
  return made;
}

TEST(TriggerSimulation, CronAgreesWithAWalkOverEveryMinute) {
  for (unsigned seed = 1; seed <= 150; ++seed) {
    Dice dice(seed);
    const std::string expression = random_expression(dice);
    const std::string& zone_name = dice.of(kZones);
    const auto zone = Zone::find(zone_name).value();
    const auto cron = Cron::parse(expression);
    if (!cron) continue;  // such as the 31st of months that have none
    std::vector<Time> found;
    const Time begin = Time(kFirst) - 1ms;
    for (auto next = cron->next(begin, zone); next && *next < Time(kLast); next = cron->next(*next, zone))
      found.push_back(*next);
    const auto expected = oracle().firings(expression, zone_name);
    const auto [one, other] = std::ranges::mismatch(found, expected);
    ASSERT_EQ(found, expected) << "seed " << seed << ": " << expression << " in " << zone_name
                               << ", first at " << (one == found.end() ? "the end" : to_iso(*one))
                               << " instead of " << (other == expected.end() ? "the end" : to_iso(*other));
    // And asked at any moment, not only at the firing before.
    for (int ask = 0; ask < 200; ++ask) {
      const Time at = Time(kFirst) + std::chrono::milliseconds(dice.upto(((kLast - kFirst) / 1ms) - 1));
      const auto next = std::ranges::upper_bound(expected, at);
      if (next == expected.end()) continue;
      ASSERT_EQ(cron->next(at, zone), *next)
          << "seed " << seed << ": " << expression << " in " << zone_name << " after " << to_iso(at);
    }
  }
}

TEST(TriggerSimulation, CronAgreesWhereCalendarsJumped) {
  struct Place {
    const char* zone;
    int year;
  };
  for (const Place& place :
       {Place{"Pacific/Apia", 2011}, Place{"America/Sao_Paulo", 2017}, Place{"Asia/Pyongyang", 2015},
        Place{"America/Caracas", 2016}, Place{"Pacific/Kwajalein", 1993}, Place{"Asia/Manila", 1978},
        Place{"Europe/Lisbon", 1992}, Place{"Antarctica/Casey", 2020}}) {
    WallClockOracle years(std::chrono::year{place.year} / 1 / 1, std::chrono::year{place.year + 2} / 1 / 1);
    const auto zone = Zone::find(place.zone).value();
    for (const char* expression : {"0 0 * * *", "30 0 * * *", "15 2 * * *", "0 6 21 8 *", "0 6 30 12 *",
                                   "*/30 * * * *", "10 */3 * * *", "0,20,40 0-3 * * 0", "45 23 * * *"}) {
      const auto expected = years.firings(expression, place.zone);
      std::vector<Time> found;
      Time at = sys_days(std::chrono::year{place.year} / 1 / 1) - 1ms;
      while (found.size() < expected.size()) {
        at = Cron::parse(expression)->next(at, zone).value();
        found.push_back(at);
      }
      EXPECT_EQ(found, expected) << expression << " in " << place.zone;
    }
  }
}

/// What was kept: marks, and the requests in their order.
struct Kept {
  std::map<std::string, std::string> marks;
  std::vector<RunRequest> runs;

  void keep(const Firings& firings) {
    for (const auto& mark : firings.marks) marks[mark.trigger] = mark.content;
    runs.insert(runs.end(), firings.runs.begin(), firings.runs.end());
  }
};

/// One schedule as the simulation knows it: its firings by the oracle, and what has been looked at.
struct Expectation {
  Missed missed;
  std::vector<Time> dues;
  std::optional<Time> until;
  size_t accounted = 0;  ///< firings of `dues` that ran, or were told as missed

  /// What has to happen when it is looked at `now`: "due" or "skipped due".
  std::vector<std::string> look(Time now) {
    if (!until) {
      until = now;
      return {};
    }
    const auto first = std::ranges::upper_bound(dues, *until);
    const auto last = std::ranges::upper_bound(dues, now);
    if (first >= last) return {};
    until = *(last - 1);
    std::vector<std::string> runs;
    std::optional<Time> skipped;
    bool any_late = false;
    for (auto due = first; due != last; ++due) {
      const bool late = now - *due > 60s;
      any_late = any_late || late;
      if (late && missed == Missed::kSkip)
        skipped = *due;
      else if (late || !(missed == Missed::kLatest && any_late))
        runs.push_back(to_iso(*due));
    }
    if (missed == Missed::kLatest && any_late) runs = {to_iso(*(last - 1))};
    if (missed == Missed::kAll && runs.size() > 1000) {
      skipped = *(last - 1001);
      runs.erase(runs.begin(), runs.end() - 1000);
      runs.insert(runs.begin(), "skipped");
    } else if (skipped) {
      runs.insert(runs.begin(), "skipped " + to_iso(*skipped));
    }
    accounted += static_cast<size_t>(last - first);
    return runs;
  }
};

/// A process that looks after schedules for two years, badly.
class Simulation {
 public:
  explicit Simulation(unsigned seed) : dice_(seed) {
    for (int index = 0; index < 10; ++index) {
      Workflow workflow;
      workflow.name = "w" + std::to_string(index);
      Trigger trigger;
      trigger.name = "schedule";
      std::optional<Cron> cron;
      std::string text;
      while (!cron) {
        text = random_expression(dice_);
        if (auto parsed = Cron::parse(text)) cron = *parsed;
      }
      const auto missed = static_cast<Missed>(dice_.upto(2));
      const std::string& zone = dice_.of(kZones);
      trigger.schedule = ScheduleTrigger{*cron, zone, missed};
      workflow.triggers.push_back(trigger);
      workflows_.push_back(workflow);
      expected_[workflow.name] = {missed, oracle().firings(text, zone), {}, 0};
    }
    start();
  }

  void run() {
    while (time_ < Time(kLast) - 24h * 30) {
      const Time clock = time_ + skew_;
      const bool dies_before = dice_.one_in(400);
      const auto firings = book_->due(clock);
      if (dies_before) {
        restart();
        continue;
      }
      kept_.keep(firings);
      compare(firings, clock);
      if (testing::Test::HasFailure()) return;
      if (dice_.one_in(400)) restart();
      if (dice_.one_in(1000)) skew_ = std::chrono::minutes(dice_.upto(24 * 60 * 2) - 24 * 60);
      sleep();
    }
    finish();
  }

 private:
  void start() { book_.emplace(TriggerBook::open(workflows_, kept_.marks).value()); }

  void restart() {
    start();
    const int64_t kind = dice_.upto(9);
    if (kind == 0)
      time_ += std::chrono::hours(dice_.upto(24 * 20));
    else if (kind < 5)
      time_ += std::chrono::minutes(dice_.upto(300));
    else
      time_ += std::chrono::milliseconds(dice_.upto(90'000));
  }

  /// Sleeps until the next firing that is expected, at most a day, and a little too long.
  void sleep() {
    const Time clock = time_ + skew_;
    auto nap = std::chrono::milliseconds(24h);
    for (const auto& [name, expectation] : expected_) {
      const auto next = std::ranges::upper_bound(expectation.dues, std::max(clock, *expectation.until));
      if (next != expectation.dues.end()) nap = std::min(nap, *next - clock);
    }
    time_ += nap + std::chrono::milliseconds(dice_.one_in(20) ? dice_.upto(100'000) : dice_.upto(500));
  }

  void compare(const Firings& firings, Time clock) {
    std::map<std::string, std::vector<std::string>> came;
    for (const auto& run : firings.runs) {
      const bool skipped = run.state == RunState::kSkipped;
      EXPECT_LE(run.cause.due, to_iso(clock)) << "early";
      EXPECT_TRUE(skipped || ran_.insert(run.workflow + " " + run.cause.due).second) << "twice";
      came[run.workflow].push_back((skipped ? "skipped " : "") + run.cause.due);
    }
    for (auto& [name, expectation] : expected_) {
      auto wanted = expectation.look(clock);
      auto& found = came[name];
      if (!wanted.empty() && wanted[0] == "skipped" && !found.empty()) wanted[0] = found[0];
      EXPECT_EQ(found, wanted) << name << " at " << to_iso(clock);
    }
  }

  void finish() {
    for (const auto& [name, expectation] : expected_) {
      const auto begun = std::ranges::upper_bound(expectation.dues, Time(kFirst) + 3h);
      const auto end = std::ranges::upper_bound(expectation.dues, *expectation.until);
      EXPECT_EQ(expectation.accounted, static_cast<size_t>(std::max<int64_t>(0, end - begun)))
          << name << " lost some";
    }
  }

  Dice dice_;
  std::vector<Workflow> workflows_;
  std::map<std::string, Expectation> expected_;
  Kept kept_;
  std::set<std::string> ran_;
  std::optional<TriggerBook> book_;
  Time time_ = Time(kFirst) + 3h;
  std::chrono::milliseconds skew_{0};
};

TEST(TriggerSimulation, TwoYearsOfSchedulesLoseDoubleAndHastenNothing) {
  for (unsigned seed = 1; seed <= 40; ++seed) {
    Simulation(seed).run();
    ASSERT_FALSE(HasFailure()) << "seed " << seed;
  }
}

using Lake = std::map<std::string, std::string>;

Lake below(const Lake& lake, const std::string& prefix) {
  Lake part;
  for (const auto& [key, etag] : lake)
    if (key.starts_with(prefix)) part[key] = etag;
  return part;
}

/// Objects come, change and go; processes die; what runs were told must add up to what lies there.
class ObjectSimulation {
 public:
  explicit ObjectSimulation(unsigned seed) : dice_(seed) {
    for (const char* prefix : {"raw/a/", "raw/", "raw/b/", "raw/a/x"}) {
      Workflow workflow;
      workflow.name = "w" + std::to_string(workflows_.size());
      Trigger trigger;
      trigger.name = "objects";
      trigger.objects = ObjectsTrigger{.prefix = prefix};
      trigger.objects->count = static_cast<int>(dice_.upto(1) * dice_.upto(5));
      trigger.objects->wait = Seconds(dice_.upto(1) * 60);
      workflow.triggers.push_back(trigger);
      workflows_.push_back(workflow);
    }
  }

  void run() {
    for (int count = 0; count < 5; ++count) change();
    start();
    look(true);
    ASSERT_TRUE(kept_.runs.empty()) << "it ran because it was deployed";
    for (const auto& workflow : workflows_) told_[workflow.name] = below(lake_, prefix_of(workflow));
    for (int step = 0; step < 400 && !testing::Test::HasFailure(); ++step) {
      for (int64_t changes = dice_.upto(3); changes > 1; --changes) change();
      now_ += std::chrono::seconds(dice_.upto(20));
      look(!dice_.one_in(3));
      if (dice_.one_in(10)) start();
    }
    now_ += 61s;
    look(false, false);
    for (const auto& workflow : workflows_) {
      const auto& trigger = *workflow.triggers[0].objects;
      const bool settled = trigger.wait.count() > 0 || trigger.count == 0;
      EXPECT_TRUE(!settled || told_[workflow.name] == below(seen_, trigger.prefix)) << trigger.prefix;
    }
  }

 private:
  static std::string prefix_of(const Workflow& workflow) { return workflow.triggers[0].objects->prefix; }
  void start() { book_.emplace(TriggerBook::open(workflows_, kept_.marks).value()); }

  void change() {
    const std::string key = std::string("raw/") + (dice_.one_in(2) ? "a/" : "b/") +
                            (dice_.one_in(2) ? "x" : "y") + std::to_string(dice_.upto(9));
    if (dice_.one_in(3))
      lake_.erase(key);
    else
      lake_[key] = std::to_string(++etag_);
  }

  void look(bool list, bool may_die = true) {
    std::vector<lake::ObjectInfo> objects;
    for (const auto& [key, etag] : lake_) objects.push_back({key, 1, etag, {}});
    const auto firings = list ? book_->listed("raw/", objects, now_) : book_->due(now_);
    if (may_die && !kept_.marks.empty() && dice_.one_in(10)) return start();  // it died before it kept this
    kept_.keep(firings);
    if (list) seen_ = lake_;
    for (const auto& run : firings.runs) take(run);
  }

  void take(const RunRequest& run) {
    auto& known = told_[run.workflow];
    std::istringstream keys(run.properties.at("trigger.keys"));
    int count = 0;
    for (std::string key; std::getline(keys, key); ++count) {
      const auto there = seen_.find(key);
      if (there == seen_.end()) {
        EXPECT_EQ(known.erase(key), 1U) << run.workflow << " was told for nothing that " << key << " is gone";
      } else {
        EXPECT_NE(known[key], there->second) << run.workflow << " was told again of " << key;
        known[key] = there->second;
      }
    }
    EXPECT_EQ(std::to_string(count), run.properties.at("trigger.count"));
    EXPECT_GT(count, 0);
  }

  Dice dice_;
  std::vector<Workflow> workflows_;
  std::optional<TriggerBook> book_;
  Kept kept_;
  Lake lake_;
  Lake seen_;                         ///< as the newest listing that was kept saw it
  std::map<std::string, Lake> told_;  ///< by workflow: what its runs know to be there
  int etag_ = 0;
  Time now_ = kFirst;
};

TEST(TriggerSimulation, RunsThatObjectsStartedAddUpToTheLake) {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    ObjectSimulation(seed).run();
    ASSERT_FALSE(HasFailure()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace reelhouse::workflow
