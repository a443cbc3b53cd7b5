#include "warehouse/postgresql/loader.hpp"

#include <algorithm>
#include <mutex>
#include <set>

#include "engine/engine.hpp"
#include "warehouse/database_file.hpp"
#include "warehouse/postgresql/encoder.hpp"
#include "warehouse/postgresql/workers.hpp"

namespace reelhouse::warehouse::postgresql {
namespace {

constexpr uint64_t kWorthSharing = 200'000;  ///< rows from which several connections load one table
constexpr size_t kBlock = 256 << 10;         ///< bytes handed to the server at once

/// The rows of one table, fetched by whichever connection is free.
class Rows {
 public:
  Rows(engine::Database& database, const Load& load) : database_(database), load_(load) {}

  /// Fetches the next chunk; nothing at the end.
  Result<std::shared_ptr<void>> next(engine::Chunk& chunk) {
    const std::lock_guard lock(mutex_);
    if (!scan_ && !ended_) {
      RH_ASSIGN(session_, database_.connect());
      std::string columns;
      for (const auto& column : load_.stored.columns)
        columns += (columns.empty() ? "" : ", ") + column.outward();
      RH_ASSIGN(scan_, session_->scan(fmt::format("select {} from {}", columns, rows_of(*load_.table))));
    }
    if (ended_) return std::shared_ptr<void>();
    RH_ASSIGN(auto held, scan_->next(chunk));
    if (!held) {
      ended_ = true;
      scan_.reset();
      session_.reset();
    }
    return held;
  }

  std::mutex& mutex() { return mutex_; }
  size_t parts_left = 1;  ///< guarded by mutex(), as the next
  uint64_t sent = 0;

 private:
  engine::Database& database_;
  const Load& load_;
  std::mutex mutex_;
  std::unique_ptr<engine::Session> session_;
  std::unique_ptr<engine::Scan> scan_;
  bool ended_ = false;
};

std::string qualified(const Names& names, const std::string& table) {
  return quote(names.data()) + "." + quote(table);
}

std::string list_of(const std::vector<std::string>& columns) {
  std::string list;
  for (const auto& column : columns) list += (list.empty() ? "" : ", ") + quote(column);
  return list;
}

Error at(const Load& load, Error error) {
  const std::string doing = fmt::format("publishing the table {}", load.table->name);
  if (!error.message.starts_with(doing)) error.message = doing + ": " + error.message;
  return error;
}

std::string create_statement(const Names& names, const Load& load) {
  std::string columns;
  for (const auto& column : load.stored.columns)
    columns += (columns.empty() ? "" : ", ") + quote(column.name) + " " + column.server;
  return fmt::format("create unlogged table {} ({});", qualified(names, load.stored.data), columns);
}

/// Copies chunks until the table's rows are through; every connection of the table does the same.
Result<uint64_t> copy_rows(Connection& connection, const Names& names, const Load& load, Rows& rows) {
  const Encoder encoder(load.table->name, load.stored.columns);
  RH_TRY(connection.begin_copy_in(
      fmt::format("copy {} from stdin (format binary)", qualified(names, load.stored.data))));
  std::string bytes = Encoder::header();
  engine::Chunk chunk;
  while (true) {
    auto held = rows.next(chunk);
    auto encoded = held && *held ? encoder.encode(chunk, bytes) : Result<>();
    if (!held || !encoded) {
      connection.abandon_copy_in();
      return fail(held ? std::move(encoded).error() : std::move(held).error());
    }
    if (!*held) break;
    if (bytes.size() < kBlock) continue;
    RH_TRY(connection.put(bytes));
    bytes.clear();
  }
  bytes += Encoder::trailer();
  RH_TRY(connection.put(bytes));
  return connection.end_copy_in();
}

std::string finish_statements(Connection& connection, const Names& names, const Load& load) {
  const std::string table = qualified(names, load.stored.data);
  std::string sql = fmt::format("begin; alter table {} set logged;", table);
  if (!load.table->primary_key.empty())
    sql += fmt::format("alter table {} add constraint {} primary key ({});", table,
                       quote(object_name("pk", load.table->name, load.stored.data)),
                       list_of(load.table->primary_key));
  std::set<std::string> indexed;
  if (!load.table->primary_key.empty()) indexed.insert(load.table->primary_key.front());
  for (const auto& key : load.table->foreign_keys)
    if (indexed.insert(key.column).second)
      sql += fmt::format("create index {} on {} ({});",
                         quote(object_name("ix", key.column, load.stored.data)), table, quote(key.column));
  if (!load.stored.description.empty())
    sql += fmt::format("comment on table {} is {};", table, connection.quoted(load.stored.description));
  for (const auto& [column, description] : load.stored.column_descriptions)
    if (!description.empty())
      sql +=
          fmt::format("comment on column {}.{} is {};", table, quote(column), connection.quoted(description));
  return sql + fmt::format("analyze {0}; select count(*) from {0}", table);
}

/// Makes a table that holds all its rows a whole one, in one transaction.
Result<> finish(Connection& connection, const Names& names, const Load& load, uint64_t sent) {
  const auto check = [&](uint64_t rows) -> Result<> {
    if (rows == load.table->rows) return {};
    return fail(ErrorKind::kDamaged,
                fmt::format("the server has {} rows where {} are expected", rows, load.table->rows),
                "Build it again: reelhouse run --full-refresh", connection.name());
  };
  RH_TRY(check(sent));
  RH_ASSIGN(const auto counted, connection.run(finish_statements(connection, names, load)));
  RH_TRY(check(static_cast<uint64_t>(counted.integer(0, 0))));
  RH_TRY(connection.run(fmt::format("update {}.data_table set whole = true where name = {}; commit",
                                    quote(names.meta()), connection.quoted(load.stored.data))));
  return {};
}

Result<> load_part(Connection& connection, const Names& names, const Load& load, Rows& rows) {
  auto sent = copy_rows(connection, names, load, rows);
  if (!sent) return fail(at(load, std::move(sent).error()));
  uint64_t all = 0;
  {
    const std::lock_guard lock(rows.mutex());
    rows.sent += *sent;
    all = rows.sent;
    if (--rows.parts_left > 0) return {};
  }
  auto finished = finish(connection, names, load, all);
  if (!finished) return fail(at(load, std::move(finished).error()));
  return {};
}

std::string drop_statement(const Connection& control, const Names& names, const std::string& data) {
  return fmt::format(
      "begin; set local lock_timeout = '1s'; drop table if exists {}; delete from {}.data_table "
      "where name = {}; commit",
      qualified(names, data), quote(names.meta()), control.quoted(data));
}

}  // namespace

Result<std::vector<Load>> plan_loads(const std::vector<PublishedTable>& tables) {
  RH_ASSIGN(const auto database, engine::open_duckdb({}));
  RH_ASSIGN(const auto session, database->connect());
  std::vector<Load> loads;
  for (const auto& table : tables) {
    const std::string doing = fmt::format("publishing the table {}", table.name);
    if (table.files.empty()) return fail(ErrorKind::kInternal, doing + ": it has no files");
    auto described = session->query("describe select * from " + rows_of(table));
    Load load{&table,
              {table.name,
               "",
               table.fingerprint,
               table.rows,
               table.note,
               table.description,
               {},
               table.column_descriptions}};
    if (!described) return fail(at(load, std::move(described).error()));
    for (size_t row = 0; row < described->rows.size(); ++row) {
      auto column = column_type(described->text(row, 0), described->text(row, 1));
      if (!column) return fail(at(load, std::move(column).error()));
      load.stored.columns.push_back(std::move(*column));
    }
    // A comment on a column that is not there would fail.
    std::erase_if(load.stored.column_descriptions, [&](const auto& described_column) {
      return std::ranges::find(load.stored.columns, described_column.first, &ColumnType::name) ==
             load.stored.columns.end();
    });
    loads.push_back(std::move(load));
  }
  std::ranges::sort(loads, {}, [](const Load& load) { return load.table->name; });
  return loads;
}

void drop_unfinished(Connection& control, const Names& names) {
  const auto rows =
      control.run(fmt::format("select name from {}.data_table where not whole", quote(names.meta())));
  if (!rows) return;
  for (int row = 0; row < rows->rows(); ++row)
    if (!control.run(drop_statement(control, names, rows->text(row, 0)))) (void)control.run("rollback");
}

Result<> find_loaded(Connection& control, const Names& names, std::vector<Load>& loads) {
  drop_unfinished(control, names);
  RH_ASSIGN(const auto whole, control.run(fmt::format(
                                  "select d.name from {}.data_table d join pg_class c on c.relname = d.name "
                                  "join pg_namespace n on n.oid = c.relnamespace and n.nspname = {} "
                                  "where d.whole",
                                  quote(names.meta()), control.quoted(names.data()))));
  RH_ASSIGN(const auto taken,
            control.run("select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace "
                        "where n.nspname = $1",
                        {names.data()}));
  std::set<std::string> there;
  for (int row = 0; row < whole.rows(); ++row) there.insert(whole.text(row, 0));
  std::set<std::string> used;
  for (int row = 0; row < taken.rows(); ++row) used.insert(taken.text(row, 0));
  for (auto& load : loads) {
    const std::string base = data_name(*load.table);
    load.stored.data = base;
    // What another process still holds of a load that died is left to it.
    for (int n = 2; used.contains(load.stored.data) && !there.contains(load.stored.data); ++n)
      load.stored.data = fmt::format("{}_{}", base.substr(0, 58), n);
    load.is_there = there.contains(load.stored.data);
    used.insert(load.stored.data);
  }
  return {};
}

Result<> load_tables(Connection& control, const Location& location, const Names& names,
                     const std::vector<Load>& loads) {
  std::vector<const Load*> missing;
  for (const auto& load : loads)
    if (!load.is_there) missing.push_back(&load);
  if (missing.empty()) return {};
  std::ranges::sort(missing, std::greater(), [](const Load* load) { return load->table->rows; });
  std::string sql = "begin;";
  for (const auto* load : missing)
    sql +=
        create_statement(names, *load) +
        fmt::format("insert into {}.data_table (name, model, fingerprint, rows) values ({}, {}, {}, {});",
                    quote(names.meta()), control.quoted(load->stored.data), control.quoted(load->table->name),
                    control.quoted(load->table->fingerprint), load->table->rows);
  if (auto made = control.run(sql + "commit"); !made) {
    (void)control.run("rollback");
    return fail(made.error());
  }
  RH_ASSIGN(const auto database, engine::open_duckdb({}));
  const size_t connections = connections_at_once();
  std::vector<std::unique_ptr<Rows>> rows;
  std::vector<Job> jobs;
  for (const auto* load : missing) {
    rows.push_back(std::make_unique<Rows>(*database, *load));
    rows.back()->parts_left = load->table->rows >= kWorthSharing ? connections : 1;
    for (size_t part = rows.back()->parts_left; part > 0; --part)
      jobs.push_back([&names, load, shared = rows.back().get()](Connection& connection) {
        return load_part(connection, names, *load, *shared);
      });
  }
  const auto begin = [](Connection& connection) -> Result<> {
    RH_TRY(
        connection.run("select set_config('maintenance_work_mem', '128MB', false) "
                       "where pg_size_bytes(current_setting('maintenance_work_mem')) < 128 * 1024 * 1024"));
    return {};
  };
  return work(location, purpose_of("publish"), connections, begin, jobs);
}

Result<> add_foreign_keys(Connection& control, const Location& location, const Names& names,
                          const std::vector<Load>& loads) {
  RH_ASSIGN(const auto found, control.run("select c.relname || ' ' || k.conname from pg_constraint k "
                                          "join pg_class c on c.oid = k.conrelid "
                                          "join pg_namespace n on n.oid = c.relnamespace "
                                          "where k.contype = 'f' and n.nspname = $1",
                                          {names.data()}));
  std::set<std::string> there;
  for (int row = 0; row < found.rows(); ++row) there.insert(found.text(row, 0));
  std::vector<Job> jobs;
  for (const auto& load : loads)
    for (const auto& key : load.table->foreign_keys) {
      const auto to =
          std::ranges::find(loads, key.table, [](const Load& other) { return other.table->name; });
      if (to == loads.end() || to->table->primary_key != std::vector<std::string>{key.key}) continue;
      const std::string name = object_name("fk", key.column, to->stored.data);
      if (!there.insert(load.stored.data + " " + name).second) continue;
      const std::string sql =
          fmt::format("alter table {} add constraint {} foreign key ({}) references {} ({})",
                      qualified(names, load.stored.data), quote(name), quote(key.column),
                      qualified(names, to->stored.data), quote(key.key));
      jobs.push_back([sql, &load](Connection& connection) -> Result<> {
        if (auto added = connection.run(sql); !added) return fail(at(load, added.error()));
        return {};
      });
    }
  const auto nothing = [](Connection&) -> Result<> { return {}; };
  return work(location, purpose_of("publish"), connections_at_once(), nothing, jobs);
}

}  // namespace reelhouse::warehouse::postgresql
