#include "warehouse/postgresql/catalog.hpp"

#include <algorithm>

namespace reelhouse::warehouse::postgresql {
namespace {

constexpr int kSchemas = 3;  ///< fixed names, meta, data

/// Nothing of ours is there: no such schema, no such table.
bool is_absent(const Connection& connection) {
  return connection.last_state() == "3F000" || connection.last_state() == "42P01";
}

Result<std::vector<StoredTable>> tables_of(const std::string& text, const std::string& where) {
  try {
    std::vector<StoredTable> tables;
    for (const auto& json : Json::parse(text)) {
      StoredTable table{json.at("name"),
                        json.at("data"),
                        json.at("fingerprint"),
                        json.at("rows"),
                        json.at("note"),
                        json.at("description"),
                        {},
                        {}};
      for (const auto& entry : json.at("columns")) {
        RH_ASSIGN(auto column, column_type(entry.at("name"), entry.at("type")));
        table.columns.push_back(std::move(column));
        table.column_descriptions.emplace_back(entry.at("name"), entry.at("description"));
      }
      tables.push_back(std::move(table));
    }
    return tables;
  } catch (const Json::exception& e) {
    return fail(ErrorKind::kDamaged, fmt::format("reading the versions: {}", e.what()),
                "Publish anew: reelhouse run --full-refresh", where);
  }
}

Result<StoredVersion> version_of(const Connection& connection, const Answer& rows, int row) {
  StoredVersion found;
  RH_ASSIGN(found.tables, tables_of(rows.text(row, 3), connection.name()));
  found.version = {static_cast<int>(rows.integer(row, 0)),
                   rows.text(row, 1),
                   rows.text(row, 2),
                   rows.flag(row, 5),
                   {},
                   static_cast<uint64_t>(rows.integer(row, 4)),
                   {}};
  for (const auto& table : found.tables)
    found.version.tables.push_back({table.name, table.fingerprint, table.rows, table.note});
  return found;
}

std::string select_versions(const Names& names) {
  return fmt::format(
      "select v.number, v.run, v.created, v.tables, v.bytes, c.number is not null from {0}.version v "
      "left join {0}.current_version c on c.number = v.number",
      quote(names.meta()));
}

/// Creates what is missing of the meta schema.
std::string meta_statements(const Names& names) {
  return fmt::format(
      "create table {0}.version (number integer primary key, run text not null, created text not null, "
      "tables jsonb not null, bytes bigint not null, replaced_by xid8);"
      "create table {0}.current_version (only_row boolean primary key default true check (only_row), "
      "number integer not null references {0}.version, schema_name text not null);"
      "create table {0}.fixed_names (only_row boolean primary key default true check (only_row), "
      "number integer not null, tables jsonb not null, moved timestamptz not null default now(), "
      "behind_since timestamptz);"
      "create table {0}.data_table (name text primary key, model text not null, fingerprint text not null, "
      "rows bigint not null, whole boolean not null default false, made timestamptz not null default now());"
      "comment on table {0}.current_version is 'One row: the schema to read, once a transaction';"
      "comment on table {0}.version is 'The versions that can be read and rolled back to';"
      "comment on table {0}.fixed_names is 'The version that the views of fixed names show';"
      "comment on table {0}.data_table is 'Tables of the data schema; those not whole are of a publish that "
      "is under way or died';",
      quote(names.meta()));
}

}  // namespace

Json to_json(const std::vector<StoredTable>& tables) {
  Json list = Json::array();
  for (const auto& table : tables) {
    Json columns = Json::array();
    for (const auto& column : table.columns) {
      const auto described = std::ranges::find(table.column_descriptions, column.name,
                                               &std::pair<std::string, std::string>::first);
      columns.push_back(
          {{"name", column.name},
           {"type", column.type},
           {"description", described == table.column_descriptions.end() ? "" : described->second}});
    }
    list.push_back({{"name", table.name},
                    {"data", table.data},
                    {"fingerprint", table.fingerprint},
                    {"rows", table.rows},
                    {"note", table.note},
                    {"description", table.description},
                    {"columns", std::move(columns)}});
  }
  return list;
}

Result<bool> has_reader(Connection& connection, const Names& names) {
  RH_ASSIGN(const auto rows, connection.run("select 1 from pg_roles where rolname = $1", {names.reader}));
  return rows.rows() > 0;
}

std::string grant_statements(const Names& names, const std::string& schema) {
  return fmt::format("grant usage on schema {0} to {1}; grant select on all tables in schema {0} to {1};",
                     quote(schema), quote(names.reader));
}

namespace {

/// Lets a reader in whose role was made after the schemas were, or is another one now.
Result<> let_reader_in(Connection& connection, const Names& names) {
  RH_ASSIGN(const auto rows,
            connection.run("select has_schema_privilege($1, $2, 'usage')", {names.reader, names.meta()}));
  if (rows.flag(0, 0)) return {};
  std::string sql = grant_statements(names, names.meta()) + grant_statements(names, names.fixed);
  RH_ASSIGN(const auto current, read_current_number(connection, names));
  if (current) sql += grant_statements(names, names.version(*current));
  RH_TRY(connection.run(sql));
  return {};
}

/// Counts the schemas of our names that are there. Errors: kUsage (one is not ours).
Result<int> count_ours(Connection& connection, const Names& names) {
  RH_ASSIGN(const auto found,
            connection.run("select n.nspname, coalesce(obj_description(n.oid, 'pg_namespace'), '') "
                           "from pg_namespace n where n.nspname = any (array[$1, $2, $3]::name[])",
                           {names.fixed, names.meta(), names.data()}));
  for (int row = 0; row < found.rows(); ++row)
    if (found.text(row, 1) != names.mark())
      return fail(
          ErrorKind::kUsage,
          fmt::format("the database has a schema {} that is not this warehouse's; nothing was touched",
                      found.text(row, 0)),
          "Choose another name with warehouse_schema in reelhouse.yaml, or another database.",
          connection.name());
  return found.rows();
}

/// Adds to a warehouse of an earlier layout when the fixed names fell behind.
Result<> add_behind_since(Connection& connection, const Names& names) {
  RH_ASSIGN(const auto there,
            connection.run("select 1 from pg_attribute a join pg_class c on c.oid = a.attrelid "
                           "join pg_namespace n on n.oid = c.relnamespace where n.nspname = $1 and "
                           "c.relname = 'fixed_names' and a.attname = 'behind_since'",
                           {names.meta()}));
  if (there.rows() > 0) return {};
  RH_TRY(connection.run(
      fmt::format("alter table {}.fixed_names add column behind_since timestamptz", quote(names.meta()))));
  return {};
}

}  // namespace

Result<> check_rights(Connection& connection, const Names& names) {
  RH_ASSIGN(const int there, count_ours(connection, names));
  RH_ASSIGN(const auto user, connection.run("select current_database(), current_user, "
                                            "has_database_privilege(current_database(), 'create')"));
  if (!user.flag(0, 2))
    return fail(ErrorKind::kPermission,
                fmt::format("permission denied for database {}: {} may not make schemas in it",
                            user.text(0, 0), user.text(0, 1)),
                fmt::format("Let the database's owner say: grant create on database {} to {}.",
                            quote(user.text(0, 0)), quote(user.text(0, 1))),
                connection.name());
  if (there < kSchemas) return {};
  RH_ASSIGN(
      const auto lacking,
      connection.run("select n.nspname, pg_get_userbyid(n.nspowner) from pg_namespace n "
                     "where (n.nspname = any (array[$1, $2]::name[]) and not "
                     "(has_schema_privilege(n.oid, 'create') and has_schema_privilege(n.oid, 'usage'))) "
                     "or (n.nspname = $3 and (not has_schema_privilege(n.oid, 'usage') or exists "
                     "(select from pg_class c where c.relnamespace = n.oid and c.relkind = 'r' and not "
                     "(has_table_privilege(c.oid, 'insert') and has_table_privilege(c.oid, 'update') and "
                     "has_table_privilege(c.oid, 'delete'))))) order by 1 limit 1",
                     {names.fixed, names.data(), names.meta()}));
  if (lacking.rows() == 0) return {};
  return fail(ErrorKind::kPermission,
              fmt::format("permission denied for schema {}, which belongs to {}: {} may not publish into it",
                          lacking.text(0, 0), lacking.text(0, 1), user.text(0, 1)),
              fmt::format("Publish as {0}, or let it say: grant {1} to {2}.", lacking.text(0, 1),
                          quote(lacking.text(0, 1)), quote(user.text(0, 1))),
              connection.name());
}

Result<std::vector<std::string>> ensure_layout(Connection& connection, const Names& names) {
  std::vector<std::string> remarks;
  RH_ASSIGN(bool reader, has_reader(connection, names));
  if (!reader) {
    if (connection.run("create role " + quote(names.reader) + " nologin"))
      reader = true;
    else
      remarks.push_back(
          fmt::format("there is no role {0} and this user may not make it, so only its owner reads the "
                      "warehouse; let who may say: create role {0} nologin",
                      names.reader));
  }
  RH_ASSIGN(const int there, count_ours(connection, names));
  if (there == kSchemas) {
    RH_TRY(add_behind_since(connection, names));
    if (reader) RH_TRY(let_reader_in(connection, names));
    return remarks;
  }
  std::string sql = "begin;";
  for (const auto& schema : {names.meta(), names.data(), names.fixed})
    sql += fmt::format("create schema {0}; comment on schema {0} is {1};", quote(schema),
                       connection.quoted(names.mark()));
  sql += meta_statements(names);
  if (reader) sql += grant_statements(names, names.meta()) + grant_statements(names, names.fixed);
  sql += "commit";
  if (auto made = connection.run(sql); !made) {
    (void)connection.run("rollback");
    Error error = made.error();
    error.message = "making the warehouse's schemas: " + error.message;
    if (error.kind == ErrorKind::kPermission && connection.last_state() != "25006")
      error.hint = "Let the database's owner say: grant create on database <database> to <user>.";
    return fail(std::move(error));
  }
  return remarks;
}

Result<std::optional<int>> read_current_number(Connection& connection, const Names& names) {
  const auto rows = connection.run(fmt::format("select number from {}.current_version", quote(names.meta())));
  if (!rows && is_absent(connection)) return std::optional<int>();
  if (!rows) return fail(rows.error());
  if (rows->rows() == 0) return std::optional<int>();
  return std::optional(static_cast<int>(rows->integer(0, 0)));
}

Result<std::optional<StoredVersion>> read_version(Connection& connection, const Names& names, int number) {
  const std::string which = number == 0 ? "c.number is not null" : fmt::format("v.number = {}", number);
  const auto rows = connection.run(select_versions(names) + " where " + which);
  if (!rows && is_absent(connection)) return std::optional<StoredVersion>();
  if (!rows) return fail(rows.error());
  if (rows->rows() == 0) return std::optional<StoredVersion>();
  RH_ASSIGN(auto version, version_of(connection, *rows, 0));
  return std::optional(std::move(version));
}

Result<std::vector<StoredVersion>> read_versions(Connection& connection, const Names& names) {
  const auto rows = connection.run(select_versions(names) + " order by v.number desc");
  std::vector<StoredVersion> versions;
  if (!rows && is_absent(connection)) return versions;
  if (!rows) return fail(rows.error());
  for (int row = 0; row < rows->rows(); ++row) {
    RH_ASSIGN(auto version, version_of(connection, *rows, row));
    versions.push_back(std::move(version));
  }
  return versions;
}

Result<FixedState> read_fixed_state(Connection& connection, const Names& names) {
  // A warehouse of an earlier layout has no behind_since.
  RH_ASSIGN(const auto rows,
            connection.run(fmt::format(
                "select number, tables, coalesce(to_char((to_jsonb(f)->>'behind_since')::timestamptz at time "
                "zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), '') from {}.fixed_names f",
                quote(names.meta()))));
  FixedState state;
  if (rows.rows() == 0) return state;
  state.number = static_cast<int>(rows.integer(0, 0));
  state.behind_since = rows.text(0, 2);
  const Json tables = Json::parse(rows.text(0, 1), nullptr, false);
  if (tables.is_object())
    for (const auto& [name, data] : tables.items())
      if (data.is_string()) state.tables[name] = data.get<std::string>();
  return state;
}

}  // namespace reelhouse::warehouse::postgresql
