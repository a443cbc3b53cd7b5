#include "engine/duckdb/session.hpp"

#include <algorithm>

#include "base/interrupt.hpp"
#include "engine/duckdb/values.hpp"

namespace reelhouse::engine::duckdb {
namespace {

/// Owns C API handles for a scope.
struct Statement {
  duckdb_prepared_statement handle = nullptr;
  ~Statement() { duckdb_destroy_prepare(&handle); }
};

struct ResultSet {
  duckdb_result handle{};
  ~ResultSet() { duckdb_destroy_result(&handle); }
};

struct Pending {
  duckdb_pending_result handle = nullptr;
  ~Pending() { duckdb_destroy_pending(&handle); }
};

struct ColumnType {
  duckdb_logical_type handle;
  ~ColumnType() { duckdb_destroy_logical_type(&handle); }
};

/// Describes a statement's columns. `to_text` becomes true where a type has to be cast to be read; the type
/// of a bare parameter is not known before it is bound, and needs no cast.
std::vector<Column> columns_of(duckdb_prepared_statement statement, std::vector<bool>& to_text) {
  std::vector<Column> columns;
  for (idx_t i = 0; i < duckdb_prepared_statement_column_count(statement); ++i) {
    const ColumnType type{duckdb_prepared_statement_column_logical_type(statement, i)};
    const duckdb_type id = duckdb_get_type_id(type.handle);
    const char* name = duckdb_prepared_statement_column_name(statement, i);
    columns.push_back({name == nullptr ? "" : name, type_name(type.handle), is_numeric(id)});
    duckdb_free(const_cast<char*>(name));
    to_text.push_back(id != DUCKDB_TYPE_INVALID && !is_plain(id));
  }
  return columns;
}

/// Wraps a SELECT so that columns of nested and rare types arrive as text, the others as they are.
std::string with_text_columns(const std::string& sql, const std::vector<bool>& to_text) {
  std::string names;
  std::string list;
  for (size_t i = 0; i < to_text.size(); ++i) {
    const std::string separator = i ? ", " : "";
    const std::string name = fmt::format("c{}", i);
    names += separator + name;
    list += separator + (to_text[i] ? fmt::format("cast({} as varchar)", name) : name);
  }
  std::string body = sql;
  body.erase(body.find_last_not_of(" \t\r\n;") + 1);
  return fmt::format("select {} from ({}\n) as t({})", list, body, names);
}

}  // namespace

Error DuckSession::error_from(const char* text, duckdb_error_type type) {
  const std::string message = text == nullptr ? "unknown error" : text;
  if (auto kept = instance_->sources.take(message)) return *kept;
  if (type == DUCKDB_ERROR_INTERRUPT || message.starts_with("INTERRUPT"))
    return {ErrorKind::kInterrupted, "interrupted", "", ""};
  if (message.find("No space left") != std::string::npos)
    return {ErrorKind::kFull, message, "Free space there, then run again.", ""};
  if (type == DUCKDB_ERROR_OUT_OF_MEMORY)
    return {ErrorKind::kFull, message, "Give the engine more memory or a folder to spill to.", ""};
  return {ErrorKind::kQuery, message, "", ""};
}

Result<> DuckSession::execute(const std::string& sql) {
  RH_TRY(copy(sql));
  return {};
}

Result<uint64_t> DuckSession::copy(const std::string& sql) {
  if (interrupted()) return fail(ErrorKind::kInterrupted, "interrupted");
  ResultSet result;
  if (duckdb_query(connection_, sql.c_str(), &result.handle) != DuckDBSuccess)
    return fail(error_from(duckdb_result_error(&result.handle), duckdb_result_error_type(&result.handle)));
  return duckdb_rows_changed(&result.handle);
}

Result<> DuckSession::run(const std::string& sql, const std::vector<Cell>& values, bool streaming,
                          const std::function<bool(const Rows&)>& piece) {
  if (interrupted()) return fail(ErrorKind::kInterrupted, "interrupted");
  Statement statement;
  if (duckdb_prepare(connection_, sql.c_str(), &statement.handle) != DuckDBSuccess)
    return fail(error_from(duckdb_prepare_error(statement.handle), DUCKDB_ERROR_INVALID));
  std::vector<bool> to_text;
  Rows rows;
  rows.columns = columns_of(statement.handle, to_text);
  if (std::ranges::count(to_text, true) > 0 &&
      duckdb_prepared_statement_type(statement.handle) == DUCKDB_STATEMENT_TYPE_SELECT) {
    auto inner = run(with_text_columns(sql, to_text), values, streaming, [&](const Rows& text) {
      Rows named = text;
      named.columns = rows.columns;
      return piece(named);
    });
    return inner;
  }
  for (size_t i = 0; i < values.size(); ++i)
    if (!bind_cell(statement.handle, i + 1, values[i]))
      return fail(ErrorKind::kQuery, fmt::format("value {} cannot be bound to: {}", i + 1, sql));

  Pending pending;
  const auto begun = streaming ? duckdb_pending_prepared_streaming(statement.handle, &pending.handle)
                               : duckdb_pending_prepared(statement.handle, &pending.handle);
  if (begun != DuckDBSuccess)
    return fail(error_from(duckdb_pending_error(pending.handle), DUCKDB_ERROR_INVALID));
  ResultSet result;
  if (duckdb_execute_pending(pending.handle, &result.handle) != DuckDBSuccess)
    return fail(error_from(duckdb_result_error(&result.handle), duckdb_result_error_type(&result.handle)));
  bool first = true;
  while (duckdb_data_chunk chunk = duckdb_fetch_chunk(result.handle)) {
    append_chunk(chunk, rows);
    duckdb_destroy_data_chunk(&chunk);
    if (rows.rows.empty()) continue;
    if (streaming) {
      first = false;
      if (!piece(rows)) return {};
      rows.rows.clear();
    }
  }
  if (const char* message = duckdb_result_error(&result.handle); message != nullptr)
    return fail(error_from(message, duckdb_result_error_type(&result.handle)));
  if (!streaming || first) piece(rows);
  return {};
}

Result<Rows> DuckSession::query(const std::string& sql, const std::vector<Cell>& values) {
  Rows all;
  RH_TRY(run(sql, values, false, [&](const Rows& rows) {
    all = rows;
    return true;
  }));
  return all;
}

Result<> DuckSession::stream(const std::string& sql, const std::function<bool(const Rows&)>& piece) {
  return run(sql, {}, true, piece);
}

Result<Json> DuckSession::plan_of(const std::string& sql) {
  RH_ASSIGN(const Rows rows,
            query(fmt::format("select json_serialize_plan({}, optimize := false)", quote_text(sql)), {}));
  Json plan = Json::parse(rows.text(0, 0), nullptr, false);
  if (plan.is_discarded()) return fail(ErrorKind::kInternal, "reading the engine's plan: no JSON");
  if (plan.value("error", false))
    return fail(ErrorKind::kQuery, plan.value("error_message", "the statement has no plan"));
  return plan;
}

}  // namespace reelhouse::engine::duckdb
