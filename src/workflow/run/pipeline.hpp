#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/result.hpp"
#include "catalog/catalog.hpp"
#include "model/checks.hpp"
#include "model/share.hpp"
#include "warehouse/versions.hpp"
#include "workflow/history/runs.hpp"

namespace reelhouse::workflow {

/// Where a run reads and writes, and what it does.
struct PipelineOptions {
  /// Reads sources, seeds and models; asked once a pipeline. Errors: kProject.
  std::function<Result<model::Project>()> load;
  std::filesystem::path project;
  std::string lake;
  std::filesystem::path store;
  std::string store_bucket;  ///< where the store is shared with other machines; empty = `store` is all of it
  warehouse::WarehouseOptions warehouse;
  std::filesystem::path catalog;        ///< file
  std::filesystem::path objects;        ///< folder for copies of a bucket's objects
  std::filesystem::path spill;          ///< folder of the engine's
  std::filesystem::path steps;          ///< folder for what running steps write
  std::filesystem::path lock;           ///< file; held while a pipeline is open
  std::filesystem::path last_publish;   ///< file: what the newest version was made of
  std::filesystem::path passed_checks;  ///< file
  std::filesystem::path receipts;       ///< folder
  std::vector<std::string> exclude;
  int keep_versions = 5;
  std::vector<std::string> select;  ///< models; empty = all
  std::vector<std::string> accept;  ///< tables of which a delivery is let in that lost more than it may
  bool full_refresh = false;
  bool publishes = true;     ///< so whether it may is found out before the build
  int threads = 0;           ///< 0 = one a core
  std::string memory_limit;  ///< of the engine; empty = its default
};

/// What the phases of a run did.
struct PipelineResult {
  int version = 0;         ///< published by this run; 0 = none
  bool unchanged = false;  ///< nothing had changed, so nothing was built or published
  size_t built = 0;
  size_t known = 0;
  std::vector<model::CheckResult> checks;
  std::vector<model::ObjectAccount> objects;
  std::vector<model::Loss> losses;  ///< more than go without saying
  uint64_t repaired = 0;
  uint64_t lost_values = 0;
  std::vector<catalog::Change> changes;
};

/// Says one line of what happens to a person.
using Say = std::function<void(const std::string&)>;
/// Tells one part of a phase: the build of one model.
using TellPart = std::function<void(Step)>;

/// The phases of one project in one process, each at most once a run, one at a time. A phase that stands on
/// another which this process did not run (a resumed run) takes that one's result from the catalog and the
/// store. Holds the project's lock until destroyed.
/// Errors of the phases: kProject, kNotFound (no lake), kFull, kInterrupted, kBusy (the lake changed in the
/// middle) and others: the published version stays, and the next run goes on from what was built.
class Pipeline {
 public:
  /// Takes the locks of project and store; while another run holds them, asks `wait` every fifth of a second
  /// whether to go on waiting (null: not at all). Errors: kBusy (another run), kUsage, kPermission.
  static Result<std::unique_ptr<Pipeline>> open(PipelineOptions options, const Clock& clock, Say say,
                                                TellPart tell, const std::function<bool()>& wait);
  virtual ~Pipeline() = default;
  /// Names the run that versions and receipts belong to; before the first phase.
  virtual void name_run(const std::string& run) = 0;

  /// Catalogs what lies in the lake. Returns the number of records.
  virtual Result<uint64_t> crawl() = 0;
  /// Builds what changed of the selection, after judging the deliveries. Returns the number of models built.
  /// Errors: also kCheckFailed.
  virtual Result<uint64_t> build() = 0;
  /// Runs the checks of what was built. Returns their number. Errors: also kCheckFailed.
  virtual Result<uint64_t> check() = 0;
  /// Publishes a new version of what passed its checks (which are run here when this process did not), or
  /// nothing when nothing has changed. Returns the number of tables. Errors: also kProject (a model that was
  /// not selected is not built).
  virtual Result<uint64_t> publish() = 0;

  /// Writes the receipt of a run that has ended, and returns it; a disk that is full must not hide why it ended.
  virtual Json write_receipt(const Run& run, const std::string& error) = 0;
  virtual const PipelineResult& result() const = 0;
};

}  // namespace reelhouse::workflow
