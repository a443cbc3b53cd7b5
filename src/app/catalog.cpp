#include <iostream>

#include "app/command.hpp"
#include "base/near_miss.hpp"
#include "project/rows.hpp"

namespace reelhouse::app {
namespace {

struct CatalogFlags {
  std::string table;
  bool objects = false;
  bool versions = false;
};

Result<int> show(const GlobalFlags& flags, const CatalogFlags& chosen) {
  RH_ASSIGN(const auto project, open_project(flags));
  RH_ASSIGN(const auto cataloged, project->catalog());
  if (!cataloged->catalog)
    return fail(ErrorKind::kNotFound, "the lake has not been crawled yet", "Run: reelhouse crawl");
  const auto& tables = cataloged->tables;
  if (chosen.table.empty()) {
    print_rows(project::list_tables(tables), flags.output());
    return kDone;
  }
  std::vector<std::string> names;
  for (const auto& table : tables) {
    names.push_back(table.name);
    if (table.name != chosen.table) continue;
    if (chosen.versions) {
      RH_ASSIGN(const auto rows, project::list_versions(*cataloged->catalog, table.name));
      print_rows(rows, flags.output());
    } else {
      print_rows(chosen.objects ? project::list_objects(table)
                                : project::list_columns(table, project->models()->project.sources),
                 flags.output());
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
