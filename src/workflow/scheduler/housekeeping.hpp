#pragma once

#include <filesystem>
#include <vector>

#include "workflow/define/definition.hpp"
#include "workflow/history/runs.hpp"

namespace reelhouse::workflow {

/// Where a run leaves files besides its row in the history: `<run>.jsonl`, `<run>.json`.
struct RunFolders {
  std::filesystem::path logs;
  std::filesystem::path receipts;
};

/// Removes history, logs and receipts beyond what each workflow keeps; 500 runs and 90 days of `default` and
/// of workflows that are gone. The newest `versions` runs that published stay, for so many versions are
/// kept, and their numbers lead back to these receipts. Receipts in a bucket are left to its lifecycle rules.
/// Errors: as RunHistory. A file that cannot be removed stays.
Result<> keep_house(RunHistory& history, const std::vector<Workflow>& workflows, const RunFolders& folders,
                    int versions, const Clock& clock);

}  // namespace reelhouse::workflow
