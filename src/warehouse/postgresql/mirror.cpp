#include "warehouse/postgresql/mirror.hpp"

#include <algorithm>
#include <set>
#include <thread>

#include "base/files.hpp"
#include "base/hash.hpp"
#include "base/interrupt.hpp"
#include "engine/engine.hpp"
#include "warehouse/database_file.hpp"
#include "warehouse/folder.hpp"
#include "warehouse/postgresql/decoder.hpp"
#include "warehouse/postgresql/workers.hpp"

namespace reelhouse::warehouse::postgresql {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr size_t kFilePrint = 16;
constexpr auto kMirrorLockPause = 100ms;

/// Feeds the engine with the rows of a COPY that was begun on a connection.
class CopiedRows final : public engine::RowSource {
 public:
  CopiedRows(Connection& connection, const StoredTable& table) : connection_(connection), table_(table) {
    for (const auto& column : table.columns) columns_.push_back(column.source());
  }
  const std::vector<engine::SourceColumn>& columns() const override { return columns_; }
  uint64_t row_estimate() const override { return table_.rows; }
  Result<std::unique_ptr<engine::RowScan>> open(std::span<const size_t> projection) override;

 private:
  class Worker;
  class OneScan;
  Connection& connection_;
  const StoredTable& table_;
  std::vector<engine::SourceColumn> columns_;
};

class CopiedRows::Worker final : public engine::RowWorker {
 public:
  Worker(CopiedRows& rows, std::vector<ColumnType> columns)
      : rows_(rows), decoder_(rows.table_.name, std::move(columns)) {}
  Result<size_t> fill(engine::RowBatch& batch) override {
    size_t row = 0;
    while (row < batch.capacity() && !ended_) {
      RH_ASSIGN(const bool read, decoder_.read_row(batch, row));
      if (read) {
        ++row;
        continue;
      }
      RH_ASSIGN(const auto message, rows_.connection_.get());
      if (message) {
        RH_TRY(decoder_.take(*message));
      } else if (decoder_.ended()) {
        ended_ = true;
      } else {
        return fail(ErrorKind::kDamaged,
                    fmt::format("reading the table {} from the server: it was cut off", rows_.table_.name));
      }
    }
    return row;
  }

 private:
  CopiedRows& rows_;
  Decoder decoder_;
  bool ended_ = false;
};

class CopiedRows::OneScan final : public engine::RowScan {
 public:
  OneScan(CopiedRows& rows, std::span<const size_t> projection) : rows_(rows) {
    for (const size_t column : projection) columns_.push_back(rows.table_.columns[column]);
  }
  size_t max_workers() const override { return 1; }
  Result<std::unique_ptr<engine::RowWorker>> make_worker() override {
    std::string names;
    for (const auto& column : columns_) names += (names.empty() ? "" : ", ") + quote(column.name);
    RH_TRY(rows_.connection_.begin_copy_out(statement(names)));
    return std::unique_ptr<engine::RowWorker>(std::make_unique<Worker>(rows_, columns_));
  }

 private:
  std::string statement(const std::string& names) const {
    return fmt::format("copy (select {} from {}) to stdout (format binary)", names, rows_.table_.data);
  }
  CopiedRows& rows_;
  std::vector<ColumnType> columns_;
};

Result<std::unique_ptr<engine::RowScan>> CopiedRows::open(std::span<const size_t> projection) {
  return std::unique_ptr<engine::RowScan>(std::make_unique<OneScan>(*this, projection));
}

/// Brings one table to a Parquet file.
Result<> fetch_table(Connection& connection, engine::Database& database, const std::string& schema,
                     const StoredTable& table, const fs::path& file) {
  StoredTable from = table;
  from.data = quote(schema) + "." + quote(table.name);  // the version's view, which a reader may read
  const std::string source = "fetched_" + sha256(table.name).substr(0, kFilePrint);
  RH_TRY(database.add_source(source, std::make_shared<CopiedRows>(connection, from)));
  RH_ASSIGN(const auto session, database.connect());
  const OnInterrupt stop([&] { session->interrupt(); });
  std::string columns;
  for (const auto& column : table.columns)
    columns += fmt::format("{}{} as {}", columns.empty() ? "" : ", ", column.inward(),
                           engine::quote_name(column.name));
  std::error_code code;
  fs::create_directories(file.parent_path(), code);
  const fs::path draft = file.string() + ".part";
  auto copied = session->execute(fmt::format("copy (select {} from {}) to {} (format parquet)", columns,
                                             engine::quote_name(source), engine::quote_text(draft.string())));
  if (!copied) {
    fs::remove(draft, code);
    Error error = std::move(copied).error();
    error.message = fmt::format("bringing the table {} here: {}", table.name, error.message);
    return fail(std::move(error));
  }
  return rename_durably(draft, file);
}

Result<FileLock> wait_for_lock(const fs::path& file) {
  while (true) {
    auto lock = FileLock::take(file, "bringing a version from the server");
    if (lock || lock.error().kind != ErrorKind::kBusy) return lock;
    if (interrupted()) return fail(ErrorKind::kInterrupted, "interrupted");
    std::this_thread::sleep_for(kMirrorLockPause);
  }
}

Error not_published(const Location& location) {
  return {ErrorKind::kNotFound, "nothing is published yet", "Publish with: reelhouse run", location.name};
}

}  // namespace

Mirror::Mirror(const Location& location, const Names& names, const fs::path& cache)
    : location_(location), names_(names) {
  folder_ = cache / sha256(location.name + " " + names.fixed).substr(0, kFilePrint);
}

fs::path Mirror::file_of(const Version& version) const {
  // A database that was made anew begins at version 1 again.
  const std::string print = sha256(version.run + version.created).substr(0, 8);
  return folder_ / fmt::format("{}-{}.duckdb", name_of_version(version.number), print);
}

fs::path Mirror::rows_of_table(const StoredTable& table) const {
  return folder_ / "tables" / table.data / (sha256(table.fingerprint).substr(0, kFilePrint) + ".parquet");
}

Result<fs::path> Mirror::bring(Version& version) const {
  RH_ASSIGN(const auto control, Connection::open(location_, purpose_of("reader")));
  RH_TRY(control->run("begin isolation level repeatable read, read only"));
  auto current = read_version(*control, names_, 0);
  if (!current) return fail(std::move(current).error());
  if (!*current) return fail(not_published(location_));
  version = (*current)->version;
  version.current = true;
  const fs::path file = file_of(version);
  std::error_code code;
  if (fs::exists(file, code)) return file;
  RH_ASSIGN(const auto lock, wait_for_lock(folder_ / ".lock"));
  if (fs::exists(file, code)) return file;
  RH_TRY(fetch(*control, **current));
  if (auto written = write(**current); !written) {
    const bool is_damaged = written.error().kind == ErrorKind::kDamaged;
    // A file of an earlier version that does not hold what it should is fetched anew next time.
    if (is_damaged || written.error().kind == ErrorKind::kQuery) fs::remove_all(folder_ / "tables", code);
    return fail(std::move(written).error());
  }
  remove_old(**current);
  return file;
}

Result<> Mirror::fetch(Connection& control, const StoredVersion& version) const {
  RH_ASSIGN(const auto exported, control.run("select pg_export_snapshot()"));
  const std::string snapshot = exported.text(0, 0);
  RH_ASSIGN(const auto database, engine::open_duckdb({}));
  const std::string schema = names_.version(version.version.number);
  std::vector<const StoredTable*> missing;
  std::error_code code;
  for (const auto& table : version.tables)
    if (!fs::exists(rows_of_table(table), code)) missing.push_back(&table);
  std::ranges::sort(missing, std::greater(), &StoredTable::rows);
  std::vector<Job> jobs;
  for (const auto* table : missing)
    jobs.push_back([&, table](Connection& connection) {
      return fetch_table(connection, *database, schema, *table, rows_of_table(*table));
    });
  const auto begin = [&](Connection& connection) -> Result<> {
    RH_TRY(
        connection.run(fmt::format("begin isolation level repeatable read, read only; set transaction "
                                   "snapshot {}",
                                   connection.quoted(snapshot))));
    return {};
  };
  return work(location_, purpose_of("reader"), connections_at_once(), begin, jobs);
}

Result<> Mirror::write(const StoredVersion& version) const {
  std::vector<PublishedTable> tables;
  for (const auto& table : version.tables)
    tables.push_back({table.name,
                      table.fingerprint,
                      {rows_of_table(table)},
                      table.description,
                      table.column_descriptions,
                      table.rows,
                      table.note});
  const fs::path file = file_of(version.version);
  const fs::path draft = file.string() + ".part";
  std::error_code code;
  for (const char* end : {"", ".wal", ".tmp"}) fs::remove_all(draft.string() + end, code);
  auto written = write_database(draft, draft.string() + ".tmp", tables);
  if (written) written = verify_database(draft, version.version.tables);
  if (written) written = rename_durably(draft, file);
  for (const char* end : {"", ".wal", ".tmp"}) fs::remove_all(draft.string() + end, code);
  return written;
}

void Mirror::remove_old(const StoredVersion& version) const {
  std::set<fs::path> kept = {file_of(version.version), folder_ / ".lock", folder_ / "tables"};
  std::set<fs::path> folders;
  for (const auto& table : version.tables) folders.insert(rows_of_table(table).parent_path());
  std::error_code code;
  const auto sweep = [&](const fs::path& folder, const std::set<fs::path>& keep) {
    std::vector<fs::path> old;
    for (fs::directory_iterator entry(folder, code), end; !code && entry != end; entry.increment(code))
      if (!keep.contains(entry->path())) old.push_back(entry->path());
    for (const auto& path : old) fs::remove_all(path, code);
  };
  sweep(folder_, kept);
  sweep(folder_ / "tables", folders);
}

}  // namespace reelhouse::warehouse::postgresql
