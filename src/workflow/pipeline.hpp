#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/result.hpp"
#include "catalog/catalog.hpp"
#include "model/checks.hpp"
#include "warehouse/versions.hpp"
#include "workflow/runs.hpp"

namespace reelhouse::workflow {

/// Where a run reads and writes, and what it does.
struct PipelineOptions {
  std::filesystem::path project;
  std::string lake;
  std::filesystem::path store;
  std::string store_bucket;  ///< where the store is shared with other machines; empty = `store` is all of it
  warehouse::WarehouseOptions warehouse;
  std::filesystem::path state;  ///< folder of the catalog, the runs and the locks
  std::vector<std::string> exclude;
  int keep_versions = 5;
  std::vector<std::string> select;  ///< models; empty = all. With a selection nothing is published
  bool full_refresh = false;
  int threads = 0;           ///< 0 = one a core
  std::string memory_limit;  ///< of the engine; empty = its default
};

/// How a run ended. `receipt` is what was written to `<store>/receipts/<run>.json`.
struct PipelineResult {
  std::string run;
  RunState state = RunState::kSucceeded;
  int version = 0;         ///< published by this run; 0 = none
  bool unchanged = false;  ///< nothing had changed, so nothing was built or published
  size_t built = 0;
  size_t known = 0;
  std::vector<model::CheckResult> checks;
  std::vector<model::ObjectAccount> objects;
  std::vector<catalog::Change> changes;
  Json receipt;
};

/// Says one line of what happens to a person.
using Say = std::function<void(const std::string&)>;

/// Crawls, builds, checks and publishes, leaving a receipt and a run in the history whatever happens.
/// A failed check of severity error ends as RunState::kCheckFailed with nothing published; it is no
/// Error. Errors: kBusy (another run), kProject, kNotFound (no lake), kFull, kInterrupted and others:
/// the published version stays, and the next run goes on from what was built.
Result<PipelineResult> run_pipeline(const PipelineOptions& options, const Clock& clock, const Say& say);

}  // namespace reelhouse::workflow
