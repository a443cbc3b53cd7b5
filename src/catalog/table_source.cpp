#include "catalog/table_source.hpp"

#include <algorithm>
#include <array>
#include <thread>
#include <unordered_map>

#include "catalog/conventions.hpp"
#include "catalog/grouping.hpp"
#include "catalog/path_columns.hpp"
#include "catalog/scan.hpp"

namespace reelhouse::catalog {
namespace {

/// Compressed bytes that are worth another worker on the same object.
constexpr uint64_t kWorthAWorker = 256 * 1024;

/// The columns that every table has behind its own, in their order.
constexpr std::array kOwnColumns = {CellSource::Kind::kObject, CellSource::Kind::kLine,
                                    CellSource::Kind::kDrop, CellSource::Kind::kConvention};

std::vector<CellSource> cells_of(const CatalogObject& object, const ScannedTable& table,
                                 std::span<const size_t> projection) {
  const SourceTable* declared = table.declared ? &*table.declared : nullptr;
  const std::vector<std::string> names = columns_of(object.profile.format.fields, declared);
  const auto added = added_columns(object, declared);
  std::unordered_map<std::string_view, size_t> fields;
  for (size_t i = 0; i < names.size(); ++i) fields.emplace(names[i], i);
  const size_t own = table.columns.size() - kOwnColumns.size();
  std::vector<CellSource> cells;
  for (const size_t column : projection) {
    using Kind = CellSource::Kind;
    if (column >= own) {
      cells.push_back({kOwnColumns[column - own], 0, {}});
      continue;
    }
    const std::string& name = table.columns[column].name;
    const auto found = fields.find(name);
    const auto in_path = std::ranges::find(added, name, &PathColumn::name);
    if (found != fields.end())
      cells.push_back({Kind::kField, found->second, {}});
    else if (in_path != added.end() && in_path->value)
      cells.push_back({Kind::kPath, 0, *in_path->value});
    else
      cells.push_back({Kind::kNull, 0, {}});
  }
  return cells;
}

class TableSource final : public engine::RowSource {
 public:
  explicit TableSource(ScannedTable table) : table_(std::make_shared<const ScannedTable>(std::move(table))) {}

  const std::vector<engine::SourceColumn>& columns() const override { return table_->columns; }

  uint64_t row_estimate() const override {
    uint64_t rows = 0;
    for (const auto& object : table_->table.objects) rows += object.profile.records - object.profile.rejected;
    return rows;
  }

  Result<std::unique_ptr<engine::RowScan>> open(std::span<const size_t> projection) override {
    for (const size_t column : projection)
      if (column >= table_->columns.size())
        return fail(ErrorKind::kInternal, "a scan asks for a column that the table does not have", "",
                    table_->table.name);
    std::vector<lake::ObjectInfo> infos;
    for (const auto& object : table_->table.objects)
      if (object.problem.empty()) infos.push_back(object.info);
    RH_TRY(table_->lake.prefetch(infos));
    return std::make_unique<SharedScan>(std::make_shared<TableScan>(table_, projection));
  }

 private:
  /// Lets workers outlive the scan that made them.
  class SharedScan final : public engine::RowScan {
   public:
    explicit SharedScan(std::shared_ptr<TableScan> scan) : scan_(std::move(scan)) {}
    size_t max_workers() const override { return scan_->max_workers(); }
    Result<std::unique_ptr<engine::RowWorker>> make_worker() override { return scan_->make_worker(); }

   private:
    std::shared_ptr<TableScan> scan_;
  };

  std::shared_ptr<const ScannedTable> table_;
};

}  // namespace

Result<> ObjectScan::check_version() const {
  auto now = lake_.head(object_.info.key);
  if (!now && now.error().kind != ErrorKind::kNotFound) return fail(now.error());
  if (now && now->etag == object_.info.etag) return {};
  return fail(ErrorKind::kBusy,
              now ? "the object changed since it was crawled" : "the object is gone since the crawl",
              "Crawl again when nobody writes to the lake.", object_.info.key);
}

Result<> ObjectScan::open() {
  const std::lock_guard lock(mutex_);
  if (blocks_ || parquet_) return {};
  RH_TRY(check_version());
  RH_ASSIGN(const auto file, lake_.local_copy(object_.info));
  if (format().kind != FormatKind::kParquet) {
    RH_ASSIGN(blocks_, BlockReader::open(file, format(), nullptr));
    return {};
  }
  std::vector<std::string> fields;
  for (const CellSource& cell : cells_)
    if (cell.kind == CellSource::Kind::kField) fields.push_back(format().fields[cell.field]);
  RH_ASSIGN(parquet_, ParquetReader::open(file, fields));
  return {};
}

Result<bool> ObjectScan::finished(Result<bool> more) const {
  if (!more) {
    Error error = std::move(more).error();
    if (error.kind == ErrorKind::kDamaged || error.where.empty()) error.where = object_.info.key;
    return fail(std::move(error));
  }
  if (!*more) RH_TRY(check_version());
  return more;
}

Result<bool> ObjectScan::next(Block& block) {
  return finished(blocks_->next(block));
}
Result<bool> ObjectScan::next(ParquetReader::Piece& piece) {
  return finished(parquet_->next(piece));
}

TableScan::TableScan(std::shared_ptr<const ScannedTable> table, std::span<const size_t> projection)
    : table_(std::move(table)) {
  for (size_t i = 0; i < table_->table.objects.size(); ++i) {
    const CatalogObject& object = table_->table.objects[i];
    if (object.problem.empty())
      objects_.push_back(std::make_unique<ObjectScan>(table_->lake, object, table_->conventions[i],
                                                      cells_of(object, *table_, projection)));
  }
}

size_t TableScan::max_workers() const {
  uint64_t useful = 0;
  for (const auto& object : objects_)
    useful += std::max<uint64_t>(1, object->object().info.size / kWorthAWorker);
  const uint64_t cores = std::max(1U, std::thread::hardware_concurrency());
  return static_cast<size_t>(std::clamp<uint64_t>(useful, 1, cores));
}

Result<std::unique_ptr<engine::RowWorker>> TableScan::make_worker() {
  return make_scan_worker(shared_from_this());
}

ObjectScan* TableScan::take() {
  const std::lock_guard lock(mutex_);
  ObjectScan* chosen = nullptr;
  if (untouched_ < objects_.size()) {
    chosen = objects_[untouched_++].get();
  } else {
    for (const auto& object : objects_)
      if (!object->exhausted_ && (chosen == nullptr || object->workers_ < chosen->workers_))
        chosen = object.get();
  }
  if (chosen != nullptr) ++chosen->workers_;
  return chosen;
}

void TableScan::give_back(ObjectScan* object) {
  const std::lock_guard lock(mutex_);
  object->exhausted_ = true;
  if (--object->workers_ > 0) return;
  object->blocks_.reset();
  object->parquet_.reset();
}

std::shared_ptr<engine::RowSource> make_table_source(const lake::ObjectStore& lake, CatalogTable table,
                                                     const SourceTable* declared) {
  ScannedTable scanned{lake, std::move(table), std::nullopt, {}, {}};
  const auto add = [&](const std::string& name, engine::CellType type) {
    for (const auto& column : scanned.columns)
      if (column.name == name) return;
    scanned.columns.push_back({name, type});
  };
  for (const auto& column : scanned.table.columns) add(column.name, engine::CellType::kText);
  if (declared != nullptr) {
    scanned.declared = *declared;
    for (const auto& column : declared->columns) add(column, engine::CellType::kText);
    for (const auto& column : declared->optional_columns) add(column, engine::CellType::kText);
  }
  add("_object", engine::CellType::kText);
  add("_line", engine::CellType::kInteger);
  add("_drop", engine::CellType::kDate);
  add("_convention", engine::CellType::kText);
  for (const auto& conventions : decide_conventions(scanned.table, declared))
    scanned.conventions.push_back(to_text(conventions));
  return std::make_shared<TableSource>(std::move(scanned));
}

}  // namespace reelhouse::catalog
