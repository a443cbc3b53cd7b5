#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace reelhouse {

class Sqlite;

/// One prepared statement of a Sqlite; lives no longer than it. Not thread-safe.
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;
  ~Statement();

  /// Binds a parameter, counted from 1. Text is copied. Errors: kInternal (no such parameter).
  Result<> bind(int parameter, std::string_view value);
  Result<> bind(int parameter, const char* value) { return bind(parameter, std::string_view(value)); }
  Result<> bind(int parameter, const std::string& value) { return bind(parameter, std::string_view(value)); }
  Result<> bind(int parameter, int64_t value);
  Result<> bind(int parameter, int value) { return bind(parameter, static_cast<int64_t>(value)); }
  Result<> bind(int parameter, uint64_t value) { return bind(parameter, static_cast<int64_t>(value)); }
  Result<> bind(int parameter, bool value) { return bind(parameter, static_cast<int64_t>(value)); }
  Result<> bind(int parameter, double value);

  /// Moves to the next row: true when there is one, false at the end.
  /// Errors: those of Sqlite::execute.
  Result<bool> step();
  /// Makes the statement ready to run again; bindings stay until they are bound anew.
  void reset();

  /// Binds all parameters in order, runs the statement to its end and resets it.
  template <typename... Values>
  Result<> run(const Values&... values) {
    RH_TRY(bind_all(values...));
    return finish();
  }
  /// Binds all parameters in order and stays before the first row.
  template <typename... Values>
  Result<> bind_all(const Values&... values) {
    reset();
    [[maybe_unused]] int parameter = 0;
    Result<> bound;
    ((bound = bound ? bind(++parameter, values) : bound), ...);
    return bound;
  }

  /// Read the current row, columns counted from 0. NULL reads as "" and 0.
  std::string column_text(int column) const;
  int64_t column_int(int column) const;
  double column_double(int column) const;
  bool column_is_null(int column) const;

 private:
  friend class Sqlite;
  Statement(Sqlite* owner, sqlite3_stmt* statement) : owner_(owner), statement_(statement) {}
  Result<> finish();
  Result<> check(int code, const char* doing) const;

  Sqlite* owner_;
  sqlite3_stmt* statement_;
};

/// A small database of our own in one file: write-ahead log, foreign keys on, waits up to ten
/// seconds for another process's write. One thread at a time uses an object; several objects, in
/// any number of processes, may open the same file.
class Sqlite {
 public:
  /// Opens the file and makes it (and its folder) if need be. `what` names it in messages ("the
  /// catalog"); `if_damaged` is the hint when its content cannot be read.
  /// Errors: kPermission, kFull, kBusy, kUnavailable; kDamaged (it is no database, or a broken
  /// one).
  static Result<std::unique_ptr<Sqlite>> open(const std::filesystem::path& file, std::string what,
                                              std::string if_damaged);
  Sqlite(const Sqlite&) = delete;
  Sqlite& operator=(const Sqlite&) = delete;
  ~Sqlite();

  /// Runs statements that return nothing.
  /// Errors: kBusy, kFull, kPermission, kUnavailable, kDamaged; kInternal for wrong SQL.
  Result<> execute(const std::string& sql);
  /// Errors: as execute.
  Result<Statement> prepare(std::string_view sql);

  /// Brings the schema to its newest form: step i takes a database of version i to i + 1 (the
  /// file's user_version), each in a transaction. Safe when several processes open the file at
  /// once. Errors: as execute; kUsage when the file was written by a newer program.
  Result<> migrate(const std::vector<std::string>& steps);

  /// Returns the number of rows that the last statement inserted, changed or deleted.
  int64_t changes() const;
  int64_t last_insert_id() const;

 private:
  friend class Statement;
  Sqlite(std::filesystem::path file, std::string what, std::string if_damaged);
  Result<> connect();
  Error error(int code, const std::string& doing) const;

  std::filesystem::path file_;
  std::string what_;
  std::string if_damaged_;
  sqlite3* handle_ = nullptr;
};

/// A transaction that writes: takes the write lock at once, is rolled back unless committed.
class Transaction {
 public:
  /// Errors: as Sqlite::execute.
  static Result<Transaction> begin(Sqlite& database);
  Transaction(Transaction&& other) noexcept : database_(other.database_) { other.database_ = nullptr; }
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  /// Keeps what was written; durable when it returns. Errors: as Sqlite::execute.
  Result<> commit();

 private:
  explicit Transaction(Sqlite& database) : database_(&database) {}
  Sqlite* database_;
};

}  // namespace reelhouse
