#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/sqlite.hpp"
#include "catalog/crawled_object.hpp"

namespace reelhouse::catalog {

/// Everything that the catalog holds of one lake.
struct LakeState {
  std::map<std::string, CrawledObject> objects;  ///< by key; their rejects are left out
  std::map<std::string, CatalogTable> tables;    ///< by name; a gone table has no objects
};

/// What one crawl adds to the history of a table's schema.
struct NewSchemaVersion {
  CatalogTable table;
  std::vector<Change> changes;
};

/// The catalog's file. One thread at a time.
class CatalogStore {
 public:
  /// Errors: kPermission, kDamaged, kFull, kBusy, kUnavailable, kUsage (written by a newer
  /// program).
  static Result<std::unique_ptr<CatalogStore>> open(const std::filesystem::path& file);

  /// Returns the name of the lake that was crawled last; "" when none was.
  Result<std::string> last_lake();
  /// Returns what is held of a lake: nothing of one that was never crawled.
  /// Errors: those of Sqlite, kDamaged (content that makes no sense).
  Result<LakeState> load(const std::string& lake);
  /// Replaces all of a lake in one transaction and makes it the last one crawled.
  Result<> keep(const std::string& lake, const LakeState& state,
                const std::vector<NewSchemaVersion>& versions, const std::string& now);

  Result<std::vector<StructuralReject>> rejects(const std::string& lake, const std::string& key);
  Result<std::vector<Catalog::SchemaVersion>> schema_versions(const std::string& lake,
                                                              const std::string& table);

 private:
  explicit CatalogStore(std::unique_ptr<Sqlite> database) : database_(std::move(database)) {}
  Result<> load_objects(int64_t lake, LakeState& state);
  Result<> load_tables(int64_t lake, LakeState& state);
  Result<int64_t> lake_id(const std::string& lake);
  Result<> keep_objects(int64_t lake, const LakeState& state);
  Result<> keep_rejects(int64_t lake, const CrawledObject& object);
  Result<> delete_others(int64_t lake, const LakeState& state);
  Result<> keep_tables(int64_t lake, const LakeState& state, const std::vector<NewSchemaVersion>& versions,
                       const std::string& now);

  std::unique_ptr<Sqlite> database_;
};

}  // namespace reelhouse::catalog
