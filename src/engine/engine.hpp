#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/result.hpp"
#include "engine/chunk.hpp"
#include "engine/row_source.hpp"

namespace reelhouse::engine {

/// A cell of a result. Decimals, timestamps, 128-bit integers and nested values arrive as text, and
/// `Column::numeric` says whether that text is a number.
using Cell = std::variant<std::monostate, bool, int64_t, double, std::string>;

/// A text as a cell; null when there is none.
inline Cell text_or_null(const std::string& text) {
  return text.empty() ? Cell{} : Cell{text};
}

struct Column {
  std::string name;
  std::string type;      ///< as the engine names it: BIGINT, DECIMAL(18,2), DATE, ...
  bool numeric = false;  ///< right-align, and unquoted in JSON
};

/// A whole result in memory.
struct Rows {
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;

  /// Reads a cell of a result that is known to have it, as text ("" for null) or integer (0).
  std::string text(size_t row, size_t column) const;
  int64_t integer(size_t row, size_t column) const;
};

/// What a SELECT names, in the order of the text, each once.
struct References {
  struct Table {
    std::string schema;  ///< empty when not written
    std::string name;
    size_t offset = 0;  ///< byte offset in the text
  };
  std::vector<Table> tables;           ///< CTEs left out
  std::vector<std::string> functions;  ///< lower case, scalar and table functions alike
};

/// Runs SQL in one session; sessions of one Database see the same tables. Use each from one thread
/// at a time; `interrupt` alone may come from any thread.
class Session {
 public:
  virtual ~Session() = default;
  /// Runs one or more statements. Errors: kQuery (the hint holds the engine's candidates, the
  /// message its line), kFull, kInterrupted, or what a RowSource returned.
  virtual Result<> execute(const std::string& sql) = 0;
  /// Runs one COPY to a file and returns how many rows it wrote. It is planned once, where query would plan it
  /// twice. Errors: as execute.
  virtual Result<uint64_t> copy(const std::string& sql) = 0;
  /// Runs one statement with bound values and returns all rows. Errors: as execute.
  virtual Result<Rows> query(const std::string& sql, const std::vector<Cell>& values = {}) = 0;
  /// Runs one statement and hands over its rows in pieces of some thousands (the first call comes
  /// with the columns even when there are no rows); stops early when the callback returns false.
  virtual Result<> stream(const std::string& sql, const std::function<bool(const Rows&)>& piece) = 0;
  /// Starts one statement whose rows are fetched as the engine holds them: for moving many of them.
  /// Errors: as execute.
  virtual Result<std::unique_ptr<Scan>> scan(const std::string& sql) = 0;
  /// Parses one SELECT and lists what it names; nothing has to exist.
  /// Errors: kQuery (no SELECT, or a syntax error; `where` is the byte offset in the text).
  virtual Result<References> references_of(const std::string& sql) = 0;
  /// Returns the logical plan of a SELECT with every column reference resolved, as JSON, unoptimised.
  virtual Result<Json> plan_of(const std::string& sql) = 0;
  /// Stops the running statement, which then fails with kInterrupted.
  virtual void interrupt() = 0;
};

struct DatabaseOptions {
  std::string path;  ///< a database file; empty = in memory
  bool read_only = false;
  int threads = 0;           ///< 0 = one a core
  std::string memory_limit;  ///< "4GB"; empty = the engine's default
  std::string temporary;     ///< folder for spilling; empty = none
};

/// An instance of the engine. Thread-safe.
class Database {
 public:
  virtual ~Database() = default;
  virtual Result<std::unique_ptr<Session>> connect() = 0;
  /// Makes `schema.name` a table whose rows come from `source`; replaces an earlier one.
  /// `name` may be qualified ("raw.shop_order"); missing schemas are made.
  virtual Result<> add_source(const std::string& name, std::shared_ptr<RowSource> source) = 0;
  /// Forbids, for good, all access to files (but the open database), and changes of settings.
  virtual Result<> lock_down() = 0;
};

/// Opens DuckDB, with the helper functions of the portable SQL defined (duckdb/helpers.sql).
/// Errors: kNotFound, kDamaged, kBusy, kPermission, kQuery.
Result<std::unique_ptr<Database>> open_duckdb(const DatabaseOptions& options);

/// Quotes an identifier or a string for the engines' SQL.
std::string quote_name(const std::string& name);
std::string quote_text(const std::string& text);

/// The text of the helper functions, part of the fingerprint of models that use them.
struct Helper {
  std::string name;
  std::string definition;
};
const std::vector<Helper>& duckdb_helpers();

}  // namespace reelhouse::engine
