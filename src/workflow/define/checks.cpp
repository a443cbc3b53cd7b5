#include "workflow/define/checks.hpp"

#include <algorithm>
#include <optional>

namespace reelhouse::workflow {
namespace {

/// Ways in which a step can have ended, as bits.
enum Way : unsigned { kGood = 1, kBad = 2, kBadCheck = 4, kNeverRan = 8 };

/// What is known of the steps before one at the moment when it starts: how each can have ended.
using Facts = std::map<std::string, unsigned>;

std::string words_of(unsigned ways) {
  std::vector<std::string> words;
  if ((ways & kGood) != 0) words.emplace_back("succeeded");
  if ((ways & kBad) != 0) words.emplace_back("failed");
  if ((ways & kBadCheck) != 0 && (ways & kBad) == 0) words.emplace_back("failed a check");
  if ((ways & kNeverRan) != 0) words.emplace_back("been skipped");
  return fmt::format("{}", fmt::join(words, " or "));
}

unsigned ways_wanted(Condition::Are are) {
  switch (are) {
    case Condition::Are::kSucceeded:
      return kGood;
    case Condition::Are::kFailed:
      return kBad | kBadCheck;
    case Condition::Are::kCheckFailed:
      return kBadCheck;
    case Condition::Are::kEnded:
      break;
  }
  return kGood | kBad | kBadCheck | kNeverRan;
}

/// Follows the steps in an order in which each comes after those that it waits for.
class StepJudge {
 public:
  StepJudge(const Workflow& workflow, std::vector<Error>& problems)
      : workflow_(workflow), problems_(problems) {}

  void judge() {
    for (const auto& step : workflow_.steps)
      if (!visit(step)) return;
    for (const auto* step : order_) work_out(*step);
    const StepDefinition* published = nullptr;
    for (const auto& step : workflow_.steps) {
      if (never_.contains(step.name)) continue;
      if (step.kind == StepKind::kCheck) judge_check(step);
      if (step.kind == StepKind::kPublish) judge_publish(step);
      if (step.kind == StepKind::kPublish && published != nullptr)
        refuse(step, fmt::format("the steps '{}' and '{}' both publish", published->name, step.name),
               "Keep one: a run publishes one version.");
      if (step.kind == StepKind::kPublish) published = &step;
    }
  }

 private:
  void refuse(const StepDefinition& step, std::string message, std::string hint) {
    problems_.push_back({ErrorKind::kProject, std::move(message), std::move(hint), step.where});
  }

  /// Puts a step behind those that it waits for; false when they wait for each other.
  bool visit(const StepDefinition& step) {
    if (std::ranges::find(order_, &step) != order_.end()) return true;
    if (const auto again = std::ranges::find(path_, step.name); again != path_.end()) {
      std::vector<std::string> circle(again, path_.end());
      circle.push_back(step.name);
      std::ranges::reverse(circle);
      refuse(step, fmt::format("steps wait for each other in a circle: {}", fmt::join(circle, " -> ")),
             "Take one of the 'after' out.");
      return false;
    }
    path_.push_back(step.name);
    for (const auto& name : step.after.steps)
      if (const auto* before = workflow_.step(name); before != nullptr && !visit(*before)) return false;
    path_.pop_back();
    order_.push_back(&step);
    return true;
  }

  unsigned ways_to_end(const StepDefinition& step) const {
    if (never_.contains(step.name)) return kNeverRan;
    const bool checks = step.kind == StepKind::kCheck;
    const bool waits = !step.always && !step.after.steps.empty();
    return kGood | kBad | (checks ? kBadCheck : 0U) | (waits ? kNeverRan : 0U);
  }

  /// What has to be true for one step to have ended in one of `wanted` ways; says in `contradiction` why it
  /// cannot be.
  Facts facts_of(const StepDefinition& step, unsigned wanted, std::string& contradiction) const {
    const unsigned ways = ways_to_end(step) & wanted;
    if (ways == 0)
      contradiction = fmt::format("'{}' never ends so: a {} step cannot have {}", step.name,
                                  name_of(step.kind), words_of(wanted));
    Facts facts;
    if (ways != 0 && (ways & kNeverRan) == 0)
      if (const auto started = facts_.find(step.name); started != facts_.end()) facts = started->second;
    facts[step.name] = ways;
    return facts;
  }

  static void both(Facts& facts, const Facts& more, std::string& contradiction) {
    for (const auto& [step, ways] : more) {
      const auto [known, is_new] = facts.emplace(step, ways);
      if (!is_new && (known->second & ways) == 0 && contradiction.empty())
        contradiction = fmt::format("'{}' would have to have {} and to have {}", step,
                                    words_of(known->second), words_of(ways));
      known->second &= ways;
    }
  }

  static Facts either(const Facts& one, const Facts& other) {
    Facts facts;
    for (const auto& [step, ways] : one)
      if (const auto also = other.find(step); also != other.end()) facts[step] = ways | also->second;
    return facts;
  }

  /// Works out what is known when a step starts, and whether it ever can.
  void work_out(const StepDefinition& step) {
    const unsigned wanted = ways_wanted(step.always ? Condition::Are::kEnded : step.after.are);
    const bool any = step.after.of == Condition::Of::kAny && !step.always;
    std::optional<Facts> known;
    std::string contradiction;
    bool blames_another = false;
    for (const auto& name : step.after.steps) {
      const auto* before = workflow_.step(name);
      if (before == nullptr) continue;
      blames_another = blames_another || never_.contains(name);
      std::string impossible;
      const Facts facts = facts_of(*before, wanted, impossible);
      if (!impossible.empty()) contradiction = impossible;
      if (!impossible.empty() && any) continue;
      if (!known)
        known = facts;
      else if (any)
        known = either(*known, facts);
      else
        both(*known, facts, contradiction);
    }
    const bool runs = any ? known.has_value() || step.after.steps.empty() : contradiction.empty();
    if (runs) {
      facts_[step.name] = known.value_or(Facts{});
      return;
    }
    never_.insert(step.name);
    if (!blames_another)
      refuse(step, fmt::format("step '{}' can never run: {}", step.name, contradiction),
             "Change what it waits for ('after'), or take it out.");
  }

  bool surely_succeeded(const std::string& step, const std::string& before) const {
    const auto facts = facts_.find(step);
    if (facts == facts_.end()) return false;
    const auto ways = facts->second.find(before);
    return ways != facts->second.end() && ways->second == kGood;
  }

  /// Lists the steps of a kind; with `before`, only those that have surely succeeded when that step starts.
  std::vector<std::string> steps_of(StepKind kind, const StepDefinition* before = nullptr) const {
    std::vector<std::string> found;
    for (const auto& step : workflow_.steps)
      if (step.kind == kind && (before == nullptr || surely_succeeded(before->name, step.name)))
        found.push_back(step.name);
    return found;
  }

  /// Asks that a step of `kind` has succeeded before `step`.
  bool has_before(const StepDefinition& step, StepKind kind, const std::string& why) {
    if (!steps_of(kind, &step).empty()) return true;
    const auto there = steps_of(kind);
    const std::string word = name_of(kind);
    refuse(step,
           there.empty()
               ? fmt::format("step '{}' {}, but no step of this workflow does {}", step.name, why, word)
               : fmt::format("step '{}' {}, but it may start although '{}' did not succeed", step.name, why,
                             there.front()),
           there.empty() ? fmt::format("Add a {} step and let this one wait for it.", word)
                         : fmt::format("Let it wait: after: {}.", there.front()));
    return false;
  }

  void judge_check(const StepDefinition& step) {
    has_before(step, StepKind::kBuild, "checks what was built");
  }

  void judge_publish(const StepDefinition& step) {
    const std::string why = "publishes what was built and checked";
    if (!has_before(step, StepKind::kCheck, why) || !has_before(step, StepKind::kBuild, why)) return;
    const auto checks = steps_of(StepKind::kCheck, &step);
    for (const auto& build : steps_of(StepKind::kBuild, &step)) {
      const bool checked =
          std::ranges::any_of(checks, [&](const auto& check) { return surely_succeeded(check, build); });
      if (!checked)
        refuse(step,
               fmt::format("step '{}' would publish what '{}' builds after the check", step.name, build),
               fmt::format("Let '{}' wait for '{}'.", checks.front(), build));
    }
  }

  const Workflow& workflow_;
  std::vector<Error>& problems_;
  std::vector<const StepDefinition*> order_;
  std::vector<std::string> path_;
  std::map<std::string, Facts> facts_;
  std::set<std::string> never_;
};

}  // namespace

void check_steps(const Workflow& workflow, std::vector<Error>& problems) {
  StepJudge(workflow, problems).judge();
}

}  // namespace reelhouse::workflow
