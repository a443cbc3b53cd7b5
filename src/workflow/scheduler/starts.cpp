#include "workflow/scheduler/starts.hpp"

#include <algorithm>
#include <set>

namespace reelhouse::workflow {
namespace {

/// Runs of every workflow that run or are about to; each once, although the history knows ours as well.
std::map<std::string, int> count_running(const Queue& queue) {
  std::map<std::string, int> running;
  std::set<std::string> ours;
  for (const auto& process : queue.processes)
    if (ours.insert(process.run).second) ++running[process.workflow];
  for (const auto& run : queue.running)
    if (!ours.contains(run.id)) ++running[run.workflow];
  return running;
}

}  // namespace

NextStarts next_starts(const Queue& queue, const std::vector<Workflow>& workflows,
                       const StartLimits& limits) {
  std::map<std::string, int> running = count_running(queue);
  size_t processes = queue.processes.size();
  NextStarts next;
  for (const auto& run : queue.queued) {
    if (std::ranges::find(queue.processes, run.id, &StartedProcess::run) != queue.processes.end()) continue;
    const auto workflow = std::ranges::find(workflows, run.workflow, &Workflow::name);
    if (workflow == workflows.end() && !queue.is_whole) {
      next.waits.push_back(run.id);
      continue;
    }
    if (workflow == workflows.end()) {
      next.close.push_back(
          {run, RunState::kFailed, fmt::format("there is no workflow '{}' any more", run.workflow)});
      continue;
    }
    int& beside = running[run.workflow];
    if (beside >= workflow->at_once) {
      if (workflow->skip_when_busy)
        next.close.push_back({run, RunState::kSkipped, "another run of this workflow was running"});
      else
        next.waits.push_back(run.id);
      continue;
    }
    const auto starts = queue.starts.find(run.id);
    if (starts != queue.starts.end() && starts->second >= limits.starts) {
      next.close.push_back({run, RunState::kFailed, "its process ended again and again before it began"});
      continue;
    }
    if (processes >= limits.processes) {
      next.waits.push_back(run.id);
      continue;
    }
    next.start.push_back(run);
    ++beside;
    ++processes;
  }
  return next;
}

}  // namespace reelhouse::workflow
