#include <exception>
#include <optional>
#include <unordered_map>

#include "catalog/json_lines.hpp"
#include "catalog/records.hpp"
#include "catalog/scan.hpp"

namespace reelhouse::catalog {
namespace {

/// Turns the objects that the scan hands out into rows, one block or piece after the other.
class ScanWorker final : public engine::RowWorker {
 public:
  explicit ScanWorker(std::shared_ptr<TableScan> scan) : scan_(std::move(scan)) { rejects_.keep = false; }
  ~ScanWorker() override { release(); }

  Result<size_t> fill(engine::RowBatch& batch) override {
    try {
      return fill_from_objects(batch);
    } catch (const std::exception& error) {
      return fail(ErrorKind::kUnavailable, fmt::format("reading the lake: {}", error.what()));
    }
  }

 private:
  Result<size_t> fill_from_objects(engine::RowBatch& batch) {
    const size_t capacity = batch.capacity();
    size_t row = 0;
    while (row < capacity) {
      if (!in_block_) {
        RH_ASSIGN(const bool more, next_block());
        if (!more) break;
      }
      if (delimited_)
        in_block_ = fill_delimited(batch, row);
      else if (json_)
        in_block_ = fill_json(batch, row);
      else
        in_block_ = fill_parquet(batch, row);
    }
    return row;
  }

  Result<bool> next_block() {
    while (true) {
      if (object_ == nullptr) {
        object_ = scan_->take();
        if (object_ == nullptr) return false;
        RH_TRY(object_->open());
        begin_object();
      }
      auto more = delimited_ || json_ ? object_->next(block_) : object_->next(piece_);
      if (!more) return more;
      if (!*more) {
        release();
        continue;
      }
      piece_row_ = 0;
      if (delimited_) delimited_->start(block_);
      if (json_) json_->start(block_);
      in_block_ = true;
      return true;
    }
  }

  void begin_object() {
    delimited_.reset();
    json_.reset();
    const Format& format = object_->format();
    if (format.kind == FormatKind::kDelimited) delimited_.emplace(format, rejects_);
    if (format.kind != FormatKind::kJsonLines) return;
    json_.emplace(format, rejects_);
    slots_.clear();
    values_.assign(format.fields.size(), std::nullopt);
    for (size_t i = 0; i < format.fields.size(); ++i) slots_.emplace(format.fields[i], i);
  }

  void release() {
    if (object_ != nullptr) scan_->give_back(object_);
    object_ = nullptr;
    delimited_.reset();
    json_.reset();
  }

  /// Sets the cells that do not come from the record; false for those that do.
  bool set_common(engine::RowBatch& batch, size_t column, size_t row, const CellSource& cell, uint64_t line) {
    switch (cell.kind) {
      case CellSource::Kind::kField:
        return false;
      case CellSource::Kind::kNull:
        batch.set_null(column, row);
        break;
      case CellSource::Kind::kObject:
        batch.set_text(column, row, object_->object().info.key);
        break;
      case CellSource::Kind::kLine:
        batch.set_integer(column, row, static_cast<int64_t>(line));
        break;
      case CellSource::Kind::kDrop:
        batch.set_date(column, row, object_->object().drop);
        break;
      case CellSource::Kind::kConvention:
        batch.set_text(column, row, object_->convention());
        break;
      case CellSource::Kind::kPath:
        batch.set_text(column, row, cell.text);
        break;
    }
    return true;
  }

  /// These fill rows until the batch is full (true) or the block is done (false).
  bool fill_delimited(engine::RowBatch& batch, size_t& row) {
    const size_t capacity = batch.capacity();
    const auto& cells = object_->cells();
    for (; row < capacity; ++row) {
      if (!delimited_->next()) return false;
      for (size_t column = 0; column < cells.size(); ++column) {
        if (set_common(batch, column, row, cells[column], delimited_->line())) continue;
        std::string_view text;
        if (delimited_->value(cells[column].field, text))
          batch.set_text(column, row, text);
        else
          batch.set_null(column, row);
      }
    }
    return true;
  }

  bool fill_json(engine::RowBatch& batch, size_t& row) {
    const size_t capacity = batch.capacity();
    const auto& cells = object_->cells();
    for (; row < capacity; ++row) {
      if (!json_->next()) return false;
      values_.assign(values_.size(), std::nullopt);
      for (const auto& member : json_->members()) {
        const auto slot = slots_.find(member.name);
        if (slot != slots_.end() && !values_[slot->second]) values_[slot->second] = member;
      }
      for (size_t column = 0; column < cells.size(); ++column) {
        if (set_common(batch, column, row, cells[column], json_->line())) continue;
        const auto& value = values_[cells[column].field];
        if (value && !value->null)
          batch.set_text(column, row, value->value);
        else
          batch.set_null(column, row);
      }
    }
    return true;
  }

  bool fill_parquet(engine::RowBatch& batch, size_t& row) {
    const size_t capacity = batch.capacity();
    const auto& cells = object_->cells();
    for (; row < capacity; ++row, ++piece_row_) {
      if (piece_row_ == piece_.rows.size()) return false;
      size_t field = 0;
      for (size_t column = 0; column < cells.size(); ++column) {
        if (set_common(batch, column, row, cells[column], piece_.first_row + piece_row_)) continue;
        const auto& value = piece_.rows[piece_row_][field++];
        if (const auto* text = std::get_if<std::string>(&value))
          batch.set_text(column, row, *text);
        else
          batch.set_null(column, row);
      }
    }
    return true;
  }

  std::shared_ptr<TableScan> scan_;
  ObjectScan* object_ = nullptr;
  RejectLog rejects_;
  Block block_;
  bool in_block_ = false;
  std::optional<DelimitedCursor> delimited_;
  std::optional<JsonCursor> json_;
  std::unordered_map<std::string_view, size_t> slots_;
  std::vector<std::optional<JsonRecord::Member>> values_;
  ParquetReader::Piece piece_;
  size_t piece_row_ = 0;
};

}  // namespace

std::unique_ptr<engine::RowWorker> make_scan_worker(std::shared_ptr<TableScan> scan) {
  return std::make_unique<ScanWorker>(std::move(scan));
}

}  // namespace reelhouse::catalog
