#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "model/build_mirror.hpp"

namespace reelhouse::model {

/// What is known of one build of a model, kept beside its Parquet as _build.json.
struct BuildRecord {
  std::string model;
  std::string fingerprint;
  uint64_t rows = 0;                        ///< kept
  uint64_t rejected = 0;                    ///< by the model's own rules
  std::map<std::string, uint64_t> repairs;  ///< by kind
  double seconds = 0;
  std::vector<std::pair<std::string, std::string>> columns;  ///< name, type
  std::map<std::string, uint64_t> lost;  ///< values of kept rows that became null, by delivered column
  /// What became of the values of one delivered column in the kept rows of one object.
  struct Values {
    uint64_t given = 0;
    uint64_t lost = 0;
    uint64_t line = 0;  ///< of the first that was lost
    std::string example;
  };
  struct ObjectCount {
    uint64_t kept = 0;
    uint64_t rejected = 0;
    uint64_t doubles = 0;                       ///< rejected ones that are the same as a kept one
    std::map<std::string, Values> values = {};  ///< by column; of those that lost any in the build
  };
  std::map<std::string, ObjectCount> objects;  ///< by key, for models that keep `_object`
  std::map<std::string, uint64_t> files;       ///< name -> bytes, set by Curated::finish
};

/// The curated tables of a store: `curated/<model>/<fingerprint>/` holds part-*.parquet, and beside
/// them _rejected.parquet, _repaired.parquet and _lost.parquet (where there are any) and _build.json. A folder is
/// there whole or not at all. Where the store lies in a bucket, the folder is what this machine has of it.
class Curated {
 public:
  /// `mirror` outlives this; null where the store is a folder.
  explicit Curated(const std::filesystem::path& store, const BuildMirror* mirror = nullptr)
      : root_(store / "curated"), mirror_(mirror) {}

  /// Reads the record of a finished build, which is brought from the mirror when it is there alone; nothing
  /// when there is none, or it cannot be read or had, or a file of it has another size: it is then built
  /// again.
  std::optional<BuildRecord> find(const std::string& model, const std::string& fingerprint) const;
  std::filesystem::path folder(const std::string& model, const std::string& fingerprint) const;
  /// Makes an empty folder to build in, on the same file system. Errors: kPermission, kFull.
  Result<std::filesystem::path> begin(const std::string& model, const std::string& fingerprint) const;
  /// Writes the record and moves the folder to its place, replacing an older build. Nothing is synced:
  /// after a power cut a torn build shows by its files' sizes, and is built again. The mirror has it before
  /// this returns. Errors: kPermission, kFull, and those of BuildMirror::store.
  Result<> finish(const std::filesystem::path& building, BuildRecord record) const;
  /// Removes what processes that died left behind. Call while holding the run's lock.
  void remove_leftovers() const;
  /// Removes all but the `keep` newest builds of each model, and never one in `needed` ("model/print").
  void remove_old(size_t keep, const std::vector<std::string>& needed) const;

 private:
  std::optional<BuildRecord> read(const std::string& model, const std::string& fingerprint) const;
  bool bring(const std::string& model, const std::string& fingerprint) const;

  std::filesystem::path root_;
  const BuildMirror* mirror_;
};

Json to_json(const BuildRecord& record);

}  // namespace reelhouse::model
