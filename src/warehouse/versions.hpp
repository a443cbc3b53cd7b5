#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/result.hpp"
#include "engine/engine.hpp"

namespace reelhouse::warehouse {

/// One table to publish: the Parquet files of a model's build.
struct PublishedTable {
  std::string name;
  std::string fingerprint;
  std::vector<std::filesystem::path> files;
  std::string description;
  std::vector<std::pair<std::string, std::string>> column_descriptions;
  uint64_t rows = 0;  ///< expected; publishing fails when the written table has another count
  std::string note;   ///< what whoever asks this table should know: a dataset that is not in the lake
};

struct Version {
  int number = 0;
  std::string run;      ///< run id
  std::string created;  ///< ISO time
  bool current = false;
  struct Table {
    std::string name;
    std::string fingerprint;
    uint64_t rows = 0;
    std::string note;  ///< as PublishedTable::note
  };
  std::vector<Table> tables;  ///< sorted by name
  uint64_t bytes = 0;
};

/// The folder of published versions. Several processes may read at any time; one publishes.
class Warehouse {
 public:
  explicit Warehouse(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// Writes a new version and makes it current, as design/architecture says: a file under a new name,
  /// columns and tables commented, checkpointed, closed, no .wal left, opened read-only and counted,
  /// synced, CURRENT renamed. Removes leftovers of processes that died, and versions beyond `keep`
  /// (never the current one). On any error the old version stays and nothing is left behind.
  /// Errors: kBusy, kFull, kPermission, kQuery, kInterrupted, kDamaged (a count that differs).
  Result<Version> publish(const std::vector<PublishedTable>& tables, const std::string& run, int keep,
                          const Clock& clock);
  /// Makes an earlier version current: `number`, or the newest below the current one when 0.
  /// Errors: kNotFound (lists what there is), kBusy, kDamaged.
  Result<Version> roll_back(int number);
  /// Lists versions, newest first; empty when nothing was published. Errors: kDamaged, kPermission.
  Result<std::vector<Version>> versions() const;
  /// The current version. Errors: kNotFound ("nothing is published yet", hint: reelhouse run).
  Result<Version> current() const;
  /// Opens the current version read-only and locked down (no file access, no settings).
  /// Errors: as current(); kDamaged.
  Result<std::unique_ptr<engine::Database>> open_current() const;
  /// Opens a database in memory with the current version attached to it read-only, as `warehouse`, for who
  /// keeps tables of its own beside it; locks nothing down yet. Writes the version to `opened`.
  /// Errors: as current(); kDamaged.
  Result<std::unique_ptr<engine::Database>> attach_current(Version& opened) const;

 private:
  std::filesystem::path folder_;
};

}  // namespace reelhouse::warehouse
