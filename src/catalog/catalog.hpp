#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "catalog/profile.hpp"
#include "catalog/sources.hpp"
#include "lake/object_store.hpp"

namespace reelhouse::catalog {

/// One object of a table, in the version that was crawled last.
struct CatalogObject {
  lake::ObjectInfo info;
  std::string table;      ///< empty for an object that could not be read
  std::string dataset;    ///< first folder below raw/
  Date drop;              ///< from drop=YYYY-MM-DD, else the day of the dataset's newest object
  std::string problem;    ///< why it could not be read; empty when it could
  ObjectProfile profile;  ///< `rejects` is left empty here; see Catalog::rejects
};

/// A column of a table: the union over its objects, by name, in the order of the newest drop.
struct CatalogColumn {
  std::string name;
  std::string field;     ///< as the newest object spells it
  std::string type;      ///< inferred over all objects
  FieldProfile profile;  ///< summed over all objects
};

/// A table of the catalog, with all objects of all its drops, oldest drop first, then by key.
struct CatalogTable {
  std::string name;
  std::string dataset;
  int schema_version = 1;
  std::vector<CatalogColumn> columns;
  std::vector<CatalogObject> objects;

  uint64_t records() const;
  uint64_t rejected() const;
};

enum class ChangeKind {
  kNewTable,
  kGoneTable,
  kNewColumn,
  kGoneColumn,
  kChangedType,
  kNewObject,
  kChangedObject,
  kDeletedObject,
  kUploadedAgain,  ///< with the same content
  kEmptyObject,
  kUnreadable
};
/// Names it for people, JSON and the catalog: "new table", "uploaded again (same content)".
const char* name_of(ChangeKind kind);
/// Nothing for a name that name_of never gave.
std::optional<ChangeKind> change_kind(std::string_view name);

/// What a crawl saw against what the catalog held, for people and `--format json`.
struct Change {
  ChangeKind what = ChangeKind::kChangedObject;
  std::string table;
  std::string subject;  ///< column or object; empty for the table itself
  std::string detail;   ///< "BIGINT -> VARCHAR: 3 of 8,807 values are text"
};

struct CrawlOptions {
  bool dry_run = false;              ///< show the diff, keep nothing
  std::vector<std::string> exclude;  ///< globs on keys below raw/ ("*.md", "shop/old*")
  int threads = 0;                   ///< 0 = one a core
};

struct CrawlReport {
  std::vector<Change> changes;
  std::vector<CatalogTable> tables;  ///< as they are now (or would be), sorted by name
  std::vector<CatalogObject> unreadable;
  std::vector<std::string> ignored;        ///< "key (reason)": excluded, or in no dataset
  std::map<std::string, size_t> left_out;  ///< how many of those may be missed, by kind ("copies")
  size_t objects_read = 0;                 ///< others were known by their ETag
};

/// The catalog: tables, objects, schema versions and rejects, in SQLite (one file). Several processes
/// may read while one writes.
class Catalog {
 public:
  virtual ~Catalog() = default;
  /// Lists raw/ of the lake, reads what is new or changed, groups objects into tables, works out the
  /// diff and, unless `dry_run`, keeps it in one transaction. An object that cannot be read is
  /// reported and does not stop the others.
  /// Errors: kNotFound (no such lake), kPermission, kUnavailable, kInterrupted (nothing is kept).
  virtual Result<CrawlReport> crawl(const lake::ObjectStore& lake, const std::vector<Source>& sources,
                                    const CrawlOptions& options, const Clock& clock) = 0;
  /// Returns what the last crawl of this lake kept, sorted by name.
  virtual Result<std::vector<CatalogTable>> tables() const = 0;
  virtual Result<std::vector<CatalogObject>> unreadable() const = 0;
  /// Returns the structural rejects of one object.
  virtual Result<std::vector<StructuralReject>> rejects(const std::string& key) const = 0;
  /// One earlier schema of a table: version, when it was first seen, columns (name, type) and its diff.
  struct SchemaVersion {
    int version;
    std::string seen_at;
    std::vector<std::pair<std::string, std::string>> columns;
    std::vector<Change> changes;
  };
  virtual Result<std::vector<SchemaVersion>> schema_versions(const std::string& table) const = 0;
};

/// Opens (and if need be makes) the catalog file. Errors: kPermission, kDamaged, kFull.
Result<std::unique_ptr<Catalog>> open_catalog(const std::filesystem::path& file);

}  // namespace reelhouse::catalog
