#include "project/rows.hpp"

#include "catalog/conventions.hpp"

namespace reelhouse::project {

using catalog::CatalogTable;
using engine::Cell;

namespace {

Cell count(uint64_t value) {
  return static_cast<int64_t>(value);
}

Json to_json(const engine::Cell& cell, bool numeric) {
  if (const auto* flag = std::get_if<bool>(&cell)) return *flag;
  if (const auto* whole = std::get_if<int64_t>(&cell)) return *whole;
  if (const auto* number = std::get_if<double>(&cell)) return *number;
  if (const auto* text = std::get_if<std::string>(&cell)) {
    if (!numeric) return *text;
    Json number = Json::parse(*text, nullptr, false);
    return number.is_number() ? number : Json(*text);
  }
  return nullptr;
}

}  // namespace

Result<engine::Rows> list_runs(Project& project, int limit) {
  engine::Rows rows;
  rows.columns = {{"run", "VARCHAR"},          {"workflow", "VARCHAR"}, {"cause", "VARCHAR"},
                  {"state", "VARCHAR"},        {"started", "VARCHAR"},  {"ended", "VARCHAR"},
                  {"version", "BIGINT", true}, {"message", "VARCHAR"}};
  if (project.has_history()) {
    RH_ASSIGN(const auto history, project.history());
    RH_ASSIGN(const auto runs, history->list(limit));
    for (const auto& run : runs)
      rows.rows.push_back(
          {run.id, run.workflow, std::string(name_of(run.cause.kind)), std::string(name_of(run.state)),
           engine::text_or_null(run.started), engine::text_or_null(run.ended),
           run.version > 0 ? Cell{int64_t{run.version}} : Cell{}, engine::text_or_null(run.message)});
  }
  return rows;
}

engine::Rows list_tables(const std::vector<CatalogTable>& tables) {
  engine::Rows rows;
  rows.columns = {{"table", "VARCHAR"},         {"dataset", "VARCHAR"},
                  {"columns", "BIGINT", true},  {"objects", "BIGINT", true},
                  {"drops", "BIGINT", true},    {"records", "BIGINT", true},
                  {"rejected", "BIGINT", true}, {"schema_version", "BIGINT", true},
                  {"format", "VARCHAR"}};
  for (const auto& table : tables) {
    std::vector<Date> drops;
    for (const auto& object : table.objects)
      if (drops.empty() || drops.back() != object.drop) drops.push_back(object.drop);
    const std::string format = table.objects.empty() ? "" : describe(table.objects.back().profile.format);
    rows.rows.push_back({table.name, table.dataset, count(table.columns.size()), count(table.objects.size()),
                         count(drops.size()), count(table.records()), count(table.rejected()),
                         int64_t{table.schema_version}, format});
  }
  return rows;
}

namespace {

/// What is known of how a column is written, told once where all objects agree.
engine::Cell convention_of(const std::string& column,
                           const std::vector<catalog::ObjectConventions>& conventions) {
  std::string shown;
  std::string last;
  for (const auto& object : conventions) {
    const auto found = object.find(column);
    if (found == object.end()) continue;
    const std::string text =
        fmt::format("{}: {}", fmt::join(found->second.words, ", "),
                    found->second.undecided.empty() ? found->second.evidence : found->second.undecided);
    if (text != last) shown += (shown.empty() ? "" : "; ") + text;
    last = text;
  }
  return engine::text_or_null(shown);
}

}  // namespace

engine::Rows list_columns(const CatalogTable& table, const std::vector<catalog::Source>& sources) {
  const auto conventions = catalog::decide_conventions(table, catalog::find_table(sources, table.name));
  engine::Rows rows;
  rows.columns = {{"column", "VARCHAR"},     {"type", "VARCHAR"},    {"field", "VARCHAR"},
                  {"nulls", "BIGINT", true}, {"example", "VARCHAR"}, {"convention", "VARCHAR"}};
  for (const auto& column : table.columns)
    rows.rows.push_back({column.name, column.type, column.field, count(column.profile.nulls),
                         column.profile.example, convention_of(column.name, conventions)});
  return rows;
}

engine::Rows list_objects(const CatalogTable& table) {
  engine::Rows rows;
  rows.columns = {{"object", "VARCHAR"},       {"drop", "VARCHAR"},          {"bytes", "BIGINT", true},
                  {"records", "BIGINT", true}, {"rejected", "BIGINT", true}, {"format", "VARCHAR"},
                  {"modified", "VARCHAR"}};
  for (const auto& object : table.objects)
    rows.rows.push_back({object.info.key, to_iso(object.drop), count(object.info.size),
                         count(object.profile.records), count(object.profile.rejected),
                         describe(object.profile.format), to_iso(object.info.modified)});
  return rows;
}

Result<engine::Rows> list_versions(const catalog::Catalog& catalog, const std::string& table) {
  RH_ASSIGN(const auto versions, catalog.schema_versions(table));
  engine::Rows rows;
  rows.columns = {{"version", "BIGINT", true},
                  {"seen_at", "VARCHAR"},
                  {"change", "VARCHAR"},
                  {"column", "VARCHAR"},
                  {"detail", "VARCHAR"}};
  for (const auto& version : versions) {
    if (version.changes.empty())
      rows.rows.push_back(
          {int64_t{version.version}, version.seen_at, std::string("first seen"), Cell{}, Cell{}});
    for (const auto& change : version.changes)
      rows.rows.push_back({int64_t{version.version}, version.seen_at, std::string(name_of(change.what)),
                           change.subject, change.detail});
  }
  return rows;
}

Json to_json(const engine::Rows& rows) {
  Json list = Json::array();
  for (const auto& row : rows.rows) {
    Json object = Json::object();
    for (size_t i = 0; i < row.size(); ++i)
      object[rows.columns[i].name] = to_json(row[i], rows.columns[i].numeric);
    list.push_back(std::move(object));
  }
  return list;
}

}  // namespace reelhouse::project
