#include "warehouse/postgresql/connection.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/interrupt.hpp"
#include "warehouse/postgresql/failures.hpp"

namespace reelhouse::warehouse::postgresql {
namespace {

constexpr int kOldest = 130000;
constexpr int kStep = 50;  ///< milliseconds between looks at interrupts

}  // namespace

int64_t Answer::integer(int row, int column) const {
  return std::strtoll(PQgetvalue(result_.get(), row, column), nullptr, 10);
}

uint64_t Answer::touched() const {
  return std::strtoull(PQcmdTuples(result_.get()), nullptr, 10);
}

std::string quote(const std::string& name) {
  std::string quoted = "\"";
  for (const char c : name) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

Result<std::unique_ptr<Connection>> Connection::open(const Location& location, const std::string& purpose) {
  // Those before dbname, which holds the URI, are only used where the URI says nothing.
  const bool has_timeout = std::getenv("PGCONNECT_TIMEOUT") != nullptr;
  const std::array keywords = {"keepalives_idle",
                               "keepalives_interval",
                               "keepalives_count",
                               "fallback_application_name",
                               "dbname",
                               "client_encoding",
                               has_timeout ? nullptr : "connect_timeout",
                               static_cast<const char*>(nullptr)};
  const std::array values = {"30",
                             "10",
                             "3",
                             purpose.c_str(),
                             location.uri.c_str(),
                             "UTF8",
                             "10",
                             static_cast<const char*>(nullptr)};
  const std::string uri = location.uri;
  const bool uri_has_timeout = uri.find("connect_timeout") != std::string::npos;
  std::vector<const char*> keys;
  std::vector<const char*> settings;
  for (size_t i = 0; i + 1 < keywords.size(); ++i) {
    if (keywords[i] == nullptr || (uri_has_timeout && std::string_view(keywords[i]) == "connect_timeout"))
      continue;
    keys.push_back(keywords[i]);
    settings.push_back(values[i]);
  }
  keys.push_back(nullptr);
  settings.push_back(nullptr);
  PGconn* handle = PQconnectdbParams(keys.data(), settings.data(), 1);
  std::unique_ptr<Connection> connection(new Connection(location, handle));
  if (PQstatus(handle) != CONNECTION_OK)
    return fail(connect_failure(location, handle == nullptr ? "no memory" : PQerrorMessage(handle),
                                PQconnectionNeedsPassword(handle) == 1));
  PQsetNoticeProcessor(
      handle, [](void*, const char*) {}, nullptr);
  if (connection->server_version() < kOldest) {
    const char* version = PQparameterStatus(handle, "server_version");
    return fail(ErrorKind::kUsage,
                fmt::format("the server is PostgreSQL {}, which is too old",
                            version == nullptr ? "of an unknown version" : version),
                "Use PostgreSQL 13 or newer.", location.name);
  }
  RH_TRY(connection->prepare_session());
  return connection;
}

Result<> Connection::prepare_session() {
  RH_TRY(
      run("set search_path = pg_catalog; set statement_timeout = 0; set lock_timeout = 0; "
          "set idle_in_transaction_session_timeout = 0; set standard_conforming_strings = on; "
          "set default_transaction_isolation = 'read committed'"));
  if (server_version() >= 140000) RH_TRY(run("set client_connection_check_interval = 1000"));
  return {};
}

Connection::~Connection() {
  PQfreemem(message_);
  PQfinish(handle_);
}

bool Connection::is_alive() const {
  return PQstatus(handle_) == CONNECTION_OK;
}

bool Connection::should_stop() const {
  return (stop_ != nullptr && stop_->load()) || (!ignore_interrupts_ && interrupted());
}

/// Waits for the server for a moment; asks it to cancel the statement when it should stop.
void Connection::wait_a_step() {
  if (should_stop() && !cancelled_) {
    cancelled_ = true;
    std::array<char, 256> ignored{};
    PGcancel* cancel = PQgetCancel(handle_);
    (void)PQcancel(cancel, ignored.data(), ignored.size());
    PQfreeCancel(cancel);
  }
  pollfd ready{PQsocket(handle_), POLLIN, 0};
  (void)::poll(&ready, 1, kStep);
}

/// Waits until a result can be had without blocking.
Result<> Connection::wait() {
  while (true) {
    if (PQconsumeInput(handle_) == 0) return fail(lost());
    if (PQisBusy(handle_) == 0) return {};
    wait_a_step();
  }
}

/// Reads results to the last; the first error wins, for the rest of the statements were not run.
Result<PGresult*> Connection::last_result() {
  PGresult* last = nullptr;
  std::optional<Error> error;
  while (true) {
    if (auto waited = wait(); !waited) {
      PQclear(last);
      return fail(waited.error());
    }
    PGresult* next = PQgetResult(handle_);
    if (next == nullptr) break;
    const auto status = PQresultStatus(next);
    if (status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE) {
      if (!error) error = error_of(next);
      PQclear(next);
      continue;
    }
    PQclear(last);
    last = next;
    if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT) break;
  }
  cancelled_ = false;
  if (!error && last != nullptr) return last;
  PQclear(last);
  if (error && !is_alive()) return fail(lost());
  return fail(error ? *error : lost());
}

Error Connection::error_of(const PGresult* result) {
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  last_state_ = state == nullptr ? "" : state;
  const auto field = [&](int code) {
    const char* text = PQresultErrorField(result, code);
    return text == nullptr ? std::string() : without_secret(location_, text);
  };
  if (state == nullptr) return lost();
  if (last_state_ == "57014" && !ignore_interrupts_ && interrupted())
    return {ErrorKind::kInterrupted, "interrupted", "", ""};
  return statement_failure(location_, last_state_, field(PG_DIAG_MESSAGE_PRIMARY),
                           field(PG_DIAG_MESSAGE_DETAIL), field(PG_DIAG_MESSAGE_HINT));
}

Error Connection::lost() {
  last_state_ = "08006";
  return {ErrorKind::kUnavailable,
          "the connection to the server was lost: " + without_secret(location_, PQerrorMessage(handle_)),
          "Look at the server, then run again: what was loaded whole is kept.", location_.name};
}

Result<Answer> Connection::run(const std::string& sql) {
  if (!ignore_interrupts_ && interrupted()) return fail(ErrorKind::kInterrupted, "interrupted");
  if (PQsendQuery(handle_, sql.c_str()) == 0) return fail(lost());
  RH_ASSIGN(PGresult * result, last_result());
  return Answer(result);
}

Result<Answer> Connection::run(const std::string& sql,
                               const std::vector<std::optional<std::string>>& values) {
  if (!ignore_interrupts_ && interrupted()) return fail(ErrorKind::kInterrupted, "interrupted");
  std::vector<const char*> pointers;
  for (const auto& value : values) pointers.push_back(value ? value->c_str() : nullptr);
  if (PQsendQueryParams(handle_, sql.c_str(), static_cast<int>(values.size()), nullptr, pointers.data(),
                        nullptr, nullptr, 0) == 0)
    return fail(lost());
  RH_ASSIGN(PGresult * result, last_result());
  return Answer(result);
}

Result<> Connection::begin_copy_in(const std::string& sql) {
  RH_TRY(run(sql));
  return {};
}

Result<> Connection::put(std::string_view bytes) {
  if (should_stop()) {
    abandon_copy_in();
    return fail(ErrorKind::kInterrupted, "interrupted");
  }
  if (PQputCopyData(handle_, bytes.data(), static_cast<int>(bytes.size())) == 1) return {};
  // The server has ended the COPY: its result tells why.
  auto result = end_copy_in();
  return fail(result ? lost() : result.error());
}

Result<uint64_t> Connection::end_copy_in() {
  if (PQputCopyEnd(handle_, nullptr) != 1 && !is_alive()) return fail(lost());
  RH_ASSIGN(PGresult * result, last_result());
  return Answer(result).touched();
}

void Connection::abandon_copy_in() {
  if (PQputCopyEnd(handle_, "given up") != 1) return;
  while (PGresult* result = PQgetResult(handle_)) PQclear(result);
}

Result<> Connection::begin_copy_out(const std::string& sql) {
  RH_TRY(run(sql));
  return {};
}

Result<std::optional<std::string_view>> Connection::get() {
  PQfreemem(message_);
  message_ = nullptr;
  while (true) {
    const int size = PQgetCopyData(handle_, &message_, 1);
    if (size > 0) return std::optional(std::string_view(message_, static_cast<size_t>(size)));
    if (size == -1) {
      RH_ASSIGN(PGresult * result, last_result());
      PQclear(result);
      return std::optional<std::string_view>();
    }
    if (size == -2) return fail(lost());
    wait_a_step();
    if (PQconsumeInput(handle_) == 0) return fail(lost());
  }
}

std::string Connection::quoted(const std::string& text) const {
  char* literal = PQescapeLiteral(handle_, text.c_str(), text.size());
  if (literal == nullptr) return "''";
  std::string copy = literal;
  PQfreemem(literal);
  return copy;
}

}  // namespace reelhouse::warehouse::postgresql
