#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "engine/chunk.hpp"

namespace reelhouse::engine {

/// Receives up to `capacity()` rows of one batch; the engine owns the memory. Column indexes count
/// the projected columns. Every cell of a row that is reported must be set once.
class RowBatch {
 public:
  virtual ~RowBatch() = default;
  virtual size_t capacity() const = 0;
  /// Copies text, which must be valid UTF-8.
  virtual void set_text(size_t column, size_t row, std::string_view text) = 0;
  virtual void set_integer(size_t column, size_t row, int64_t value) = 0;
  virtual void set_date(size_t column, size_t row, Date value) = 0;
  virtual void set_null(size_t column, size_t row) = 0;
  /// Days and microseconds count from 1970; the largest value of their type, or its negative, is an infinity. A
  /// decimal comes as its digits without the point.
  virtual void set_days(size_t column, size_t row, int32_t value) = 0;
  virtual void set_timestamp(size_t column, size_t row, int64_t value) = 0;
  virtual void set_double(size_t column, size_t row, double value) = 0;
  virtual void set_boolean(size_t column, size_t row, bool value) = 0;
  virtual void set_decimal(size_t column, size_t row, Wide value) = 0;
};

enum class CellType { kText, kInteger, kDate, kTimestamp, kDouble, kBoolean, kDecimal };

struct SourceColumn {
  std::string name;
  CellType type = CellType::kText;
  uint8_t width = 0;  ///< of a decimal: digits in all
  uint8_t scale = 0;  ///< of a decimal: digits behind the point
};

/// Hands rows of a scan to one engine thread.
class RowWorker {
 public:
  virtual ~RowWorker() = default;
  /// Fills a batch and returns the number of rows; 0 means that this worker is done.
  /// Errors: any; the statement that scans fails with it.
  virtual Result<size_t> fill(RowBatch& batch) = 0;
};

/// One scan of a source; workers of one scan share its rows, each row goes to one of them.
class RowScan {
 public:
  virtual ~RowScan() = default;
  virtual size_t max_workers() const = 0;
  /// Called once by each engine thread, from that thread.
  virtual Result<std::unique_ptr<RowWorker>> make_worker() = 0;
};

/// A table that is not in the engine: scanned anew by each statement that names it. Thread-safe.
class RowSource {
 public:
  virtual ~RowSource() = default;
  virtual const std::vector<SourceColumn>& columns() const = 0;
  /// Estimates the number of rows, for the planner.
  virtual uint64_t row_estimate() const = 0;
  /// Starts a scan that delivers only the columns of `projection` (indexes into columns()), in that
  /// order; an empty projection still delivers rows (they are only counted).
  virtual Result<std::unique_ptr<RowScan>> open(std::span<const size_t> projection) = 0;
};

}  // namespace reelhouse::engine
