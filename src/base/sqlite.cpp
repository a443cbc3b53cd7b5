#include "base/sqlite.hpp"

#include <sqlite3.h>

#include <utility>

#include "base/files.hpp"

namespace reelhouse {
namespace {

constexpr int kBusyMilliseconds = 10'000;

ErrorKind kind_of(int code) {
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return ErrorKind::kBusy;
    case SQLITE_FULL:
      return ErrorKind::kFull;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return ErrorKind::kDamaged;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_CANTOPEN:
      return ErrorKind::kPermission;
    case SQLITE_IOERR:
      return ErrorKind::kUnavailable;
    case SQLITE_INTERRUPT:
      return ErrorKind::kInterrupted;
    default:
      return ErrorKind::kInternal;
  }
}

std::string hint_for(ErrorKind kind, const std::string& if_damaged) {
  switch (kind) {
    case ErrorKind::kBusy:
      return "Wait until the other process is done, then try again.";
    case ErrorKind::kFull:
      return "Free space there, then run again.";
    case ErrorKind::kDamaged:
      return if_damaged;
    case ErrorKind::kPermission:
      return "Check who may write the file and its folder (two more files are kept beside it).";
    case ErrorKind::kUnavailable:
      return "Check the disk, then try again.";
    default:
      return "";
  }
}

}  // namespace

Sqlite::Sqlite(std::filesystem::path file, std::string what, std::string if_damaged)
    : file_(std::move(file)), what_(std::move(what)), if_damaged_(std::move(if_damaged)) {}

Sqlite::~Sqlite() {
  sqlite3_close_v2(handle_);
}

Error Sqlite::error(int code, const std::string& doing) const {
  const ErrorKind kind = kind_of(code);
  const int system = handle_ ? sqlite3_system_errno(handle_) : 0;
  const bool by_system = system != 0 && (kind == ErrorKind::kPermission || kind == ErrorKind::kUnavailable);
  const std::string what = fmt::format("{} {}", doing, what_);
  if (by_system) {
    Error found = system_error(what, file_.string(), system);
    if (found.kind == ErrorKind::kFull || found.kind == ErrorKind::kPermission) return found;
  }
  const char* reason = handle_ ? sqlite3_errmsg(handle_) : sqlite3_errstr(code);
  return Error{kind, fmt::format("{}: {}", what, reason), hint_for(kind, if_damaged_), file_.string()};
}

Result<std::unique_ptr<Sqlite>> Sqlite::open(const std::filesystem::path& file, std::string what,
                                             std::string if_damaged) {
  if (file.has_parent_path()) RH_TRY(make_folders(file.parent_path()));
  std::unique_ptr<Sqlite> database(new Sqlite(file, std::move(what), std::move(if_damaged)));
  RH_TRY(database->connect());
  return database;
}

Result<> Sqlite::connect() {
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX;
  const int code = sqlite3_open_v2(file_.c_str(), &handle_, flags, nullptr);
  if (code != SQLITE_OK) return fail(error(code, "opening"));
  sqlite3_extended_result_codes(handle_, 1);
  sqlite3_busy_timeout(handle_, kBusyMilliseconds);
  // A first process that switches to WAL makes a second one busy without asking its busy handler.
  Result<> switched;
  for (int attempt = 0; attempt < 100; ++attempt) {
    switched = execute("PRAGMA journal_mode = WAL");
    if (switched || switched.error().kind != ErrorKind::kBusy) break;
    sqlite3_sleep(50);
  }
  RH_TRY(switched);
  return execute("PRAGMA foreign_keys = ON");
}

Result<> Sqlite::execute(const std::string& sql) {
  const int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return fail(error(code, "using"));
  return {};
}

Result<Statement> Sqlite::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v2(handle_, sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
  if (code != SQLITE_OK) return fail(error(code, "using"));
  return Statement(this, statement);
}

Result<> Sqlite::migrate(const std::vector<std::string>& steps) {
  const auto version = [this]() -> Result<int64_t> {
    RH_ASSIGN(Statement statement, prepare("PRAGMA user_version"));
    RH_TRY(statement.step());
    return statement.column_int(0);
  };
  const auto newest = static_cast<int64_t>(steps.size());
  RH_ASSIGN(int64_t found, version());
  if (found == newest) return {};
  RH_ASSIGN(Transaction transaction, Transaction::begin(*this));
  RH_ASSIGN(found, version());
  if (found > newest)
    return fail(ErrorKind::kUsage,
                fmt::format("opening {}: a newer program wrote it (its version is {}, this program "
                            "knows up to {})",
                            what_, found, newest),
                "Use the newer program, or delete the file to begin anew.", file_.string());
  for (int64_t step = found; step < newest; ++step) RH_TRY(execute(steps[static_cast<size_t>(step)]));
  RH_TRY(execute(fmt::format("PRAGMA user_version = {}", newest)));
  return transaction.commit();
}

int64_t Sqlite::changes() const {
  return sqlite3_changes64(handle_);
}

int64_t Sqlite::last_insert_id() const {
  return sqlite3_last_insert_rowid(handle_);
}

Statement::Statement(Statement&& other) noexcept
    : owner_(other.owner_), statement_(std::exchange(other.statement_, nullptr)) {}

Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(owner_, other.owner_);
  std::swap(statement_, other.statement_);
  return *this;
}

Statement::~Statement() {
  sqlite3_finalize(statement_);
}

Result<> Statement::check(int code, const char* doing) const {
  if (code != SQLITE_OK) return fail(owner_->error(code, doing));
  return {};
}

Result<> Statement::bind(int parameter, std::string_view value) {
  // A null pointer would bind NULL; an empty view is the empty text.
  const char* data = value.data() ? value.data() : "";
  return check(sqlite3_bind_text64(statement_, parameter, data, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8),
               "binding a value of");
}

Result<> Statement::bind(int parameter, int64_t value) {
  return check(sqlite3_bind_int64(statement_, parameter, value), "binding a value of");
}

Result<> Statement::bind(int parameter, double value) {
  return check(sqlite3_bind_double(statement_, parameter, value), "binding a value of");
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return fail(owner_->error(code, "using"));
}

void Statement::reset() {
  sqlite3_reset(statement_);
}

Result<> Statement::finish() {
  while (true) {
    auto row = step();
    if (row && *row) continue;
    reset();
    if (!row) return fail(std::move(row).error());
    return {};
  }
}

std::string Statement::column_text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  if (text == nullptr) return "";
  return std::string(text, static_cast<size_t>(sqlite3_column_bytes(statement_, column)));
}

int64_t Statement::column_int(int column) const {
  return sqlite3_column_int64(statement_, column);
}

double Statement::column_double(int column) const {
  return sqlite3_column_double(statement_, column);
}

bool Statement::column_is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

Result<Transaction> Transaction::begin(Sqlite& database) {
  RH_TRY(database.execute("BEGIN IMMEDIATE"));
  return Transaction(database);
}

Transaction::~Transaction() {
  if (database_ != nullptr) (void)database_->execute("ROLLBACK");
}

Result<> Transaction::commit() {
  RH_TRY(database_->execute("COMMIT"));
  database_ = nullptr;
  return {};
}

}  // namespace reelhouse
