#pragma once

#include <duckdb.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/row_source.hpp"

namespace reelhouse::engine::duckdb {

/// Keeps the row sources of one database, and the errors that their scans met: a DuckDB function can
/// only report text, so the text carries a number under which the whole Error waits here. Thread-safe.
class SourceRegistry {
 public:
  /// Returns the number under which `reelhouse_scan(number)` finds the source.
  int64_t add(std::shared_ptr<RowSource> source);
  std::shared_ptr<RowSource> find(int64_t number) const;
  /// Keeps an error and returns the text to report to DuckDB.
  std::string keep(Error error);
  /// Returns the kept error that a DuckDB message refers to, if it does.
  std::optional<Error> take(const std::string& message);

 private:
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<RowSource>> sources_;
  std::map<uint64_t, Error> errors_;
  uint64_t next_error_ = 0;
};

/// Registers the table function `reelhouse_scan(number)`; the registry must outlive the database.
Result<> register_source_function(duckdb_connection connection, SourceRegistry& registry);

}  // namespace reelhouse::engine::duckdb
