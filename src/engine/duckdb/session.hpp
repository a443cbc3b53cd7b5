#pragma once

#include <duckdb.h>

#include <memory>
#include <mutex>

#include "engine/duckdb/source_function.hpp"
#include "engine/engine.hpp"

namespace reelhouse::engine::duckdb {

/// A DuckDB instance with its sources; sessions share it, so it lives as long as the last of them.
struct Instance {
  duckdb_database database = nullptr;
  SourceRegistry sources;
  ~Instance() { duckdb_close(&database); }
};

class DuckSession final : public Session {
 public:
  DuckSession(std::shared_ptr<Instance> instance, duckdb_connection connection)
      : instance_(std::move(instance)), connection_(connection) {}
  ~DuckSession() override { duckdb_disconnect(&connection_); }

  Result<> execute(const std::string& sql) override;
  Result<uint64_t> copy(const std::string& sql) override;
  Result<Rows> query(const std::string& sql, const std::vector<Cell>& values) override;
  Result<> stream(const std::string& sql, const std::function<bool(const Rows&)>& piece) override;
  Result<std::unique_ptr<Scan>> scan(const std::string& sql) override;
  Result<References> references_of(const std::string& sql) override;
  Result<Json> plan_of(const std::string& sql) override;
  void interrupt() override { duckdb_interrupt(connection_); }

  duckdb_connection connection() const { return connection_; }
  /// Makes an Error of what DuckDB says: one that a RowSource returned comes back as it was.
  Error error_from(const char* text, duckdb_error_type type);

 private:
  Result<> run(const std::string& sql, const std::vector<Cell>& values, bool streaming,
               const std::function<bool(const Rows&)>& piece);

  std::shared_ptr<Instance> instance_;
  duckdb_connection connection_;
};

}  // namespace reelhouse::engine::duckdb
