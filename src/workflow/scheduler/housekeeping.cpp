#include "workflow/scheduler/housekeeping.hpp"

#include <algorithm>

namespace reelhouse::workflow {

namespace fs = std::filesystem;

Result<> keep_house(RunHistory& history, const std::vector<Workflow>& workflows, const RunFolders& folders,
                    int versions, const Clock& clock) {
  RH_ASSIGN(const auto names, history.workflows());
  for (const auto& name : names) {
    const auto found = std::ranges::find(workflows, name, &Workflow::name);
    const Workflow kept = found == workflows.end() ? Workflow{} : *found;
    const auto before = to_iso(clock.now() - std::chrono::days(kept.keep_days));
    RH_ASSIGN(const auto forgotten, history.forget({name, kept.keep_runs, before, versions}));
    std::error_code code;
    for (const auto& run : forgotten) {
      fs::remove(folders.logs / (run + ".jsonl"), code);
      fs::remove(folders.receipts / (run + ".json"), code);
    }
  }
  return {};
}

}  // namespace reelhouse::workflow
