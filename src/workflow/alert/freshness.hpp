#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "catalog/catalog.hpp"
#include "model/project.hpp"
#include "workflow/define/definition.hpp"

namespace reelhouse::workflow {

/// How old a dataset or a model's table is, beside what it promises. A dataset (sources/*.yml, key
/// `max_age: 8d`) is as old as its newest object; with `age_of: drop` as its newest drop's date (from its
/// beginning, UTC). A model (key `max_age` in its .yml) is as old as the oldest of the datasets that it
/// stands on. It is late when it is older than promised, or not there at all though it must be: an optional
/// dataset that never came is not late, and ages no model.
struct Freshness {
  std::string name = {};
  bool is_dataset = true;
  std::optional<Time> newest = {};  ///< nothing when there is no object
  Seconds max_age{0};               ///< 0 = promises nothing
  Seconds age{0};                   ///< 0 for what comes from the future
  bool late = false;
  std::vector<std::string> datasets = {};  ///< that it stands on (of a dataset: itself)
  std::vector<std::string> tables = {};    ///< published tables that stand on it (of a model: itself)
};

/// The datasets that models stand on, through all that is between them.
struct Standing {
  std::map<std::string, std::vector<std::string>> datasets_of;  ///< model -> datasets, sorted
  std::map<std::string, std::vector<std::string>> tables_of;    ///< dataset -> published models, sorted
};

/// Works out what stands on what from the project's SQL, which is parsed and no more; a model that cannot be
/// is left out, with those behind it. `tables` is what the catalog holds. Errors: kInternal, kInterrupted.
Result<Standing> standing_of(const model::Project& project, const std::vector<catalog::CatalogTable>& tables);

/// When a dataset's newest object came, and its newest drop's date.
struct Arrival {
  Time object;
  Date drop;
};

/// Finds the newest arrival of every dataset among the objects of the catalog that could be read; with
/// `until` only of objects that came no later: what a version published by a run that began then can hold.
std::map<std::string, Arrival> arrivals_of(const std::vector<catalog::CatalogTable>& tables,
                                           std::optional<Time> until = std::nullopt);

/// Works out the freshness of every dataset that is declared or in the catalog, by name, then of every model
/// that promises something. Datasets are as old as `arrivals` says; so are models.
std::vector<Freshness> freshness_of(const model::Project& project, const Standing& standing,
                                    const std::map<std::string, Arrival>& arrivals, Time now);

/// Renders freshness for the pages: {name, kind, newest, age_seconds, max_age_seconds, late, tables}; newest,
/// age_seconds and max_age_seconds are null where there is nothing to tell.
Json to_json(const Freshness& freshness);

}  // namespace reelhouse::workflow
