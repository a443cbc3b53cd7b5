#pragma once

#include <string>
#include <vector>

#include "base/json.hpp"
#include "engine/engine.hpp"
#include "project/project.hpp"

namespace reelhouse::project {

/// What commands print and pages show of runs and of the catalog, as rows.

/// A row a run, newest first. Errors: as RunHistory.
Result<engine::Rows> list_runs(Project& project, int limit);
/// A row a table, a column, an object of the catalog.
engine::Rows list_tables(const std::vector<catalog::CatalogTable>& tables);
engine::Rows list_columns(const catalog::CatalogTable& table, const std::vector<catalog::Source>& sources);
engine::Rows list_objects(const catalog::CatalogTable& table);
/// A row a change of a table's schema. Errors: as catalog::Catalog.
Result<engine::Rows> list_versions(const catalog::Catalog& catalog, const std::string& table);

/// Renders rows as an array of objects, as `--format json` prints them.
Json to_json(const engine::Rows& rows);

}  // namespace reelhouse::project
