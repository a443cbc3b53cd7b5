#include "workflow/trigger/requests.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "workflow/trigger/book.hpp"

namespace reelhouse::workflow {
namespace {

constexpr const char* kNobodyLooked = " while nothing looked after triggers";
constexpr size_t kMost = TriggerBook::kMostMissed;

std::string only_newest() {
  return fmt::format("; only the newest {} are made up for", kMost);
}

/// Describes the firings before `first`, which do not run: "3 firings from ... to ...".
std::string describe_missed(const Overdue& due, size_t first) {
  if (due.more) return fmt::format("more than {} firings until {}", kMost, to_iso(due.at.back()));
  if (first == 1) return "1 firing at " + to_iso(due.at[0]);
  return fmt::format("{} firings from {} to {}", first, to_iso(due.at[0]), to_iso(due.at[first - 1]));
}

RunRequest as_skipped(RunRequest request, std::string message) {
  request.state = RunState::kSkipped;
  request.message = std::move(message);
  return request;
}

}  // namespace

RunRequest request_of(const TriggerOf& trigger, CauseKind kind, const std::string& due, std::string detail) {
  RunRequest request;
  request.workflow = trigger.owner->name;
  request.cause = {kind, trigger.name, due, std::move(detail)};
  request.properties = trigger.owner->properties;
  request.properties["trigger.kind"] = name_of(kind);
  request.properties["trigger.due"] = due;
  return request;
}

void schedule_runs(const TriggerOf& trigger, const ScheduleTrigger& schedule, const Overdue& due, Time now,
                   std::vector<RunRequest>& requests) {
  const auto is_late = [&](Time at) { return now - at > TriggerBook::kGrace; };
  const auto late = static_cast<size_t>(std::ranges::partition_point(due.at, is_late) - due.at.begin());
  const size_t first = first_to_run(due.at.size(), late, schedule.missed);
  const std::string what = fmt::format("{} in {}", schedule.cron.text(), schedule.zone);
  const std::string missed = first > 0 || due.more ? describe_missed(due, first) : "";
  const bool one_for_all = schedule.missed == Missed::kLatest;
  if (!missed.empty() && !one_for_all) {
    const bool skip = schedule.missed == Missed::kSkip;
    const Time newest = first > 0 ? due.at[first - 1] : due.at.front();
    requests.push_back(as_skipped(request_of(trigger, CauseKind::kSchedule, to_iso(newest), what),
                                  "missed " + missed + (skip ? kNobodyLooked : only_newest())));
  }
  for (size_t index = first; index < due.at.size(); ++index)
    requests.push_back(request_of(trigger, CauseKind::kSchedule, to_iso(due.at[index]),
                                  what + (one_for_all && !missed.empty() ? ", also for " + missed : "")));
}

void after_runs(const TriggerOf& trigger, const AfterTrigger& after, const std::vector<const Run*>& ended,
                Time now, std::vector<RunRequest>& requests) {
  const std::string grace = to_iso(now - TriggerBook::kGrace);
  const auto is_late = [&](const Run* run) { return !run->ended.empty() && run->ended < grace; };
  const auto late = static_cast<size_t>(std::ranges::count_if(ended, is_late));
  size_t first = first_to_run(ended.size(), late, after.missed);
  if (after.missed == Missed::kAll && ended.size() > kMost) first = ended.size() - kMost;
  const bool one_for_all = after.missed == Missed::kLatest;
  const auto request = [&](const Run& run) {
    auto made = request_of(trigger, CauseKind::kAfter, run.ended.empty() ? to_iso(now) : run.ended,
                           fmt::format("{} {} {}", run.workflow, run.id, name_of(run.state)));
    made.properties["trigger.workflow"] = run.workflow;
    made.properties["trigger.run"] = run.id;
    if (one_for_all && first > 0)
      made.cause.detail += fmt::format(", also for {} before", counted(first, "end"));
    return made;
  };
  if (first > 0 && !one_for_all)
    requests.push_back(as_skipped(request(*ended[first - 1]),
                                  fmt::format("missed {} of {}", counted(first, "end"), after.workflow) +
                                      (after.missed == Missed::kSkip ? kNobodyLooked : only_newest())));
  for (size_t index = first; index < ended.size(); ++index) requests.push_back(request(*ended[index]));
}

}  // namespace reelhouse::workflow
