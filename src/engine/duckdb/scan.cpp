#include "engine/chunk.hpp"

#include <atomic>

#include "base/interrupt.hpp"
#include "engine/duckdb/session.hpp"
#include "engine/duckdb/values.hpp"

namespace reelhouse::engine::duckdb {
namespace {

static_assert(sizeof(duckdb_string_t) == 16 && sizeof(duckdb_hugeint) == sizeof(Wide));

struct LogicalType {
  duckdb_logical_type handle;
  ~LogicalType() { duckdb_destroy_logical_type(&handle); }
};

Physical physical_of(duckdb_logical_type type) {
  duckdb_type id = duckdb_get_type_id(type);
  if (id == DUCKDB_TYPE_DECIMAL) id = duckdb_decimal_internal_type(type);
  switch (id) {
    case DUCKDB_TYPE_BOOLEAN:
      return Physical::kBool;
    case DUCKDB_TYPE_TINYINT:
      return Physical::kInt8;
    case DUCKDB_TYPE_SMALLINT:
      return Physical::kInt16;
    case DUCKDB_TYPE_INTEGER:
    case DUCKDB_TYPE_DATE:
      return Physical::kInt32;
    case DUCKDB_TYPE_BIGINT:
    case DUCKDB_TYPE_TIMESTAMP:
    case DUCKDB_TYPE_TIMESTAMP_TZ:
    case DUCKDB_TYPE_TIME:
      return Physical::kInt64;
    case DUCKDB_TYPE_UTINYINT:
      return Physical::kUint8;
    case DUCKDB_TYPE_USMALLINT:
      return Physical::kUint16;
    case DUCKDB_TYPE_UINTEGER:
      return Physical::kUint32;
    case DUCKDB_TYPE_UBIGINT:
      return Physical::kUint64;
    case DUCKDB_TYPE_HUGEINT:
    case DUCKDB_TYPE_UUID:
      return Physical::kInt128;
    case DUCKDB_TYPE_FLOAT:
      return Physical::kFloat;
    case DUCKDB_TYPE_DOUBLE:
      return Physical::kDouble;
    case DUCKDB_TYPE_VARCHAR:
    case DUCKDB_TYPE_BLOB:
      return Physical::kText;
    default:
      return Physical::kUnreadable;
  }
}

class DuckScan final : public Scan {
 public:
  explicit DuckScan(DuckSession& session) : session_(session) {}
  ~DuckScan() override { duckdb_destroy_result(&result_); }
  DuckScan(const DuckScan&) = delete;
  DuckScan& operator=(const DuckScan&) = delete;

  Result<> open(const std::string& sql) {
    duckdb_prepared_statement statement = nullptr;
    duckdb_pending_result pending = nullptr;
    auto opened = start(sql, statement, pending);
    duckdb_destroy_pending(&pending);
    duckdb_destroy_prepare(&statement);
    return opened;
  }

  const std::vector<Column>& columns() const override { return columns_; }

  Result<std::shared_ptr<void>> next(Chunk& chunk) override {
    if (interrupted()) return fail(ErrorKind::kInterrupted, "interrupted");
    duckdb_data_chunk fetched = duckdb_fetch_chunk(result_);
    if (fetched == nullptr) {
      if (const char* message = duckdb_result_error(&result_); message != nullptr && *message != '\0')
        return fail(session_.error_from(message, duckdb_result_error_type(&result_)));
      return std::shared_ptr<void>();
    }
    chunk.rows = duckdb_data_chunk_get_size(fetched);
    chunk.columns.resize(columns_.size());
    for (idx_t i = 0; i < columns_.size(); ++i) {
      duckdb_vector vector = duckdb_data_chunk_get_vector(fetched, i);
      chunk.columns[i] = {columns_[i].physical, duckdb_vector_get_data(vector),
                          duckdb_vector_get_validity(vector)};
    }
    return std::shared_ptr<void>(fetched, [](void* handle) {
      auto held = static_cast<duckdb_data_chunk>(handle);
      duckdb_destroy_data_chunk(&held);
    });
  }

 private:
  Result<> start(const std::string& sql, duckdb_prepared_statement& statement,
                 duckdb_pending_result& pending) {
    if (duckdb_prepare(session_.connection(), sql.c_str(), &statement) != DuckDBSuccess)
      return fail(session_.error_from(duckdb_prepare_error(statement), DUCKDB_ERROR_INVALID));
    if (duckdb_pending_prepared_streaming(statement, &pending) != DuckDBSuccess)
      return fail(session_.error_from(duckdb_pending_error(pending), DUCKDB_ERROR_INVALID));
    if (duckdb_execute_pending(pending, &result_) != DuckDBSuccess)
      return fail(session_.error_from(duckdb_result_error(&result_), duckdb_result_error_type(&result_)));
    for (idx_t i = 0; i < duckdb_column_count(&result_); ++i) {
      const LogicalType type{duckdb_column_logical_type(&result_, i)};
      const bool decimal = duckdb_get_type_id(type.handle) == DUCKDB_TYPE_DECIMAL;
      columns_.push_back({duckdb_column_name(&result_, i), type_name(type.handle), physical_of(type.handle),
                          decimal ? duckdb_decimal_scale(type.handle) : 0U});
    }
    return {};
  }

  DuckSession& session_;
  duckdb_result result_{};
  std::vector<Column> columns_;
};

}  // namespace

Result<std::unique_ptr<Scan>> DuckSession::scan(const std::string& sql) {
  if (interrupted()) return fail(ErrorKind::kInterrupted, "interrupted");
  auto scan = std::make_unique<DuckScan>(*this);
  RH_TRY(scan->open(sql));
  return std::unique_ptr<Scan>(std::move(scan));
}

}  // namespace reelhouse::engine::duckdb
