#pragma once

#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "engine/row_source.hpp"

namespace reelhouse::test {

using ScannedRow = std::vector<std::optional<std::string>>;

/// Collects a batch as text; remembers a cell that was set twice or not at all.
class CollectingBatch final : public engine::RowBatch {
 public:
  CollectingBatch(size_t columns, size_t capacity) : columns_(columns), capacity_(capacity) { clear(); }
  size_t capacity() const override { return capacity_; }
  void set_text(size_t column, size_t row, std::string_view text) override {
    set(column, row, std::string(text));
  }
  void set_integer(size_t column, size_t row, int64_t value) override {
    set(column, row, std::to_string(value));
  }
  void set_date(size_t column, size_t row, Date value) override { set(column, row, to_iso(value)); }
  void set_null(size_t column, size_t row) override { set(column, row, std::nullopt); }
  void set_days(size_t column, size_t row, int32_t value) override {
    set(column, row, std::to_string(value));
  }
  void set_timestamp(size_t column, size_t row, int64_t value) override {
    set(column, row, std::to_string(value));
  }
  void set_double(size_t column, size_t row, double value) override {
    set(column, row, fmt::format("{}", value));
  }
  void set_boolean(size_t column, size_t row, bool value) override {
    set(column, row, value ? "true" : "false");
  }
  void set_decimal(size_t column, size_t row, engine::Wide value) override {
    set(column, row, fmt::format("{}:{}", value.upper, value.lower));
  }

  void clear() {
    cells_.assign(capacity_, ScannedRow(columns_));
    times_.assign(capacity_ * columns_, 0);
  }
  /// Moves the first `count` rows to `rows`; false when a cell was not set exactly once.
  bool take(size_t count, std::vector<ScannedRow>& rows) {
    bool whole = true;
    for (size_t i = 0; i < count * columns_; ++i) whole &= times_[i] == 1;
    for (size_t row = 0; row < count; ++row) rows.push_back(std::move(cells_[row]));
    clear();
    return whole;
  }

 private:
  void set(size_t column, size_t row, std::optional<std::string> value) {
    cells_.at(row).at(column) = std::move(value);
    ++times_.at(row * columns_ + column);
  }
  size_t columns_;
  size_t capacity_;
  std::vector<ScannedRow> cells_;
  std::vector<int> times_;
};

/// Scans a source with `workers` threads; rows come in no particular order when they are several.
inline Result<std::vector<ScannedRow>> scan_rows(engine::RowSource& source, std::vector<size_t> projection,
                                                 size_t workers) {
  RH_ASSIGN(auto scan, source.open(projection));
  std::vector<std::vector<ScannedRow>> parts(workers);
  std::vector<Result<>> outcomes(workers);
  const auto work = [&](size_t i) -> Result<> {
    RH_ASSIGN(auto worker, scan->make_worker());
    CollectingBatch batch(projection.size(), 100);
    while (true) {
      RH_ASSIGN(const size_t rows, worker->fill(batch));
      if (rows == 0) return {};
      if (!batch.take(rows, parts[i])) return fail(ErrorKind::kInternal, "a cell was not set once");
    }
  };
  std::vector<std::thread> threads;
  for (size_t i = 0; i < workers; ++i) threads.emplace_back([&, i] { outcomes[i] = work(i); });
  for (auto& thread : threads) thread.join();
  std::vector<ScannedRow> rows;
  for (size_t i = 0; i < workers; ++i) {
    RH_TRY(std::move(outcomes[i]));
    rows.insert(rows.end(), parts[i].begin(), parts[i].end());
  }
  return rows;
}

}  // namespace reelhouse::test
