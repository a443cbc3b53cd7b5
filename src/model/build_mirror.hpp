#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "lake/object_store.hpp"

namespace reelhouse::model {

/// The builds of a store that lies in a bucket: `curated/<model>/<fingerprint>/` with the files of a local
/// build under the same names. Machines that share the bucket build each model once. A build's record
/// (_build.json) is written last and removed first: what has none is not whole. Thread-safe.
class BuildMirror {
 public:
  explicit BuildMirror(std::unique_ptr<lake::ObjectStore> bucket) : bucket_(std::move(bucket)) {}

  /// Brings a build into `folder`, which exists; false when the bucket has none that is whole.
  /// Errors: as ObjectStore::local_copy.
  Result<bool> fetch(const std::string& model, const std::string& fingerprint,
                     const std::filesystem::path& folder) const;
  /// Stores the files of `folder`. Errors: as ObjectStore::put.
  Result<> store(const std::string& model, const std::string& fingerprint,
                 const std::filesystem::path& folder) const;
  /// Removes all but the `keep` newest builds of each model, and never one in `needed` ("model/print"), nor
  /// one younger than a day: another machine may be about to publish it. Errors: as ObjectStore.
  Result<> remove_old(size_t keep, const std::vector<std::string>& needed, Time now) const;
  /// Stores the receipts of a folder that the bucket has not: this run's, and those of runs that could not
  /// reach it any more. Errors: as ObjectStore::list and put.
  Result<> store_receipts(const std::filesystem::path& folder) const;

  /// Reads a small file of the bucket; nothing when there is none. Errors: as ObjectStore::local_copy.
  Result<std::optional<std::string>> read_file(const std::string& key) const;
  /// Stores a file under a key. Errors: as ObjectStore::put.
  Result<> store_file(const std::filesystem::path& file, const std::string& key) const {
    return bucket_->put(file, key);
  }

  /// Finds out whether the bucket may be written. Errors: as lake::check_writable.
  Result<> check_writable() const { return lake::check_writable(*bucket_, lake::WriteCheck::kPlain); }

  std::string name() const { return bucket_->name(); }

 private:
  std::unique_ptr<lake::ObjectStore> bucket_;
};

}  // namespace reelhouse::model
