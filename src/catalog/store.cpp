#include "catalog/store.hpp"

#include "catalog/stored_json.hpp"

namespace reelhouse::catalog {
namespace {

const std::vector<std::string> kMigrations = {R"sql(
  create table lake (
    id integer primary key,
    name text not null unique,
    crawled_at text not null,
    crawls integer not null          -- one more than any lake had: the highest was crawled last
  );
  create table object (
    id integer primary key,
    lake integer not null references lake on delete cascade,
    key text not null,
    size integer not null,
    etag text not null,
    modified integer not null,       -- milliseconds since 1970, UTC
    dataset text not null,
    table_name text not null,        -- '' for an object that could not be used
    dropped text not null,           -- the day of its drop
    problem text not null,
    reading text not null,
    read_problem text not null,
    lasting_problem integer not null,
    profile text,                    -- JSON; null when it could not be read
    unique (lake, key)
  );
  create table reject (
    object integer not null references object on delete cascade,
    position integer not null,
    line integer not null,
    field text not null,
    reason text not null,
    record text not null,
    primary key (object, position)
  ) without rowid;
  create table catalog_table (
    lake integer not null references lake on delete cascade,
    name text not null,
    dataset text not null,
    version integer not null,
    columns text not null,           -- JSON
    primary key (lake, name)
  );
  create table schema_version (
    lake integer not null references lake on delete cascade,
    table_name text not null,
    version integer not null,
    seen_at text not null,
    columns text not null,           -- JSON
    changes text not null,           -- JSON
    primary key (lake, table_name, version)
  );
)sql"};

}  // namespace

Result<std::unique_ptr<CatalogStore>> CatalogStore::open(const std::filesystem::path& file) {
  RH_ASSIGN(auto database, Sqlite::open(file, "the catalog", "Delete the file and crawl again."));
  RH_TRY(database->migrate(kMigrations));
  return std::unique_ptr<CatalogStore>(new CatalogStore(std::move(database)));
}

Result<std::string> CatalogStore::last_lake() {
  RH_ASSIGN(auto select, database_->prepare("select name from lake order by crawls desc limit 1"));
  RH_ASSIGN(const bool found, select.step());
  return found ? select.column_text(0) : std::string();
}

Result<LakeState> CatalogStore::load(const std::string& lake) {
  LakeState state;
  RH_ASSIGN(auto select, database_->prepare("select id from lake where name = ?"));
  RH_TRY(select.bind(1, lake));
  RH_ASSIGN(const bool found, select.step());
  if (!found) return state;
  const int64_t id = select.column_int(0);
  select.reset();
  RH_TRY(database_->execute("begin"));  // both reads see one crawl
  auto loaded = load_objects(id, state);
  if (loaded) loaded = load_tables(id, state);
  RH_TRY(database_->execute("commit"));
  RH_TRY(loaded);
  return state;
}

Result<> CatalogStore::load_objects(int64_t lake, LakeState& state) {
  RH_ASSIGN(auto select,
            database_->prepare("select key, size, etag, modified, dataset, table_name, dropped, "
                               "problem, reading, read_problem, "
                               "lasting_problem, profile from object where lake = ? order by key"));
  RH_TRY(select.bind(1, lake));
  while (true) {
    RH_ASSIGN(const bool more, select.step());
    if (!more) return {};
    CrawledObject object;
    CatalogObject& seen = object.object;
    seen.info.key = select.column_text(0);
    seen.info.size = static_cast<uint64_t>(select.column_int(1));
    seen.info.etag = select.column_text(2);
    seen.info.modified = Time(std::chrono::milliseconds(select.column_int(3)));
    seen.dataset = select.column_text(4);
    seen.table = select.column_text(5);
    if (Date drop; parse_date(select.column_text(6), drop)) seen.drop = drop;
    seen.problem = select.column_text(7);
    object.reading = select.column_text(8);
    object.read_problem = select.column_text(9);
    object.lasting_problem = select.column_int(10) != 0;
    object.has_profile = !select.column_is_null(11);
    if (object.has_profile) {
      RH_ASSIGN(seen.profile, profile_from(select.column_text(11)));
    }
    state.objects.emplace(seen.info.key, std::move(object));
  }
}

Result<> CatalogStore::load_tables(int64_t lake, LakeState& state) {
  RH_ASSIGN(auto select, database_->prepare("select name, dataset, version, columns from "
                                            "catalog_table where lake = ? order by name"));
  RH_TRY(select.bind(1, lake));
  while (true) {
    RH_ASSIGN(const bool more, select.step());
    if (!more) break;
    CatalogTable table;
    table.name = select.column_text(0);
    table.dataset = select.column_text(1);
    table.schema_version = static_cast<int>(select.column_int(2));
    RH_ASSIGN(table.columns, columns_from(select.column_text(3)));
    state.tables.emplace(table.name, std::move(table));
  }
  for (const auto& [key, object] : state.objects)
    if (const auto table = state.tables.find(object.object.table); table != state.tables.end())
      table->second.objects.push_back(object.object);
  for (auto& [name, table] : state.tables) sort_objects(table.objects);
  return {};
}

Result<int64_t> CatalogStore::lake_id(const std::string& lake) {
  RH_ASSIGN(auto select, database_->prepare("select id from lake where name = ?"));
  RH_TRY(select.bind(1, lake));
  RH_ASSIGN(const bool found, select.step());
  if (!found) return fail(ErrorKind::kInternal, "the catalog does not hold the lake " + lake);
  return select.column_int(0);
}

Result<> CatalogStore::keep(const std::string& lake, const LakeState& state,
                            const std::vector<NewSchemaVersion>& versions, const std::string& now) {
  RH_ASSIGN(auto transaction, Transaction::begin(*database_));
  RH_ASSIGN(auto upsert,
            database_->prepare("insert into lake (name, crawled_at, crawls) values (?, ?, 1 + "
                               "(select coalesce(max(crawls), 0) from lake)) "
                               "on conflict (name) do update set crawled_at = excluded.crawled_at, "
                               "crawls = excluded.crawls"));
  RH_TRY(upsert.run(lake, now));
  RH_ASSIGN(const int64_t id, lake_id(lake));
  RH_TRY(delete_others(id, state));
  RH_TRY(keep_objects(id, state));
  RH_TRY(keep_tables(id, state, versions, now));
  return transaction.commit();
}

Result<> CatalogStore::delete_others(int64_t lake, const LakeState& state) {
  std::vector<int64_t> gone;
  {
    RH_ASSIGN(auto select, database_->prepare("select id, key from object where lake = ?"));
    RH_TRY(select.bind(1, lake));
    while (true) {
      RH_ASSIGN(const bool more, select.step());
      if (!more) break;
      if (!state.objects.contains(select.column_text(1))) gone.push_back(select.column_int(0));
    }
  }
  RH_ASSIGN(auto remove, database_->prepare("delete from object where id = ?"));
  for (const int64_t id : gone) RH_TRY(remove.run(id));
  return {};
}

Result<> CatalogStore::keep_objects(int64_t lake, const LakeState& state) {
  RH_ASSIGN(auto upsert,
            database_->prepare(
                "insert into object (lake, key, size, etag, modified, dataset, table_name, dropped, problem, "
                "reading, read_problem, lasting_problem, profile) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
                "?, nullif(?, '')) on conflict (lake, key) do update set size = excluded.size, etag = "
                "excluded.etag, modified = excluded.modified, dataset = excluded.dataset, table_name = "
                "excluded.table_name, dropped = excluded.dropped, problem = excluded.problem, reading = "
                "excluded.reading, read_problem = excluded.read_problem, lasting_problem = "
                "excluded.lasting_problem, profile = excluded.profile"));
  for (const auto& [key, object] : state.objects) {
    const CatalogObject& seen = object.object;
    RH_TRY(upsert.run(lake, key, seen.info.size, seen.info.etag,
                      static_cast<int64_t>(seen.info.modified.time_since_epoch().count()), seen.dataset,
                      seen.table, to_iso(seen.drop), seen.problem, object.reading, object.read_problem,
                      object.lasting_problem, object.has_profile ? stored(seen.profile) : std::string()));
    if (object.was_read) RH_TRY(keep_rejects(lake, object));
  }
  return {};
}

Result<> CatalogStore::keep_rejects(int64_t lake, const CrawledObject& object) {
  RH_ASSIGN(auto select, database_->prepare("select id from object where lake = ? and key = ?"));
  RH_TRY(select.bind_all(lake, object.object.info.key));
  RH_ASSIGN(const bool found, select.step());
  if (!found) return fail(ErrorKind::kInternal, "the catalog lost " + object.object.info.key);
  const int64_t id = select.column_int(0);
  RH_ASSIGN(auto remove, database_->prepare("delete from reject where object = ?"));
  RH_TRY(remove.run(id));
  RH_ASSIGN(auto insert, database_->prepare("insert into reject (object, position, line, field, "
                                            "reason, record) values (?, ?, ?, ?, ?, ?)"));
  int64_t position = 0;
  for (const auto& reject : object.rejects)
    RH_TRY(insert.run(id, position++, reject.line, reject.column, reject.reason, reject.text));
  return {};
}

Result<> CatalogStore::keep_tables(int64_t lake, const LakeState& state,
                                   const std::vector<NewSchemaVersion>& versions, const std::string& now) {
  RH_ASSIGN(auto upsert, database_->prepare("insert or replace into catalog_table (lake, name, "
                                            "dataset, version, columns) values (?, ?, ?, ?, ?)"));
  for (const auto& [name, table] : state.tables)
    RH_TRY(upsert.run(lake, name, table.dataset, table.schema_version, stored(table.columns)));
  RH_ASSIGN(auto insert, database_->prepare("insert or replace into schema_version (lake, "
                                            "table_name, version, seen_at, columns, changes) "
                                            "values (?, ?, ?, ?, ?, ?)"));
  for (const auto& version : versions)
    RH_TRY(insert.run(lake, version.table.name, version.table.schema_version, now,
                      stored(version.table.columns), stored(version.changes)));
  return {};
}

Result<std::vector<StructuralReject>> CatalogStore::rejects(const std::string& lake, const std::string& key) {
  RH_ASSIGN(
      auto select,
      database_->prepare("select r.line, r.field, r.reason, r.record from reject r join object o on o.id = "
                         "r.object join lake l on l.id = o.lake where l.name = ? and o.key = ? order by "
                         "r.position"));
  RH_TRY(select.bind_all(lake, key));
  std::vector<StructuralReject> found;
  while (true) {
    RH_ASSIGN(const bool more, select.step());
    if (!more) return found;
    found.push_back({static_cast<uint64_t>(select.column_int(0)), select.column_text(1),
                     select.column_text(2), select.column_text(3)});
  }
}

Result<std::vector<Catalog::SchemaVersion>> CatalogStore::schema_versions(const std::string& lake,
                                                                          const std::string& table) {
  RH_ASSIGN(auto select, database_->prepare("select v.version, v.seen_at, v.columns, v.changes from "
                                            "schema_version v join lake l on l.id = v.lake "
                                            "where l.name = ? and v.table_name = ? order by v.version"));
  RH_TRY(select.bind_all(lake, table));
  std::vector<Catalog::SchemaVersion> found;
  while (true) {
    RH_ASSIGN(const bool more, select.step());
    if (!more) return found;
    Catalog::SchemaVersion version{static_cast<int>(select.column_int(0)), select.column_text(1), {}, {}};
    RH_ASSIGN(const auto columns, columns_from(select.column_text(2)));
    for (const auto& column : columns) version.columns.emplace_back(column.name, column.type);
    RH_ASSIGN(version.changes, changes_from(select.column_text(3)));
    found.push_back(std::move(version));
  }
}

}  // namespace reelhouse::catalog
