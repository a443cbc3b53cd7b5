#pragma once

#include <string>
#include <vector>

#include "engine/chunk.hpp"
#include "warehouse/postgresql/types.hpp"

namespace reelhouse::warehouse::postgresql {

/// Writes chunks in the format of COPY ... (FORMAT binary). Keeps nothing of what it has written.
class Encoder {
 public:
  /// `table` is named in errors.
  Encoder(std::string table, std::vector<ColumnType> columns);

  /// The bytes before the first and after the last row of a COPY.
  static std::string header();
  static std::string trailer();

  /// Appends the rows of a chunk to `bytes`.
  /// Errors: kQuery (a value that PostgreSQL cannot hold: text with a zero byte, a date out of its range;
  /// table, column and row are named).
  Result<> encode(const engine::Chunk& chunk, std::string& bytes) const;

 private:
  Result<> encode_cell(const ColumnType& column, const engine::Vector& vector, size_t row,
                       std::string& bytes) const;
  Error refused(const ColumnType& column, const std::string& what) const;

  std::string table_;
  std::vector<ColumnType> columns_;
};

}  // namespace reelhouse::warehouse::postgresql
