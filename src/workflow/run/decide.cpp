#include "workflow/run/decide.hpp"

#include <algorithm>
#include <set>

namespace reelhouse::workflow {
namespace {

using States = std::map<std::string, RunState>;

enum class Answer { kYes, kNotYet, kNever };

/// Tells how a step stands. One that the workflow does not have will never run: it counts as skipped.
RunState state_of(const States& states, const std::string& step) {
  const auto found = states.find(step);
  return found == states.end() ? RunState::kSkipped : found->second;
}

bool is_as_wanted(RunState state, Condition::Are are) {
  switch (are) {
    case Condition::Are::kSucceeded:
      return state == RunState::kSucceeded;
    case Condition::Are::kFailed:
      return state == RunState::kFailed || state == RunState::kCheckFailed || state == RunState::kDied;
    case Condition::Are::kCheckFailed:
      return state == RunState::kCheckFailed;
    case Condition::Are::kEnded:
      return has_ended(state);
  }
  return false;
}

Answer may_start(const StepDefinition& step, const States& states) {
  if (step.after.steps.empty()) return Answer::kYes;
  const Condition::Are are = step.always ? Condition::Are::kEnded : step.after.are;
  const bool any = step.after.of == Condition::Of::kAny && !step.always;
  size_t wanted = 0;
  size_t open = 0;
  for (const auto& name : step.after.steps) {
    const RunState state = state_of(states, name);
    if (is_as_wanted(state, are))
      ++wanted;
    else if (!has_ended(state))
      ++open;
  }
  if (any) return wanted > 0 ? Answer::kYes : open > 0 ? Answer::kNotYet : Answer::kNever;
  const size_t lost = step.after.steps.size() - wanted - open;
  return lost > 0 ? Answer::kNever : open > 0 ? Answer::kNotYet : Answer::kYes;
}

/// Decides one step that waits; false when it has to wait on.
bool decide_step(const StepDefinition& step, bool cancelled, States& states, std::set<std::string>& ready) {
  const Answer answer = cancelled && !step.always ? Answer::kNever : may_start(step, states);
  if (answer == Answer::kNotYet) return false;
  if (answer == Answer::kYes)
    ready.insert(step.name);
  else
    states[step.name] = RunState::kSkipped;
  return true;
}

}  // namespace

Decision decide(const Workflow& workflow, const States& given, bool cancelled) {
  States states;
  for (const auto& step : workflow.steps) {
    const auto known = given.find(step.name);
    states[step.name] = known == given.end() ? RunState::kQueued : known->second;
  }
  const auto waits = [&](const StepDefinition& step, const std::set<std::string>& ready) {
    return states.at(step.name) == RunState::kQueued && !ready.contains(step.name);
  };
  std::set<std::string> ready;
  // A step that is skipped decides others: on until a round decides nothing.
  for (bool decided = true; decided;) {
    decided = false;
    for (const auto& step : workflow.steps)
      if (waits(step, ready) && decide_step(step, cancelled, states, ready)) decided = true;
  }
  const bool runs =
      std::ranges::any_of(states, [](const auto& each) { return each.second == RunState::kRunning; });
  // Steps that wait for each other would wait for ever. Validation refuses them; a run ends all the same.
  if (!runs && ready.empty())
    for (const auto& step : workflow.steps)
      if (waits(step, ready)) states[step.name] = RunState::kSkipped;

  Decision decision;
  for (const auto& step : workflow.steps) {
    const auto before = given.find(step.name);
    const bool waited = before == given.end() || before->second == RunState::kQueued;
    if (ready.contains(step.name)) decision.ready.push_back(step.name);
    if (waited && states.at(step.name) == RunState::kSkipped) decision.skipped.push_back(step.name);
  }
  decision.done = !runs && ready.empty();
  return decision;
}

RunState outcome_of(const States& states, bool cancelled) {
  const auto any = [&](std::initializer_list<RunState> wanted) {
    return std::ranges::any_of(states,
                               [&](const auto& each) { return std::ranges::count(wanted, each.second) > 0; });
  };
  if (cancelled) return RunState::kCancelled;
  if (any({RunState::kFailed, RunState::kDied})) return RunState::kFailed;
  if (any({RunState::kCheckFailed})) return RunState::kCheckFailed;
  if (any({RunState::kCancelled})) return RunState::kCancelled;
  return RunState::kSucceeded;
}

States resumed_states(const Workflow& workflow, const Run& before) {
  States states;
  for (const auto& step : workflow.steps) states[step.name] = RunState::kQueued;
  for (const auto& step : before.steps)
    if (step.parent.empty() && step.state == RunState::kSucceeded && states.contains(step.name))
      states[step.name] = RunState::kSucceeded;
  // What follows a step that runs again runs again, a handler of its failure too.
  for (bool changed = true; changed;) {
    changed = false;
    for (const auto& step : workflow.steps) {
      if (states.at(step.name) == RunState::kQueued) continue;
      const bool follows = std::ranges::any_of(step.after.steps, [&](const std::string& each) {
        return state_of(states, each) != RunState::kSucceeded;
      });
      if (!follows) continue;
      states[step.name] = RunState::kQueued;
      changed = true;
    }
  }
  return states;
}

}  // namespace reelhouse::workflow
