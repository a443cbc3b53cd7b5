#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
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
  /// Columns that tell its rows apart and are never null, held by checks; empty = none are known.
  std::vector<std::string> primary_key = {};
  /// Columns whose every value is found in a column of another published table, held by checks.
  struct ForeignKey {
    std::string column;
    std::string table;
    std::string key;
  };
  std::vector<ForeignKey> foreign_keys = {};
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
  std::vector<std::string> remarks = {};  ///< of a publish: what whoever runs it should know
};

/// One line of what `reelhouse doctor` says of a warehouse.
struct Finding {
  enum class State { kOk, kNote, kWrong };
  std::string check;
  State state = State::kOk;
  std::string detail;
};

/// Published versions, one of them current. Several processes may read at any time; one publishes.
/// Thread-safe but for publish, roll_back and tend.
class Warehouse {
 public:
  virtual ~Warehouse() = default;

  /// Names the place for people; no secret is in it.
  virtual std::string name() const = 0;

  /// Writes a new version and makes it current, whole or not at all; old versions beyond `keep` are removed
  /// (never the current one), and what processes that died have left. On any error the old version stays
  /// and, where the place can still be reached, nothing is left behind.
  /// Errors: kBusy, kFull, kPermission, kQuery, kInterrupted, kUnavailable, kDamaged (a count that differs).
  virtual Result<Version> publish(const std::vector<PublishedTable>& tables, const std::string& run, int keep,
                                  const Clock& clock) = 0;
  /// Does what an earlier publish had to leave: old versions that were in use, fixed names that were behind.
  /// Returns what whoever runs it should know. Errors: as publish.
  virtual Result<std::vector<std::string>> tend(int keep) = 0;
  /// Finds out whether a publish may write here, before anybody builds for it; leaves nothing. Errors:
  /// kPermission, kUsage (a place that cannot be published to), kFull, kUnavailable, kNotFound, kInterrupted.
  virtual Result<> check_writable() const = 0;
  /// Makes an earlier version current: `number`, or the newest below the current one when 0.
  /// Errors: kNotFound (lists what there is), kBusy, kDamaged, kUnavailable.
  virtual Result<Version> roll_back(int number) = 0;
  /// Lists versions, newest first; empty when nothing was published.
  /// Errors: kDamaged, kPermission, kUnavailable.
  virtual Result<std::vector<Version>> versions() const = 0;
  /// The current version. Errors: kNotFound ("nothing is published yet", hint: reelhouse run), kUnavailable.
  virtual Result<Version> current() const = 0;
  /// Tells the current version's number cheaply, to be asked often; nothing when none is published.
  /// Errors: kDamaged, kPermission, kUnavailable.
  virtual Result<std::optional<int>> current_number() const = 0;
  /// Opens the current version read-only and locked down (no file access, no settings).
  /// Errors: as current(); kDamaged.
  virtual Result<std::unique_ptr<engine::Database>> open_current() const = 0;
  /// Opens a database in memory with the current version attached to it read-only, as `warehouse`, for who
  /// keeps tables of its own beside it; locks nothing down yet. Writes the version to `opened`.
  /// Errors: as current(); kDamaged.
  virtual Result<std::unique_ptr<engine::Database>> attach_current(Version& opened) const = 0;
  /// Tells whether the place is reachable and well, what lags behind, and why more than `keep` versions stay.
  virtual std::vector<Finding> inspect(int keep) const = 0;
};

/// Where the warehouse is and how it is used. All but `location` matter to PostgreSQL alone.
struct WarehouseOptions {
  std::string location;                      ///< a folder, or a URI: postgresql://user@host/database
  std::filesystem::path cache;               ///< folder for copies of what a server holds
  std::string schema = "reelhouse";          ///< of the fixed names; the other schemas begin with it
  std::string reader;                        ///< role that may read; empty = <schema>_reader
  std::chrono::milliseconds patience{5000};  ///< how long a publish waits to move the fixed names
};

/// True when a location names a server, or a bucket; else it is a folder.
bool is_server(const std::string& location);
bool is_bucket(const std::string& location);

/// Nothing is reached yet. Errors: kUsage (a location or name that cannot be).
Result<std::unique_ptr<Warehouse>> open_warehouse(const WarehouseOptions& options);

}  // namespace reelhouse::warehouse
