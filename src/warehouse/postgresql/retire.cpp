#include "warehouse/postgresql/retire.hpp"

#include <algorithm>

#include "warehouse/postgresql/locks.hpp"

namespace reelhouse::warehouse::postgresql {
namespace {

/// Runs drops in a transaction of their own, and `after`; says why when others depend on what they drop.
void drop(Connection& control, const std::string& what, const std::vector<std::string>& drops,
          const std::string& after, std::vector<std::string>& remarks) {
  const auto done =
      control.run(fmt::format("begin; {}; {}; commit", locking_block(control, drops, kShortWait), after));
  if (done) return;
  const std::string code = control.last_state();
  (void)control.run("rollback");
  const bool is_depended_on = code == "2BP01";
  if (is_depended_on) remarks.push_back(fmt::format("{} is kept: {}", what, done.error().message));
}

/// Drops a version's schema: its views, and itself if nothing of others is in it.
void drop_version(Connection& control, const Names& names, const StoredVersion& version,
                  std::vector<std::string>& remarks) {
  const int number = version.version.number;
  const std::string schema = quote(names.version(number));
  std::vector<std::string> drops;
  for (const auto& table : version.tables)
    drops.push_back(fmt::format("drop view if exists {}.{}", schema, quote(table.name)));
  drops.push_back("drop schema if exists " + schema);
  drop(control, fmt::format("version {}", number), drops,
       fmt::format("delete from {}.version where number = {}", quote(names.meta()), number), remarks);
}

/// Lists the old versions that no open transaction may have chosen before another became current.
std::string unseen_versions(const Names& names, int keep) {
  return fmt::format(
      "select v.number from {0}.version v where "
      "v.number not in (select number from {0}.version order by number desc limit {1}) and "
      "v.number not in (select number from {0}.current_version) and "
      "v.number not in (select number from {0}.fixed_names) and "
      "not exists (select from pg_stat_activity a where a.datname = current_database() and "
      "a.pid <> pg_backend_pid() and a.usesysid is not null and "
      "age(a.backend_xmin) >= age(v.replaced_by::xid))",
      quote(names.meta()), std::max(keep, 1));
}

void drop_data(Connection& control, const Names& names, const std::string& name,
               std::vector<std::string>& remarks) {
  const std::string table = quote(names.data()) + "." + quote(name);
  // A fact that is still needed may refer to it.
  const auto references = control.run(
      "select c.relname, k.conname from pg_constraint k join pg_class c on c.oid = k.conrelid "
      "join pg_class t on t.oid = k.confrelid join pg_namespace n on n.oid = t.relnamespace "
      "join pg_namespace m on m.oid = c.relnamespace "
      "where k.contype = 'f' and t.relname = $1 and n.nspname = $2 and m.nspname = $2 and c.oid <> t.oid",
      {name, names.data()});
  if (!references) return;
  std::vector<std::string> drops;
  for (int row = 0; row < references->rows(); ++row)
    drops.push_back(fmt::format("alter table {}.{} drop constraint {}", quote(names.data()),
                                quote(references->text(row, 0)), quote(references->text(row, 1))));
  drops.push_back("drop table if exists " + table);
  drop(control, fmt::format("the old table {}", name), drops,
       fmt::format("delete from {}.data_table where name = {}", quote(names.meta()), control.quoted(name)),
       remarks);
}

/// Tells what of others stands on a version's schema or lies in it; empty when nothing does.
Result<std::string> dependents(Connection& connection, const std::string& schema) {
  RH_ASSIGN(
      const auto rows,
      connection.run("select coalesce(string_agg(distinct o.name, ', '), '') from ("
                     "select w.nspname || '.' || v.relname as name from pg_namespace n "
                     "join pg_class c on c.relnamespace = n.oid "
                     "join pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = c.oid and "
                     "d.classid = 'pg_rewrite'::regclass join pg_rewrite r on r.oid = d.objid "
                     "join pg_class v on v.oid = r.ev_class join pg_namespace w on w.oid = v.relnamespace "
                     "where n.nspname = $1 and v.relnamespace <> n.oid "
                     "union all select n.nspname || '.' || c.relname from pg_namespace n "
                     "join pg_class c on c.relnamespace = n.oid where n.nspname = $1 and "
                     "c.relkind in ('r', 'p', 'm', 'S', 'f')) o",
                     {schema}));
  return rows.text(0, 0);
}

}  // namespace

Result<std::vector<std::string>> old_versions(Connection& connection, const Names& names, int keep) {
  RH_ASSIGN(const auto rows,
            connection.run(fmt::format(
                "select v.number, v.number in (select number from {0}.current_version), "
                "v.number in (select number from {0}.fixed_names), "
                "(select coalesce(string_agg(distinct format('%s, process %s', a.usename, a.pid), '; '), '') "
                "from pg_stat_activity a where a.datname = current_database() and "
                "a.pid <> pg_backend_pid() and a.usesysid is not null and "
                "age(a.backend_xmin) >= age(v.replaced_by::xid)) from {0}.version v where v.number not in "
                "(select number from {0}.version order by number desc limit {1}) order by v.number",
                quote(names.meta()), std::max(keep, 1))));
  std::vector<std::string> found;
  for (int row = 0; row < rows.rows(); ++row) {
    const auto number = static_cast<int>(rows.integer(row, 0));
    RH_ASSIGN(const std::string others, dependents(connection, names.version(number)));
    std::string why = "the next publish drops it";
    if (rows.flag(row, 1))
      why = "it is current";
    else if (rows.flag(row, 2))
      why = "the fixed names show it";
    else if (!others.empty())
      why = "others depend on it: " + others;
    else if (!rows.text(row, 3).empty())
      why = "a transaction from before it was replaced is open: " + rows.text(row, 3);
    found.push_back(fmt::format("version {} ({})", number, why));
  }
  return found;
}

std::vector<std::string> retire(Connection& control, const Names& names, int keep) {
  std::vector<std::string> remarks;
  const auto versions = read_versions(control, names);
  const auto unseen = control.run(unseen_versions(names, keep));
  if (!versions || !unseen) return remarks;
  for (int row = 0; row < unseen->rows(); ++row) {
    const auto number = static_cast<int>(unseen->integer(row, 0));
    const auto found = std::ranges::find(*versions, number,
                                         [](const StoredVersion& version) { return version.version.number; });
    if (found != versions->end()) drop_version(control, names, *found, remarks);
  }
  const auto unneeded = control.run(
      fmt::format("select name from {0}.data_table where "
                  "name not in (select t->>'data' from {0}.version, jsonb_array_elements(tables) t) and "
                  "name not in (select value from {0}.fixed_names, jsonb_each_text(tables))",
                  quote(names.meta())));
  if (!unneeded) return remarks;
  for (int row = 0; row < unneeded->rows(); ++row) drop_data(control, names, unneeded->text(row, 0), remarks);
  return remarks;
}

}  // namespace reelhouse::warehouse::postgresql
