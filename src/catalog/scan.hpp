#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "catalog/block_reader.hpp"
#include "catalog/parquet.hpp"
#include "catalog/table_source.hpp"
#include "engine/row_source.hpp"

namespace reelhouse::catalog {

/// What stands in one projected column of the rows of one object.
struct CellSource {
  enum class Kind { kField, kNull, kObject, kLine, kDrop, kConvention, kPath };
  Kind kind = Kind::kNull;
  size_t field = 0;    ///< index into format.fields
  std::string text{};  ///< of kPath: what stands in every row
};

/// One object within one scan; opened by the first worker that gets it, shared by those that join.
class ObjectScan {
 public:
  ObjectScan(const lake::ObjectStore& lake, const CatalogObject& object, const std::string& convention,
             std::vector<CellSource> cells)
      : lake_(lake), object_(object), convention_(convention), cells_(std::move(cells)) {}

  const CatalogObject& object() const { return object_; }
  const std::string& convention() const { return convention_; }
  const Format& format() const { return object_.profile.format; }
  const std::vector<CellSource>& cells() const { return cells_; }

  /// Opens the object in the version that was crawled; does nothing when it is open. Thread-safe.
  /// Errors: kBusy (it changed since), kNotFound, kPermission, kUnavailable, kDamaged.
  Result<> open();
  /// Fetch what comes next; false at the end, once it is sure that the object did not change meanwhile.
  Result<bool> next(Block& block);
  Result<bool> next(ParquetReader::Piece& piece);

 private:
  friend class TableScan;
  Result<> check_version() const;
  Result<bool> finished(Result<bool> more) const;

  const lake::ObjectStore& lake_;
  const CatalogObject& object_;
  const std::string& convention_;
  const std::vector<CellSource> cells_;
  std::mutex mutex_;
  std::unique_ptr<BlockReader> blocks_;
  std::unique_ptr<ParquetReader> parquet_;
  size_t workers_ = 0;  ///< guarded by the scan, as is the next
  bool exhausted_ = false;
};

/// A table and what the source declares about it; shared by its scans.
struct ScannedTable {
  const lake::ObjectStore& lake;
  CatalogTable table;
  std::optional<SourceTable> declared;
  std::vector<engine::SourceColumn> columns;
  std::vector<std::string> conventions;  ///< as text, one an object
};

/// Scans a table's objects: workers take one each and, when none is left, join where work is left.
class TableScan final : public engine::RowScan, public std::enable_shared_from_this<TableScan> {
 public:
  TableScan(std::shared_ptr<const ScannedTable> table, std::span<const size_t> projection);
  size_t max_workers() const override;
  Result<std::unique_ptr<engine::RowWorker>> make_worker() override;

  /// Gives a worker an object; null when all are read.
  ObjectScan* take();
  /// Takes back an object that is read to its end.
  void give_back(ObjectScan* object);

 private:
  std::shared_ptr<const ScannedTable> table_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<ObjectScan>> objects_;
  size_t untouched_ = 0;
};

/// Makes the worker that turns a scan's objects into rows.
std::unique_ptr<engine::RowWorker> make_scan_worker(std::shared_ptr<TableScan> scan);

}  // namespace reelhouse::catalog
