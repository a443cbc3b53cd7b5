#include <algorithm>
#include <deque>

#include "workflow/define/checks.hpp"

#include "lake/keys.hpp"

namespace reelhouse::workflow {
namespace {

/// One workflow that starts another.
struct Start {
  size_t from = 0;
  size_t to = 0;
  std::string where;
  std::string step;    ///< that fetches; empty for an `after` trigger
  std::string prefix;  ///< of the lake that it writes to
};

bool overlap(const std::string& one, const std::string& other) {
  return one.starts_with(other) || other.starts_with(one);
}

class Loops {
 public:
  Loops(const std::vector<Workflow>& workflows, const ProjectNames& names)
      : workflows_(workflows), names_(names) {
    for (size_t i = 0; i < workflows.size(); ++i) places_.emplace(workflows[i].name, i);
    for (size_t i = 0; i < workflows.size(); ++i)
      for (const auto& trigger : workflows[i].triggers) {
        if (trigger.after)
          if (const auto from = places_.find(trigger.after->workflow); from != places_.end())
            starts_.push_back({from->second, i, trigger.where, "", ""});
        if (trigger.objects && (trigger.objects->created || trigger.objects->changed))
          watch(trigger.objects->prefix, i);
      }
  }

  std::set<std::string> find(std::vector<Error>& problems) {
    keep_circles();
    std::set<std::string> found;
    for (const auto& start : starts_) {
      if (found.contains(workflows_[start.from].name)) continue;
      const auto circle = circle_over(start);
      if (circle.empty()) continue;
      for (const auto* each : circle) found.insert(workflows_[each->from].name);
      problems.push_back(problem_of(circle));
    }
    return found;
  }

 private:
  /// Notes which workflows fetch into a prefix that workflow `to` watches.
  void watch(const std::string& prefix, size_t to) {
    for (const auto& fetch : fetches())
      if (overlap(prefix, fetch.prefix))
        starts_.push_back({fetch.from, to, fetch.where, fetch.step, fetch.prefix});
  }

  const std::vector<Start>& fetches() {
    if (known_fetches_) return fetches_;
    known_fetches_ = true;
    for (size_t i = 0; i < workflows_.size(); ++i)
      for (const auto& step : workflows_[i].steps) {
        if (step.kind != StepKind::kFetch) continue;
        for (const auto& dataset : step.what.empty() ? names_.fetched : step.what)
          fetches_.push_back({i, 0, step.where, step.name, std::string(lake::kRaw) + dataset + "/"});
      }
    return fetches_;
  }

  /// Drops what lies in no circle: again and again what begins at a workflow that nothing starts, or ends at
  /// one that starts nothing.
  void keep_circles() {
    for (size_t before = starts_.size() + 1; before != starts_.size();) {
      before = starts_.size();
      std::set<size_t> started;
      std::set<size_t> starting;
      for (const auto& each : starts_) {
        started.insert(each.to);
        starting.insert(each.from);
      }
      std::erase_if(starts_, [&](const Start& each) {
        return !started.contains(each.from) || !starting.contains(each.to);
      });
    }
  }

  /// Finds the shortest circle that begins with `first`; empty when there is none.
  std::vector<const Start*> circle_over(const Start& first) const {
    std::map<size_t, const Start*> came_by = {{first.to, &first}};
    std::deque<size_t> waiting = {first.to};
    while (!waiting.empty() && waiting.front() != first.from) {
      for (const auto& start : starts_)
        if (start.from == waiting.front() && came_by.emplace(start.to, &start).second)
          waiting.push_back(start.to);
      waiting.pop_front();
    }
    std::vector<const Start*> circle;
    if (waiting.empty()) return circle;
    size_t at = first.from;
    do {
      circle.push_back(came_by.at(at));
      at = circle.back()->from;
    } while (at != first.from);
    std::ranges::reverse(circle);
    return circle;
  }

  Error problem_of(const std::vector<const Start*>& circle) const {
    const auto fetch = std::ranges::find_if(circle, [](const Start* each) { return !each->step.empty(); });
    if (fetch != circle.end() && circle.size() == 1)
      return {
          ErrorKind::kProject,
          fmt::format("step '{}' writes to {}, which a trigger of the same workflow watches: every run would "
                      "start the next",
                      (*fetch)->step, (*fetch)->prefix),
          "Watch what it does not fetch, or move the fetch to a workflow that a schedule starts.",
          (*fetch)->where};
    std::string path = workflows_[circle.front()->from].name;
    for (const auto* each : circle) {
      if (!each->step.empty()) path += fmt::format(" (fetches {})", each->prefix);
      path += " -> " + workflows_[each->to].name;
    }
    return {ErrorKind::kProject, "workflows would start each other without end: " + path,
            "Take one of the triggers out.", circle.front()->where};
  }

  const std::vector<Workflow>& workflows_;
  const ProjectNames& names_;
  std::map<std::string, size_t> places_;
  std::vector<Start> starts_;
  std::vector<Start> fetches_;
  bool known_fetches_ = false;
};

}  // namespace

std::set<std::string> check_loops(const std::vector<Workflow>& workflows, const ProjectNames& names,
                                  std::vector<Error>& problems) {
  return Loops(workflows, names).find(problems);
}

}  // namespace reelhouse::workflow
