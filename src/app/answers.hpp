#pragma once

#include <map>
#include <string>
#include <vector>

#include "app/command.hpp"
#include "base/json.hpp"
#include "catalog/catalog.hpp"
#include "engine/engine.hpp"
#include "metric/definition.hpp"
#include "model/lineage.hpp"
#include "serve/service.hpp"

namespace reelhouse::app {

/// What commands print and the server shows, as rows. Each is defined beside its command.

/// A row a run, newest first. Errors: as RunHistory.
Result<engine::Rows> list_runs(const Settings& settings, int limit);
/// The text of a run's receipt. Errors: kNotFound, and those of RunHistory.
Result<std::string> read_receipt(const Settings& settings, const std::string& id);
/// The receipt of a run that built something, the newest when none is named; empty before the first.
Result<Json> receipt_of_builds(const Settings& settings, const std::string& run);

/// Reads what the catalog holds, if a crawl has made one.
Result<std::vector<catalog::CatalogTable>> known_tables(const Settings& settings);
/// A row a table, a column, an object of the catalog.
engine::Rows list_tables(const std::vector<catalog::CatalogTable>& tables);
engine::Rows list_columns(const catalog::CatalogTable& table);
engine::Rows list_objects(const catalog::CatalogTable& table);
/// A row a change of a table's schema.
Result<engine::Rows> list_versions(const catalog::Catalog& catalog, const std::string& table);

struct QuarantineChoice {
  std::string table;     ///< a model or raw table; empty = all
  std::string run;       ///< as of this run; empty = the newest that built something
  bool repairs = false;  ///< rows that were mended, instead
  int limit = 0;         ///< 0 = all
};
/// A row a rejected (or mended) row; `notes` says what is not among them. Errors: kUsage (no such table).
Result<engine::Rows> list_quarantine(const Settings& settings, const QuarantineChoice& chosen,
                                     std::vector<std::string>& notes);

/// Flattens a lineage: a row an edge, and a row an object at the end of it.
engine::Rows rows_of(const model::LineageNode& root, bool downstream);

/// Renders rows as an array of objects, as `--format json` prints them.
Json to_json(const engine::Rows& rows);

/// Makes what the server asks of other rooms: lineage, runs, catalog, quarantine, repairs, models, status.
std::map<std::string, serve::Source> make_sources(const Settings& settings,
                                                  const metric::Definitions& definitions);
/// Follows a measure (parameter `measure`) or a column (`column`) back to the lake.
Result<Json> lineage_of(const Settings& settings, const metric::Definitions& definitions,
                        const std::map<std::string, std::string>& parameters);

}  // namespace reelhouse::app
