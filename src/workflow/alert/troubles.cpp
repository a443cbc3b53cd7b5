#include "workflow/alert/troubles.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "base/duration.hpp"

namespace reelhouse::workflow {
namespace {

constexpr std::array<std::string_view, 5> kSchemaChanges = {"new table", "gone table", "new column",
                                                            "gone column", "changed type"};
constexpr size_t kMostListed = 20;

/// Tells of a run: which, when it ended, why, and where to look.
std::string detail_of(const Run& run) {
  std::string text = fmt::format("Run {} {}", run.id, run.state == RunState::kDied ? "died" : "ended");
  if (!run.ended.empty()) text += " " + run.ended;
  text += run.message.empty() ? "." : ": " + run.message;
  for (const auto& step : run.steps)
    if (step.parent.empty() && (step.state == RunState::kFailed || step.state == RunState::kCheckFailed))
      text += fmt::format("\nStep {}{}{}", step.name, step.message.empty() ? " failed." : ": ", step.message);
  return text + fmt::format("\nMore: reelhouse runs {}", run.id);
}

Trouble run_trouble(const AlertRule& rule, const Run& run) {
  const bool check = rule.on == AlertKind::kCheckFailed;
  return {rule.name, fmt::format("{} {}", name_of(rule.on), run.workflow),
          fmt::format("{} {}", run.workflow,
                      check                          ? "failed its checks; nothing was published"
                      : run.state == RunState::kDied ? "died"
                                                     : "failed"),
          detail_of(run)};
}

/// Adds a trouble for each table of which a workflow's newest run stopped a delivery.
void add_stopped(const AlertRule& rule, const Outcome& outcome, const DatasetOf& dataset_of,
                 std::vector<Trouble>& troubles) {
  if (!outcome.check_failed || !outcome.stopped.is_array()) return;
  std::map<std::string, std::string> words;
  for (const Json& loss : outcome.stopped) {
    if (!loss.is_object() || !loss.contains("words") || !loss["words"].is_array()) continue;
    const std::string table = loss.value("table", "");
    if (!rule.covers(table) && !(dataset_of && rule.covers(dataset_of(table)))) continue;
    for (const Json& line : loss["words"])
      if (line.is_string()) words[table] += line.get<std::string>() + "\n";
  }
  for (const auto& [table, text] : words) {
    const std::string key = "stopped " + table;
    if (std::ranges::any_of(
            troubles, [&](const Trouble& known) { return known.rule == rule.name && known.key == key; }))
      continue;
    troubles.push_back(
        {rule.name, key, fmt::format("a delivery of {} was stopped; nothing was published", table),
         text + fmt::format("Run {}. Deliver it again, or let it in: reelhouse run --accept {}",
                            outcome.check_failed->id, table)});
  }
}

Trouble late_trouble(const AlertRule& rule, const Freshness& late) {
  std::string detail =
      late.newest ? fmt::format("Its newest data are of {}, {} old; it promises at most {}.",
                                to_iso(*late.newest), duration_text(late.age), duration_text(late.max_age))
                  : fmt::format("It is not there at all; it promises to be at most {} old.",
                                duration_text(late.max_age));
  if (!late.is_dataset && !late.datasets.empty())
    detail += fmt::format("\nIt stands on: {}.", fmt::join(late.datasets, ", "));
  if (late.is_dataset && !late.tables.empty())
    detail += fmt::format("\nPublished tables that stand on it: {}.", fmt::join(late.tables, ", "));
  return {rule.name, "late " + late.name, late.name + " is late", detail};
}

std::string line_of(const Json& change) {
  const std::string subject = change.value("subject", "");
  const std::string detail = change.value("detail", "");
  return fmt::format("{}: {}{}{}", change.value("table", ""), change.value("what", ""),
                     subject.empty() ? "" : " " + subject, detail.empty() ? "" : " (" + detail + ")");
}

}  // namespace

Outcome outcome_since_success(const std::string& workflow, const std::vector<Run>& newest_first) {
  Outcome outcome;
  outcome.workflow = workflow;
  for (const Run& run : newest_first) {
    if (run.workflow != workflow) continue;
    if (run.state == RunState::kSucceeded) {
      outcome.decided = true;
      break;
    }
    const bool failed = run.state == RunState::kFailed || run.state == RunState::kDied;
    if (failed && !outcome.failed) outcome.failed = run;
    if (run.state == RunState::kCheckFailed && !outcome.check_failed) outcome.check_failed = run;
  }
  return outcome;
}

std::vector<Trouble> troubles_of(const AlertBook& book, const std::vector<Outcome>& outcomes,
                                 const std::vector<Freshness>& freshness, const DatasetOf& dataset_of) {
  std::vector<Trouble> troubles;
  for (const AlertRule& rule : book.rules) {
    if (rule.on == AlertKind::kFailed || rule.on == AlertKind::kCheckFailed)
      for (const Outcome& outcome : outcomes) {
        const auto& run = rule.on == AlertKind::kFailed ? outcome.failed : outcome.check_failed;
        if (run && rule.covers(outcome.workflow)) troubles.push_back(run_trouble(rule, *run));
      }
    if (rule.on == AlertKind::kStopped)
      for (const Outcome& outcome : outcomes) add_stopped(rule, outcome, dataset_of, troubles);
    if (rule.on == AlertKind::kLate)
      for (const Freshness& each : freshness)
        if (each.late && rule.covers(each.name)) troubles.push_back(late_trouble(rule, each));
  }
  return troubles;
}

std::optional<Trouble> metric_trouble(const AlertRule& rule, double value) {
  const bool above = rule.above && value > *rule.above;
  const bool below = rule.below && value < *rule.below;
  if (!above && !below) return std::nullopt;
  const std::string subject =
      rule.filter.empty() ? rule.measure : fmt::format("{} where {}", rule.measure, rule.filter);
  const double limit = above ? *rule.above : *rule.below;
  const char* side = above ? "above" : "below";
  return Trouble{rule.name, "metric " + rule.name, fmt::format("{} is {} {}", subject, side, limit),
                 fmt::format("{} is {:.6g}, which is {} {}.", subject, value, side, limit)};
}

std::optional<Trouble> schema_trouble(const AlertRule& rule, const std::string& run, const Json& changes,
                                      const DatasetOf& dataset_of) {
  std::vector<std::string> lines;
  if (!changes.is_array()) return std::nullopt;
  for (const Json& change : changes) {
    if (!change.is_object()) continue;
    const std::string what = change.value("what", "");
    const std::string table = change.value("table", "");
    if (std::ranges::find(kSchemaChanges, what) == kSchemaChanges.end()) continue;
    if (rule.covers(table) || (dataset_of && rule.covers(dataset_of(table))))
      lines.push_back(line_of(change));
  }
  if (lines.empty()) return std::nullopt;
  std::string title = lines.size() == 1 ? "schema change in " + lines.front()
                                        : fmt::format("{} schema changes", lines.size());
  const size_t left = lines.size() > kMostListed ? lines.size() - kMostListed : 0;
  lines.resize(lines.size() - left);
  std::string detail = fmt::format("{}", fmt::join(lines, "\n"));
  if (left > 0) detail += fmt::format("\n... and {} more", left);
  return Trouble{rule.name, "schema_change " + run, std::move(title),
                 detail + fmt::format("\nRun {}. More: reelhouse runs {} --receipt", run, run)};
}

}  // namespace reelhouse::workflow
