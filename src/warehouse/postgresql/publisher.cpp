#include "warehouse/postgresql/publisher.hpp"

#include <algorithm>
#include <thread>

#include "base/interrupt.hpp"
#include "warehouse/choice.hpp"
#include "warehouse/postgresql/fixed_names.hpp"
#include "warehouse/postgresql/loader.hpp"
#include "warehouse/postgresql/retire.hpp"
#include "warehouse/postgresql/workers.hpp"

namespace reelhouse::warehouse::postgresql {
namespace {

using SteadyClock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto kLockPatience = 5s;
constexpr auto kLockPause = 100ms;

/// Creates the schema of a version, whose views bear the plain names, with their comments.
std::string schema_statements(const Connection& control, const Names& names, const StoredVersion& version) {
  const std::string schema = quote(names.version(version.version.number));
  std::string sql =
      fmt::format("create schema {0}; comment on schema {0} is {1};", schema, control.quoted(names.mark()));
  for (const auto& table : version.tables) {
    const std::string view = schema + "." + quote(table.name);
    sql +=
        fmt::format("create view {} as select * from {}.{};", view, quote(names.data()), quote(table.data));
    if (!table.description.empty())
      sql += fmt::format("comment on view {} is {};", view, control.quoted(table.description));
    for (const auto& [column, description] : table.column_descriptions)
      if (!description.empty())
        sql +=
            fmt::format("comment on column {}.{} is {};", view, quote(column), control.quoted(description));
  }
  return sql;
}

/// Makes a version current, and notes the transaction from which the one before was no longer.
std::string switch_statements(const Connection& control, const Names& names, int number) {
  return fmt::format(
      "update {0}.version set replaced_by = case when number = {1} then null else pg_current_xact_id() end "
      "where number = {1} or number in (select number from {0}.current_version);"
      "insert into {0}.current_version (number, schema_name) values ({1}, {2}) on conflict (only_row) "
      "do update set number = excluded.number, schema_name = excluded.schema_name;"
      "update {0}.fixed_names set behind_since = case when number = {1} then null "
      "else coalesce(behind_since, now()) end;",
      quote(names.meta()), number, control.quoted(names.version(number)));
}

}  // namespace

Result<Publisher> Publisher::begin(const Location& location, const Names& names) {
  RH_ASSIGN(auto control, Connection::open(location, purpose_of("publish")));
  Publisher publisher(location, names, std::move(control));
  RH_TRY(publisher.check_writable());
  RH_TRY(publisher.take_lock());
  RH_ASSIGN(publisher.remarks_, ensure_layout(*publisher.control_, names));
  return publisher;
}

Result<> Publisher::check(const Location& location, const Names& names) {
  RH_ASSIGN(auto control, Connection::open(location, purpose_of("check")));
  Publisher publisher(location, names, std::move(control));
  RH_TRY(publisher.check_writable());
  return check_rights(*publisher.control_, names);
}

Result<> Publisher::check_writable() {
  RH_ASSIGN(const auto rows, control_->run("select pg_is_in_recovery(), "
                                           "current_setting('transaction_read_only') = 'on'"));
  if (!rows.flag(0, 0) && !rows.flag(0, 1)) return {};
  return fail(ErrorKind::kPermission,
              rows.flag(0, 0) ? "the server is a standby, which only reads"
                              : "the server only reads (default_transaction_read_only)",
              "Publish to the primary.", location_.name);
}

Result<> Publisher::take_lock() {
  const auto deadline = SteadyClock::now() + kLockPatience;
  while (true) {
    RH_ASSIGN(const auto taken,
              control_->run("select pg_try_advisory_lock($1)", {std::to_string(names_.lock())}));
    if (taken.flag(0, 0)) return {};
    if (interrupted()) return fail(ErrorKind::kInterrupted, "interrupted");
    if (SteadyClock::now() >= deadline) break;
    std::this_thread::sleep_for(kLockPause);
  }
  const auto holder = control_->run(
      "select coalesce(nullif(a.application_name, ''), '(unnamed)'), l.pid from pg_locks l "
      "left join pg_stat_activity a on a.pid = l.pid where l.locktype = 'advisory' and l.granted and "
      "l.database = (select oid from pg_database where datname = current_database()) and "
      "(l.classid::bigint << 32) + l.objid::bigint = $1 limit 1",
      {std::to_string(names_.lock())});
  const std::string who = holder && holder->rows() > 0 ? fmt::format("{}, the server's process {}",
                                                                     holder->text(0, 0), holder->text(0, 1))
                                                       : "unknown";
  return fail(ErrorKind::kBusy, fmt::format("another process ({}) is publishing to this warehouse", who),
              "Wait until it ends, or stop it, then try again.", location_.name);
}

Result<StoredVersion> Publisher::switch_to_new(StoredVersion version) {
  RH_ASSIGN(const bool reader, has_reader(*control_, names_));
  std::string data;
  for (const auto& table : version.tables) data += (data.empty() ? "" : ", ") + control_->quoted(table.data);
  RH_ASSIGN(const auto numbers,
            control_->run(fmt::format(
                "select coalesce((select max(number) from {}.version), 0) + 1, coalesce(sum("
                "pg_total_relation_size(c.oid)), 0)::bigint from pg_class c join pg_namespace n on n.oid = "
                "c.relnamespace where n.nspname = {} and c.relname in ({})",
                quote(names_.meta()), control_->quoted(names_.data()), data)));
  version.version.number = static_cast<int>(numbers.integer(0, 0));
  version.version.bytes = static_cast<uint64_t>(numbers.integer(0, 1));
  std::string sql = "begin;" + schema_statements(*control_, names_, version);
  if (reader) sql += grant_statements(names_, names_.version(version.version.number));
  sql += fmt::format(
      "insert into {}.version (number, run, created, tables, bytes) values ({}, {}, {}, {}, {});",
      quote(names_.meta()), version.version.number, control_->quoted(version.version.run),
      control_->quoted(version.version.created),
      control_->quoted(to_json(version.tables).dump(-1, ' ', false, Json::error_handler_t::replace)),
      version.version.bytes);
  sql += switch_statements(*control_, names_, version.version.number) + "commit";
  if (auto made = control_->run(sql); !made) {
    (void)control_->run("rollback");
    Error error = std::move(made).error();
    error.message = "making the new version current: " + error.message;
    return fail(std::move(error));
  }
  return version;
}

Result<Version> Publisher::publish(const std::vector<PublishedTable>& tables, const std::string& run,
                                   int keep, std::chrono::milliseconds patience, const Clock& clock) {
  RH_ASSIGN(auto loads, plan_loads(tables));
  RH_TRY(find_loaded(*control_, names_, loads));
  auto loaded = load_tables(*control_, location_, names_, loads);
  if (loaded) loaded = add_foreign_keys(*control_, location_, names_, loads);
  if (!loaded) {
    control_->ignore_interrupts();
    drop_unfinished(*control_, names_);
    return fail(std::move(loaded).error());
  }
  StoredVersion version;
  version.version = {0, run, to_iso(clock.now()), true, {}, 0, {}};
  for (const auto& load : loads) {
    version.tables.push_back(load.stored);
    version.version.tables.push_back(
        {load.stored.name, load.stored.fingerprint, load.stored.rows, load.stored.note});
  }
  RH_ASSIGN(version, switch_to_new(std::move(version)));
  // It is published: what fails from here on is for the next publish.
  version.version.remarks = remarks_;
  const auto moved = move_fixed_names(*control_, names_, version, patience);
  auto& remarks = version.version.remarks;
  if (moved)
    remarks.insert(remarks.end(), moved->begin(), moved->end());
  else
    remarks.push_back("the fixed names were not moved: " + moved.error().message);
  std::ranges::move(retire(*control_, names_, keep), std::back_inserter(remarks));
  return version.version;
}

Result<Version> Publisher::roll_back(int number, std::chrono::milliseconds patience) {
  RH_ASSIGN(const auto versions, read_versions(*control_, names_));
  const auto number_of = [](const StoredVersion& version) { return version.version.number; };
  std::vector<int> there;
  std::optional<int> now;
  for (const auto& version : versions) {
    there.push_back(number_of(version));
    if (version.version.current) now = number_of(version);
  }
  std::ranges::sort(there);
  RH_ASSIGN(number, choose_version(there, now, number, location_.name));
  const auto wanted = std::ranges::find(versions, number, number_of);
  StoredVersion version = *wanted;
  for (const auto& table : version.tables) {
    const std::string view = quote(names_.version(number_of(version))) + "." + quote(table.name);
    const auto counted = control_->run("select count(*) from " + view);
    if (!counted) return fail(counted.error());
    if (static_cast<uint64_t>(counted->integer(0, 0)) != table.rows)
      return fail(ErrorKind::kDamaged,
                  fmt::format("rolling back: the table {} of version {} has {} rows where {} are expected",
                              table.name, number_of(version), counted->integer(0, 0), table.rows),
                  "Choose another. " + advice_of(there), location_.name);
  }
  if (number != now) {
    auto switched =
        control_->run("begin;" + switch_statements(*control_, names_, number_of(version)) + "commit");
    if (!switched) {
      (void)control_->run("rollback");
      return fail(std::move(switched).error());
    }
  }
  version.version.current = true;
  if (const auto moved = move_fixed_names(*control_, names_, version, patience))
    version.version.remarks = *moved;
  return version.version;
}

Result<std::vector<std::string>> Publisher::tend(int keep, std::chrono::milliseconds patience) {
  RH_ASSIGN(const auto current, read_version(*control_, names_, 0));
  std::vector<std::string> remarks = remarks_;
  if (!current) return remarks;
  drop_unfinished(*control_, names_);
  RH_ASSIGN(const auto moved, move_fixed_names(*control_, names_, *current, patience));
  remarks.insert(remarks.end(), moved.begin(), moved.end());
  std::ranges::move(retire(*control_, names_, keep), std::back_inserter(remarks));
  return remarks;
}

}  // namespace reelhouse::warehouse::postgresql
