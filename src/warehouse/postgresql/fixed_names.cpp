#include "warehouse/postgresql/fixed_names.hpp"

#include <algorithm>
#include <random>
#include <set>
#include <thread>

#include "base/interrupt.hpp"
#include "warehouse/postgresql/locks.hpp"

namespace reelhouse::warehouse::postgresql {
namespace {

using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

constexpr milliseconds kLongestWait{300};

/// Draws a transaction's number: snapshots that are taken from now on see a later one as the oldest running,
/// unless someone else has been writing all the while.
Result<std::string> draw_number(Connection& control) {
  RH_ASSIGN(const auto rows, control.run("select pg_current_xact_id()::xid"));
  return rows.text(0, 0);
}

/// Lists the snapshots of others in this database that may be older than `number`. A session's is another
/// one once the oldest transaction that it sees as running is another. (Who may not see others' statistics
/// sees these columns all the same.)
Result<std::set<std::string>> snapshots(Connection& control, const std::string& number) {
  RH_ASSIGN(const auto rows,
            control.run("select pid || ' ' || backend_xmin || ' ' || coalesce(xact_start::text, '') "
                        "from pg_stat_activity where datname = current_database() and "
                        "pid <> pg_backend_pid() and usesysid is not null and "
                        "age(backend_xmin) >= age($1::xid)",
                        {number}));
  std::set<std::string> found;
  for (int row = 0; row < rows.rows(); ++row) found.insert(rows.text(row, 0));
  return found;
}

using Columns = std::vector<std::string>;  ///< name and type

/// Reads the columns of all relations of a schema.
Result<std::map<std::string, Columns>> columns_in(Connection& control, const std::string& schema) {
  RH_ASSIGN(const auto rows,
            control.run("select c.relname, a.attname || ' ' || format_type(a.atttypid, a.atttypmod) "
                        "from pg_attribute a join pg_class c on c.oid = a.attrelid "
                        "join pg_namespace n on n.oid = c.relnamespace "
                        "where n.nspname = $1 and c.relkind in ('r', 'v') and a.attnum > 0 "
                        "and not a.attisdropped order by c.relname, a.attnum",
                        {schema}));
  std::map<std::string, Columns> found;
  for (int row = 0; row < rows.rows(); ++row) found[rows.text(row, 0)].push_back(rows.text(row, 1));
  return found;
}

std::string comment_statements(const Connection& control, const std::string& view, const StoredTable& table) {
  std::string sql = fmt::format("comment on view {} is {};", view,
                                table.description.empty() ? "null" : control.quoted(table.description));
  for (const auto& [column, description] : table.column_descriptions)
    if (!description.empty())
      sql += fmt::format("comment on column {}.{} is {};", view, quote(column), control.quoted(description));
  return sql;
}

/// One move, as the statements that take locks, in a fixed order, and those that follow them.
struct Move {
  std::vector<std::string> locking;
  std::string after;
  Json tables = Json::object();
};

Result<Move> plan(Connection& control, const Names& names, const FixedState& state,
                  const StoredVersion& target) {
  RH_ASSIGN(const auto views, columns_in(control, names.fixed));
  RH_ASSIGN(const auto data, columns_in(control, names.data()));
  RH_ASSIGN(const bool reader, has_reader(control, names));
  Move move;
  for (const auto& table : target.tables) {
    move.tables[table.name] = table.data;
    const std::string view = quote(names.fixed) + "." + quote(table.name);
    const auto shown = state.tables.find(table.name);
    const auto there = views.find(table.name);
    const auto columns = data.find(table.data);
    move.after += comment_statements(control, view, table);
    if (there != views.end() && shown != state.tables.end() && shown->second == table.data) continue;
    const bool fits = there != views.end() && columns != data.end() &&
                      there->second.size() <= columns->second.size() &&
                      std::equal(there->second.begin(), there->second.end(), columns->second.begin());
    if (there != views.end() && !fits) move.locking.push_back("drop view " + view);
    move.locking.push_back(fmt::format("create or replace view {} as select * from {}.{}", view,
                                       quote(names.data()), quote(table.data)));
    if (!fits && reader) move.after += fmt::format("grant select on {} to {};", view, quote(names.reader));
  }
  for (const auto& [name, ignored] : state.tables)
    if (!move.tables.contains(name) && views.contains(name))
      move.locking.push_back(fmt::format("drop view {}.{}", quote(names.fixed), quote(name)));
  return move;
}

/// Writes the transaction that moves the names.
std::string transaction_of(const Connection& control, const Names& names, const Move& move, int number,
                           milliseconds bound) {
  return fmt::format(
      "begin; set local statement_timeout = '2s'; {0}; {1} insert into {2}.fixed_names (number, tables) "
      "values ({3}, {4}) on conflict (only_row) do update set number = excluded.number, "
      "tables = excluded.tables, moved = now(), behind_since = null; commit",
      locking_block(control, move.locking, bound), move.after, quote(names.meta()), number,
      control.quoted(move.tables.dump()));
}

milliseconds pause() {
  thread_local std::minstd_rand random{std::random_device{}()};
  return milliseconds(std::uniform_int_distribution<int>(10, 50)(random));
}

}  // namespace

Result<std::vector<std::string>> blockers(Connection& control, const Names& names) {
  RH_ASSIGN(const auto rows,
            control.run("select distinct format('%s, application %s, process %s%s', a.usename, "
                        "coalesce(nullif(a.application_name, ''), '(unnamed)'), a.pid, "
                        "coalesce(', in a transaction since ' || "
                        "to_char(a.xact_start at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS') || ' UTC', '')) "
                        "from pg_stat_activity a where a.datname = current_database() and "
                        "a.pid <> pg_backend_pid() and a.usesysid is not null and "
                        "(a.backend_xmin is not null or exists (select from pg_locks l join pg_class c on "
                        "c.oid = l.relation join pg_namespace n on n.oid = c.relnamespace "
                        "where l.pid = a.pid and n.nspname = $1))",
                        {names.fixed}));
  std::vector<std::string> found;
  for (int row = 0; row < rows.rows(); ++row) found.push_back(rows.text(row, 0));
  return found;
}

Result<std::vector<std::string>> move_fixed_names(Connection& control, const Names& names,
                                                  const StoredVersion& target, milliseconds patience) {
  const int number = target.version.number;
  RH_ASSIGN(const FixedState state, read_fixed_state(control, names));
  RH_ASSIGN(const Move move, plan(control, names, state, target));
  if (state.number == number && move.locking.empty()) return std::vector<std::string>();
  const auto deadline = SteadyClock::now() + patience;
  milliseconds bound = kShortWait;  // longer each time: who reads the fixed names in long transactions
  std::set<std::string> older;
  std::string number_now;
  if (!move.locking.empty()) {
    RH_ASSIGN(number_now, draw_number(control));
    RH_ASSIGN(older, snapshots(control, number_now));
  }
  std::string because;
  while (true) {
    if (!older.empty()) {
      RH_ASSIGN(const auto now, snapshots(control, number_now));
      std::erase_if(older, [&](const auto& snapshot) { return !now.contains(snapshot); });
    }
    if (older.empty()) {
      const auto moved = control.run(transaction_of(control, names, move, number, bound));
      bound = std::min(2 * bound, kLongestWait);
      if (moved) return std::vector<std::string>();
      const std::string code = control.last_state();
      (void)control.run("rollback");
      const bool waits = code == "55P03" || code == "57014" || code == "40P01";
      if (!waits && (interrupted() || !control.is_alive())) return fail(moved.error());
      if (!waits) {
        because = moved.error().message;
        break;
      }
    }
    if (interrupted() || SteadyClock::now() >= deadline) break;
    std::this_thread::sleep_for(pause());
  }
  std::string remark = fmt::format("the fixed names in schema {} still show version {}, not {}", names.fixed,
                                   state.number, number);
  if (state.number == 0)
    remark = fmt::format("the fixed names in schema {} show no version yet", names.fixed);
  if (!because.empty()) return std::vector{remark + ": " + because};
  remark += "; they follow at the next publish";
  const auto who = blockers(control, names);
  if (who && !who->empty()) {
    remark += ". In use by: " + (*who)[0];
    if (who->size() > 1) remark += fmt::format(" and {} more", who->size() - 1);
  }
  return std::vector{remark};
}

}  // namespace reelhouse::warehouse::postgresql
