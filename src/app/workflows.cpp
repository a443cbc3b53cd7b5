#include <algorithm>
#include <iostream>

#include "app/command.hpp"
#include "base/duration.hpp"
#include "base/near_miss.hpp"
#include "engine/engine.hpp"
#include "workflow/trigger/book.hpp"

namespace reelhouse::app {
namespace {

using engine::Cell;
using workflow::Condition;
using workflow::Workflow;

constexpr int kMostFirings = 10000;

const char* word_of(Condition::Are are) {
  switch (are) {
    case Condition::Are::kSucceeded:
      return "succeeded";
    case Condition::Are::kFailed:
      return "failed";
    case Condition::Are::kCheckFailed:
      return "check_failed";
    case Condition::Are::kEnded:
      break;
  }
  return "ended";
}

/// Says what starts a run: "15 6 * * * Europe/Madrid", "objects below raw/".
std::string words_of(const workflow::Trigger& trigger) {
  if (trigger.schedule) return fmt::format("{} {}", trigger.schedule->cron.text(), trigger.schedule->zone);
  if (trigger.objects) return "objects below " + trigger.objects->prefix;
  if (trigger.after) return fmt::format("after {} {}", trigger.after->workflow, word_of(trigger.after->are));
  return "http, signed with $" + (trigger.http ? trigger.http->secret_variable : "");
}

std::string words_of(const workflow::StepDefinition& step) {
  const std::string kind = name_of(step.kind);
  if (step.kind == workflow::StepKind::kCommand) return step.command;
  const std::string what = step.what.empty() ? "all" : fmt::format("{}", fmt::join(step.what, ", "));
  return step.to.empty() ? fmt::format("{} {}", kind, what)
                         : fmt::format("{} {} to {} as {}", kind, what, step.to, step.as);
}

std::string words_of(const Condition& after) {
  if (after.steps.empty()) return "";
  std::string steps = fmt::format("{}", fmt::join(after.steps, ", "));
  if (after.of == Condition::Of::kAll && after.are == Condition::Are::kSucceeded) return steps;
  const char* many = after.steps.size() == 1 ? "" : after.of == Condition::Of::kAny ? "any of " : "all of ";
  return fmt::format("{}{} {}", many, steps, word_of(after.are));
}

/// Works out the next firings of some workflows' schedules.
Result<std::vector<workflow::NextFiring>> next_firings(const std::vector<Workflow>& workflows, Time now,
                                                       int count) {
  RH_ASSIGN(const auto book, workflow::TriggerBook::open(workflows, {}));
  return book.next_firings(now, count);
}

/// A row a workflow, with its newest run.
Result<engine::Rows> list_workflows(project::Project& project, const std::vector<Workflow>& workflows,
                                    Time now) {
  engine::Rows rows;
  rows.columns = {{"workflow", "VARCHAR"},   {"steps", "BIGINT", true}, {"triggers", "VARCHAR"},
                  {"next", "VARCHAR"},       {"last_run", "VARCHAR"},   {"last_state", "VARCHAR"},
                  {"description", "VARCHAR"}};
  std::shared_ptr<workflow::RunHistory> history;
  if (project.has_history()) {
    RH_ASSIGN(history, project.history());
  }
  for (const auto& workflow : workflows) {
    std::vector<std::string> triggers;
    for (const auto& trigger : workflow.triggers) triggers.push_back(words_of(trigger));
    RH_ASSIGN(const auto next, next_firings({workflow}, now, 1));
    std::vector<workflow::Run> runs;
    if (history != nullptr) {
      RH_ASSIGN(runs, history->list(1, workflow.name));
    }
    rows.rows.push_back({workflow.name, static_cast<int64_t>(workflow.steps.size()),
                         engine::text_or_null(fmt::format("{}", fmt::join(triggers, "; "))),
                         next.empty() ? Cell{} : Cell{to_iso(next.front().at)},
                         runs.empty() ? Cell{} : Cell{runs.front().id},
                         runs.empty() ? Cell{} : Cell{std::string(name_of(runs.front().state))},
                         engine::text_or_null(workflow.description)});
  }
  return rows;
}

/// A row a step of one workflow.
engine::Rows list_steps(const Workflow& workflow) {
  engine::Rows rows;
  rows.columns = {{"step", "VARCHAR"},    {"does", "VARCHAR"},         {"after", "VARCHAR"},
                  {"timeout", "VARCHAR"}, {"retries", "BIGINT", true}, {"always", "BOOLEAN"}};
  for (const auto& step : workflow.steps)
    rows.rows.push_back({step.name, words_of(step), engine::text_or_null(words_of(step.after)),
                         step.timeout.count() > 0 ? Cell{duration_text(step.timeout)} : Cell{},
                         int64_t{step.retries.times}, step.always});
  return rows;
}

/// A row a firing, by time.
engine::Rows list_firings(const std::vector<workflow::NextFiring>& firings,
                          const std::vector<Workflow>& workflows) {
  engine::Rows rows;
  rows.columns = {
      {"at", "VARCHAR"}, {"workflow", "VARCHAR"}, {"trigger", "VARCHAR"}, {"schedule", "VARCHAR"}};
  for (const auto& firing : firings) {
    const auto workflow = std::ranges::find(workflows, firing.workflow, &Workflow::name);
    Cell words;
    if (workflow != workflows.end())
      for (const auto& trigger : workflow->triggers)
        if (trigger.name == firing.trigger) words = words_of(trigger);
    rows.rows.push_back({to_iso(firing.at), firing.workflow, firing.trigger, words});
  }
  return rows;
}

void say_triggers(const Workflow& workflow) {
  std::cerr << workflow.name << (workflow.description.empty() ? "" : ": " + workflow.description) << "\n";
  for (const auto& trigger : workflow.triggers)
    std::cerr << fmt::format("trigger {}: {}\n", trigger.name, words_of(trigger));
  if (workflow.triggers.empty())
    std::cerr << fmt::format("no trigger: it runs when it is asked to, reelhouse run {}\n", workflow.name);
}

Result<int> show(const GlobalFlags& flags, const std::string& name, int next, bool asks_next) {
  RH_ASSIGN(const auto project, open_project(flags));
  std::vector<Error> problems;
  std::vector<Workflow> workflows;
  if (name.empty()) {
    const auto read = project->workflows();
    workflows = read->all;
    problems = read->problems;
  } else {
    RH_ASSIGN(auto found, project->workflow(name));
    workflows.push_back(std::move(found));
  }
  const SystemClock clock;
  if (asks_next) {
    RH_ASSIGN(const auto firings, next_firings(workflows, clock.now(), next));
    print_rows(list_firings(firings, workflows), flags.output());
  } else if (!name.empty()) {
    if (!flags.quiet) say_triggers(workflows.front());
    print_rows(list_steps(workflows.front()), flags.output());
  } else {
    RH_ASSIGN(const auto rows, list_workflows(*project, workflows, clock.now()));
    print_rows(rows, flags.output());
  }
  for (const auto& problem : problems) std::cerr << problem.to_string() << "\n";
  return problems.empty() ? kDone : kWrongUsage;
}

}  // namespace

void add_workflows(CLI::App& app, const GlobalFlags& flags) {
  auto* command = app.add_subcommand("workflows", "Workflows, what starts them, when they run next");
  auto name = std::make_shared<std::string>();
  auto next = std::make_shared<int>(0);
  command->add_option("name", *name, "Workflow whose steps to show");
  auto* option = command->add_option("--next", *next, "List so many next firings of every schedule")
                     ->check(CLI::Range(1, kMostFirings));
  command->footer(
      "Examples:\n"
      "  reelhouse workflows\n"
      "  reelhouse workflows refresh\n"
      "  reelhouse workflows --next 10\n\n"
      "Times are UTC. 'reelhouse serve' starts runs as triggers ask; 'reelhouse run NAME' starts one now.");
  on_run(*command, [&flags, name, next, option] { return show(flags, *name, *next, option->count() > 0); });
}

}  // namespace reelhouse::app
