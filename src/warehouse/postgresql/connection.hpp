#pragma once

#include <libpq-fe.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "warehouse/postgresql/location.hpp"

namespace reelhouse::warehouse::postgresql {

/// The rows of a statement, as text.
class Answer {
 public:
  explicit Answer(PGresult* result) : result_(result, PQclear) {}
  int rows() const { return PQntuples(result_.get()); }
  bool is_null(int row, int column) const { return PQgetisnull(result_.get(), row, column) == 1; }
  std::string text(int row, int column) const { return PQgetvalue(result_.get(), row, column); }
  int64_t integer(int row, int column) const;
  bool flag(int row, int column) const { return text(row, column) == "t"; }
  /// Rows that a COPY or an UPDATE touched.
  uint64_t touched() const;

 private:
  std::unique_ptr<PGresult, decltype(&PQclear)> result_;
};

/// One connection. Statements wait in short steps, so that an interrupt, or `stop` becoming true, cancels
/// them. Use it from one thread at a time.
class Connection {
 public:
  /// Connects and sets what ours need: UTF-8, no timeouts, no search path. `purpose` is shown to those who
  /// look at the server. Errors: kPermission, kNotFound, kUnavailable, kUsage (a server too old).
  static Result<std::unique_ptr<Connection>> open(const Location& location, const std::string& purpose);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Runs one or more statements; returns the last one's rows.
  /// Errors: by SQLSTATE; kInterrupted, kUnavailable (the connection is lost).
  Result<Answer> run(const std::string& sql);
  /// Runs one statement with values bound to $1, $2, ...
  Result<Answer> run(const std::string& sql, const std::vector<std::optional<std::string>>& values);

  /// Begins COPY ... FROM STDIN, hands over bytes, and ends it; returns the number of rows.
  Result<> begin_copy_in(const std::string& sql);
  Result<> put(std::string_view bytes);
  Result<uint64_t> end_copy_in();
  /// Gives up a COPY that was begun.
  void abandon_copy_in();

  /// Begins COPY ... TO STDOUT; `get` returns a message, which is valid until the next; null at the end.
  Result<> begin_copy_out(const std::string& sql);
  Result<std::optional<std::string_view>> get();

  /// Cancels statements when it becomes true; null = none.
  void stop_on(const std::atomic<bool>* stop) { stop_ = stop; }
  /// Lets statements run although an interrupt came: for cleaning up.
  void ignore_interrupts() { ignore_interrupts_ = true; }
  bool is_alive() const;
  int server_version() const { return PQserverVersion(handle_); }
  const std::string& last_state() const { return last_state_; }  ///< SQLSTATE of the last error
  std::string quoted(const std::string& text) const;             ///< a literal
  const std::string& name() const { return location_.name; }

 private:
  Connection(const Location& location, PGconn* handle) : location_(location), handle_(handle) {}
  Result<> prepare_session();
  void wait_a_step();
  Result<> wait();
  Result<PGresult*> last_result();
  Error error_of(const PGresult* result);
  Error lost();
  bool should_stop() const;

  Location location_;
  PGconn* handle_;
  const std::atomic<bool>* stop_ = nullptr;
  bool ignore_interrupts_ = false;
  bool cancelled_ = false;
  std::string last_state_;
  char* message_ = nullptr;  ///< of COPY out
};

/// Quotes an identifier.
std::string quote(const std::string& name);

}  // namespace reelhouse::warehouse::postgresql
