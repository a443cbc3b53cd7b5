// Measures the book of triggers of 1,000 workflows with 10,000 triggers over a simulated day: 9,000 schedules
// once a day at every minute of it, in 40 zones, 500 every 15 minutes, 400 after another workflow, and 100
// prefixes with 1,000 objects each, listed every 2 seconds. Says memory, and CPU as a share of a core.
#include <fmt/core.h>
#include <malloc.h>

#include <ctime>

#include "workflow/trigger/book.hpp"

using namespace reelhouse;
using namespace reelhouse::workflow;
using namespace std::chrono_literals;

namespace {

constexpr int kWorkflows = 1000;
constexpr int kPrefixes = 100;
constexpr int kObjects = 1000;
constexpr std::chrono::milliseconds kTick{250};  ///< how often the scheduler asks

double cpu_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

double used_megabytes() {
  return static_cast<double>(::mallinfo2().uordblks) / 1e6;
}

Trigger schedule(const std::string& name, const std::string& cron, const std::string& zone) {
  Trigger trigger;
  trigger.name = name;
  trigger.schedule = ScheduleTrigger{Cron::parse(cron).value(), zone, Missed::kLatest};
  return trigger;
}

std::string prefix_of(int number) {
  return fmt::format("raw/dataset_{:03}/", number);
}

std::vector<Workflow> make_workflows() {
  static const std::vector<std::string> zones = {"UTC",
                                                 "Europe/Madrid",
                                                 "Europe/London",
                                                 "Europe/Berlin",
                                                 "Europe/Paris",
                                                 "Europe/Rome",
                                                 "Europe/Athens",
                                                 "Europe/Kyiv",
                                                 "Europe/Istanbul",
                                                 "America/New_York",
                                                 "America/Denver",
                                                 "America/Bogota",
                                                 "America/Chicago",
                                                 "America/Los_Angeles",
                                                 "America/Sao_Paulo",
                                                 "America/Lima",
                                                 "America/Mexico_City",
                                                 "America/Halifax",
                                                 "America/St_Johns",
                                                 "America/Santiago",
                                                 "Asia/Tokyo",
                                                 "Asia/Kolkata",
                                                 "Asia/Kathmandu",
                                                 "Asia/Dubai",
                                                 "Asia/Karachi",
                                                 "Asia/Dhaka",
                                                 "Asia/Bangkok",
                                                 "Asia/Manila",
                                                 "Asia/Seoul",
                                                 "Asia/Beirut",
                                                 "Africa/Cairo",
                                                 "Africa/Lagos",
                                                 "Africa/Nairobi",
                                                 "Africa/Casablanca",
                                                 "Australia/Sydney",
                                                 "Australia/Lord_Howe",
                                                 "Australia/Perth",
                                                 "Pacific/Auckland",
                                                 "Pacific/Chatham",
                                                 "Pacific/Honolulu"};
  std::vector<Workflow> workflows(kWorkflows);
  for (int number = 0; number < kWorkflows; ++number) {
    auto& workflow = workflows[static_cast<size_t>(number)];
    workflow.name = fmt::format("workflow_{:04}", number);
    for (int daily = 0; daily < 9; ++daily) {
      const int minute = (number * 9 + daily) * 7 % 1440;
      workflow.triggers.push_back(schedule(fmt::format("daily_{}", daily),
                                           fmt::format("{} {} * * *", minute % 60, minute / 60),
                                           zones[static_cast<size_t>(number + daily) % zones.size()]));
    }
    if (number < 500) {
      workflow.triggers.push_back(
          schedule("often", "*/15 * * * *", zones[static_cast<size_t>(number) % zones.size()]));
      continue;
    }
    Trigger trigger;
    trigger.name = "other";
    if (number < 900)
      trigger.after = AfterTrigger{fmt::format("workflow_{:04}", number - 500), {}, Missed::kAll};
    else
      trigger.objects = ObjectsTrigger{.prefix = prefix_of(number - 900), .count = 10, .wait = Seconds(30)};
    workflow.triggers.push_back(trigger);
  }
  return workflows;
}

}  // namespace

int main() {
  const auto workflows = make_workflows();
  std::vector<std::vector<lake::ObjectInfo>> listings(kPrefixes);
  for (int prefix = 0; prefix < kPrefixes; ++prefix)
    for (int object = 0; object < kObjects; ++object)
      listings[static_cast<size_t>(prefix)].push_back(
          {fmt::format("{}drop=2026-01-{:02}/part-{:05}.csv.gz", prefix_of(prefix), object / 100 + 1, object),
           1,
           fmt::format("{:032x}", object * 7919),
           {}});

  std::map<std::string, std::string> marks;
  const auto keep = [&](const Firings& firings) {
    for (const auto& mark : firings.marks) marks[mark.trigger] = mark.content;
    return firings.runs.size();
  };
  const Time begin = std::chrono::sys_days(std::chrono::year{2026} / 10 / 24);
  const double before = used_megabytes();
  double spent = cpu_seconds();
  {
    auto first = TriggerBook::open(workflows, {}).value();
    keep(first.due(begin));
    for (int prefix = 0; prefix < kPrefixes; ++prefix)
      keep(first.listed(prefix_of(prefix), listings[static_cast<size_t>(prefix)], begin));
  }
  fmt::print("first sight of all: {:.0f} ms\n", (cpu_seconds() - spent) * 1e3);
  const double marks_only = used_megabytes();
  spent = cpu_seconds();
  auto book = TriggerBook::open(workflows, marks).value();
  fmt::print("opened from its marks: {:.0f} ms; {:.1f} MB, and {:.1f} MB of marks\n",
             (cpu_seconds() - spent) * 1e3, used_megabytes() - marks_only, marks_only - before);

  size_t runs = 0;
  size_t looks = 0;
  spent = cpu_seconds();
  for (Time now = begin; now < begin + 24h; now += kTick, ++looks) runs += keep(book.due(now));
  const double schedules = cpu_seconds() - spent;
  fmt::print("schedules: {} looks and {} firings in a day, {:.3f} ms of CPU a minute, {:.4f} % of a core\n",
             looks, runs, schedules / 1440 * 1e3, schedules / 86400 * 100);

  constexpr int kRounds = 300;
  spent = cpu_seconds();
  for (int round = 0; round < kRounds; ++round)
    for (int prefix = 0; prefix < kPrefixes; ++prefix)
      keep(book.listed(prefix_of(prefix), listings[static_cast<size_t>(prefix)], begin + 24h));
  const double listing = (cpu_seconds() - spent) / kRounds;
  fmt::print("comparing {} objects: {:.2f} ms, every 2 s {:.3f} % of a core\n", kPrefixes * kObjects,
             listing * 1e3, listing / 2 * 100);

  constexpr int kSteps = 1'000'000;
  const auto cron = Cron::parse("30 2 * * *").value();
  const auto often = Cron::parse("*/5 * * * *").value();
  const auto zone = Zone::find("Europe/Madrid").value();
  for (const auto* each : {&cron, &often}) {
    Time at = begin;
    spent = cpu_seconds();
    for (int step = 0; step < kSteps; ++step) at = step % 10'000 == 0 ? begin : each->next(at, zone).value();
    fmt::print("next of '{}': {:.2f} us\n", each->text(), (cpu_seconds() - spent) / kSteps * 1e6);
  }
}
