#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/row_source.hpp"

namespace reelhouse::warehouse::postgresql {

/// How the values of a column travel: the form of both sides' binary COPY.
enum class Wire {
  kBool,
  kInt2,
  kInt4,
  kInt8,
  kFloat4,
  kFloat8,
  kNumeric,
  kDate,
  kTimestamp,  ///< with and without time zone
  kTime,
  kText,
  kBytes,
  kUuid,
  kJson  ///< jsonb
};

/// A column of a published table, on both sides.
struct ColumnType {
  std::string name;
  std::string type;    ///< as DuckDB spells it in full: DECIMAL(18,2), STRUCT(a INTEGER)[]
  std::string server;  ///< PostgreSQL's: numeric(18,2), jsonb
  Wire wire = Wire::kText;
  uint8_t width = 0;  ///< of a decimal
  uint8_t scale = 0;

  /// Writes the SELECT expression that makes of this column what the encoder reads.
  std::string outward() const;
  /// Tells the type in which the decoder hands it to the engine, and the expression that makes it `type`
  /// again.
  engine::SourceColumn source() const;
  std::string inward() const;
};

/// Maps a type of the engine's to PostgreSQL's. Errors: kQuery (none holds the same values).
Result<ColumnType> column_type(const std::string& name, const std::string& type);

}  // namespace reelhouse::warehouse::postgresql
