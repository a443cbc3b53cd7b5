#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/row_source.hpp"
#include "warehouse/postgresql/types.hpp"

namespace reelhouse::warehouse::postgresql {

/// Reads the messages of COPY ... TO STDOUT (FORMAT binary), each of which holds whole rows, as PostgreSQL
/// sends them; the header comes with the first.
class Decoder {
 public:
  Decoder(std::string table, std::vector<ColumnType> columns)
      : table_(std::move(table)), columns_(std::move(columns)) {}

  /// Gives the next message; its bytes have to stay until all its rows are read.
  /// Errors: kDamaged (no header where one belongs).
  Result<> take(std::string_view message);
  /// Reads a row into `batch`, whose columns are all of ours in order; false when the message has no more.
  /// Errors: kDamaged (bytes that make no row of this table).
  Result<bool> read_row(engine::RowBatch& batch, size_t row);
  /// True when the trailer was read.
  bool ended() const { return ended_; }

 private:
  bool read_cell(const ColumnType& column, std::string_view cell, engine::RowBatch& batch, size_t index,
                 size_t row);
  Error damaged(const std::string& what) const;

  std::string table_;
  std::vector<ColumnType> columns_;
  std::string_view rest_;
  std::string scratch_;
  bool begun_ = false;
  bool ended_ = false;
};

}  // namespace reelhouse::warehouse::postgresql
