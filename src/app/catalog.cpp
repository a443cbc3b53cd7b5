#include <iostream>

#include "app/answers.hpp"
#include "app/command.hpp"
#include "base/near_miss.hpp"
#include "catalog/catalog.hpp"

namespace reelhouse::app {
namespace {

using catalog::CatalogTable;
using engine::Cell;

Cell count(uint64_t value) {
  return static_cast<int64_t>(value);
}

}  // namespace

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

engine::Rows list_columns(const CatalogTable& table) {
  engine::Rows rows;
  rows.columns = {{"column", "VARCHAR"},
                  {"type", "VARCHAR"},
                  {"field", "VARCHAR"},
                  {"nulls", "BIGINT", true},
                  {"example", "VARCHAR"}};
  for (const auto& column : table.columns)
    rows.rows.push_back(
        {column.name, column.type, column.field, count(column.profile.nulls), column.profile.example});
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
      rows.rows.push_back(
          {int64_t{version.version}, version.seen_at, change.what, change.subject, change.detail});
  }
  return rows;
}

namespace {

struct CatalogFlags {
  std::string table;
  bool objects = false;
  bool versions = false;
};

Result<int> show(const GlobalFlags& flags, const CatalogFlags& chosen) {
  RH_ASSIGN(const Settings settings, load_settings(flags));
  if (!std::filesystem::exists(settings.database()))
    return fail(ErrorKind::kNotFound, "the lake has not been crawled yet", "Run: reelhouse crawl");
  RH_ASSIGN(const auto catalog, catalog::open_catalog(settings.database()));
  RH_ASSIGN(const auto tables, catalog->tables());
  if (chosen.table.empty()) {
    print_rows(list_tables(tables), flags.output());
    return kDone;
  }
  std::vector<std::string> names;
  for (const auto& table : tables) {
    names.push_back(table.name);
    if (table.name != chosen.table) continue;
    if (chosen.versions) {
      RH_ASSIGN(const auto rows, list_versions(*catalog, table.name));
      print_rows(rows, flags.output());
    } else {
      print_rows(chosen.objects ? list_objects(table) : list_columns(table), flags.output());
    }
    return kDone;
  }
  return fail(ErrorKind::kUsage, fmt::format("there is no table '{}' in the catalog", chosen.table),
              did_you_mean(chosen.table, names, "List them: reelhouse catalog"));
}

}  // namespace

void add_catalog(CLI::App& app, const GlobalFlags& flags) {
  auto* command = app.add_subcommand("catalog", "Tables, columns, objects and schema versions of the lake");
  auto chosen = std::make_shared<CatalogFlags>();
  command->add_option("table", chosen->table, "Table to show; default: list all");
  command->add_flag("--objects", chosen->objects, "The table's objects and drops, not its columns");
  command->add_flag("--versions", chosen->versions, "How its schema changed");
  command->footer(
      "Examples:\n  reelhouse catalog\n  reelhouse catalog orders --objects\n"
      "  reelhouse catalog orders --versions");
  on_run(*command, [&flags, chosen] { return show(flags, *chosen); });
}

}  // namespace reelhouse::app
