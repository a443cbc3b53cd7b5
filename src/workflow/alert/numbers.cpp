#include "workflow/alert/numbers.hpp"

#include "base/prometheus.hpp"

namespace reelhouse::workflow {
namespace {

constexpr int kFirst = 2000;    ///< runs read at the first look
constexpr int kRunsRead = 100;  ///< runs read at the others

double unix_seconds(Time time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

/// Renders whole numbers without an exponent, which a time stamp would get.
std::string number(double value) {
  return fmt::format("{:.3f}", value);
}

void add_runs(Prometheus& numbers, const RunNumbers::Shown& runs) {
  auto& ended = numbers.family("reelhouse_runs_total", "counter", "Runs that have ended, by how.");
  for (const auto& [key, count] : runs.ended)
    ended.sample({{"workflow", key.first}, {"state", key.second}}, count);
  auto& last =
      numbers.family("reelhouse_run_last_end_timestamp_seconds", "gauge", "When a run last ended so.");
  for (const auto& [key, time] : runs.last_end)
    last.sample({{"workflow", key.first}, {"state", key.second}}, number(unix_seconds(time)));
  auto& took = numbers.family("reelhouse_run_seconds", "gauge", "How long the newest ended run took.");
  auto& steps =
      numbers.family("reelhouse_step_seconds", "gauge", "How long each step of the newest ended run took.");
  for (const auto& [workflow, newest] : runs.newest) {
    if (newest.seconds) took.sample({{"workflow", workflow}}, number(*newest.seconds));
    for (const auto& [step, seconds] : newest.steps)
      steps.sample({{"workflow", workflow}, {"step", step}}, number(seconds));
  }
  numbers.family("reelhouse_runs_queued", "gauge", "Runs that wait to be started.").sample({}, runs.queued);
  numbers.family("reelhouse_runs_running", "gauge", "Runs that are under way.").sample({}, runs.running);
}

void add_freshness(Prometheus& numbers, const std::vector<Freshness>& freshness) {
  auto& age = numbers.family("reelhouse_freshness_age_seconds", "gauge",
                             "Age of a dataset, or of a model that promises one.");
  auto& late = numbers.family("reelhouse_freshness_late", "gauge",
                              "1 when it is older than promised; only of what promises.");
  for (const auto& each : freshness) {
    if (each.newest) age.sample({{"dataset", each.name}}, each.age.count());
    if (each.max_age > Seconds(0)) late.sample({{"dataset", each.name}}, each.late ? 1 : 0);
  }
}

}  // namespace

Result<> RunNumbers::look(const RunHistory& history) {
  const std::lock_guard lock(mutex_);
  RH_ASSIGN(const int64_t change, history.change_count());
  if (change == seen_change_) return {};
  RH_ASSIGN(auto runs, history.list(seen_change_ ? kRunsRead : kFirst));
  std::set<std::string> listed;
  for (const Run& run : runs) listed.insert(run.id);
  for (const auto& id : open_) {
    if (listed.contains(id)) continue;
    auto run = history.find(id);
    if (run)
      runs.push_back(std::move(*run));
    else if (run.error().kind != ErrorKind::kNotFound)
      return fail(std::move(run).error());
  }
  const std::set<std::string> were_open = std::move(open_);
  open_.clear();
  shown_.queued = 0;
  shown_.running = 0;
  for (const Run& run : runs) {
    shown_.queued += run.state == RunState::kQueued ? 1 : 0;
    shown_.running += run.state == RunState::kRunning ? 1 : 0;
    if (!has_ended(run.state)) {
      open_.insert(run.id);
    } else if ((run.id >= counted_from_ && !counted_.contains(run.id)) || were_open.contains(run.id)) {
      take(run);
      counted_.insert(run.id);
    }
  }
  // Ids begin with their time. Retention brings older ones back among the newest: those were counted.
  if (listed.size() >= kRunsRead) {
    counted_from_ = std::max(counted_from_, *listed.begin());
    counted_.erase(counted_.begin(), counted_.lower_bound(counted_from_));
  }
  seen_change_ = change;
  return {};
}

void RunNumbers::take(const Run& run) {
  const std::pair<std::string, std::string> key{run.workflow, name_of(run.state)};
  ++shown_.ended[key];
  const auto ended = parse_iso(run.ended);
  if (!ended) return;
  const auto [last, is_new] = shown_.last_end.emplace(key, *ended);
  if (!is_new) last->second = std::max(last->second, *ended);
  if (run.state == RunState::kSkipped) return;
  RunNumbers::Newest& newest = shown_.newest[run.workflow];
  if (run.id < newest.id) return;
  newest = {run.id, std::nullopt, {}};
  if (const auto started = parse_iso(run.started))
    newest.seconds = std::chrono::duration<double>(*ended - *started).count();
  for (const Step& step : run.steps)
    if (step.parent.empty() && step.state != RunState::kSkipped && step.kept_from.empty())
      newest.steps.emplace_back(step.name, step.seconds);
}

RunNumbers::Shown RunNumbers::shown() const {
  const std::lock_guard lock(mutex_);
  return shown_;
}

std::string render_numbers(const RunNumbers::Shown& runs, const std::vector<Freshness>& freshness,
                           const std::vector<NextFiring>& firings, const AlertCounts& alerts) {
  Prometheus numbers;
  add_runs(numbers, runs);
  add_freshness(numbers, freshness);
  auto& next =
      numbers.family("reelhouse_trigger_next_timestamp_seconds", "gauge", "When a schedule fires next.");
  std::set<std::pair<std::string, std::string>> seen;
  for (const auto& firing : firings)
    if (seen.emplace(firing.workflow, firing.trigger).second)
      next.sample({{"workflow", firing.workflow}, {"trigger", firing.trigger}},
                  number(unix_seconds(firing.at)));
  numbers.family("reelhouse_alerts_open", "gauge", "Troubles that alerts.yml watches and that are there now.")
      .sample({}, alerts.open);
  numbers.family("reelhouse_notices_undelivered", "gauge", "Notices of alerts that wait to be delivered.")
      .sample({}, alerts.waiting);
  numbers.family("reelhouse_notices_given_up", "gauge", "Notices that could not be delivered within a day.")
      .sample({}, alerts.given_up);
  return numbers.text();
}

}  // namespace reelhouse::workflow
