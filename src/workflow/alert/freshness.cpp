#include "workflow/alert/freshness.hpp"

#include <algorithm>
#include <set>

#include "engine/engine.hpp"
#include "model/graph.hpp"

namespace reelhouse::workflow {
namespace {

using Names = std::set<std::string>;

std::vector<std::string> listed(const Names& names) {
  return {names.begin(), names.end()};
}

/// Maps raw tables to the datasets they belong to: declared ones, then those of the catalog.
std::map<std::string, std::string> datasets_of_tables(const model::Project& project,
                                                      const std::vector<catalog::CatalogTable>& tables) {
  std::map<std::string, std::string> datasets;
  for (const auto& source : project.sources)
    for (const auto& table : source.tables) datasets[table.name] = source.dataset;
  for (const auto& table : tables) datasets.emplace(table.name, table.dataset);
  return datasets;
}

Freshness aged(std::string name, bool is_dataset, std::optional<Time> newest, Seconds max_age, Time now) {
  Freshness found;
  found.name = std::move(name);
  found.is_dataset = is_dataset;
  found.newest = newest;
  found.max_age = max_age;
  if (newest && *newest < now) found.age = std::chrono::floor<Seconds>(now - *newest);
  found.late = max_age > Seconds(0) && newest && now - *newest > max_age;
  return found;
}

Freshness of_dataset(const std::string& dataset, const catalog::Source* source,
                     const std::map<std::string, Arrival>& arrivals, Time now) {
  std::optional<Time> newest;
  if (const auto found = arrivals.find(dataset); found != arrivals.end())
    newest = source != nullptr && source->age_of_drop ? Time(std::chrono::sys_days(found->second.drop))
                                                      : found->second.object;
  const Seconds promised = source != nullptr ? source->max_age : Seconds(0);
  Freshness freshness = aged(dataset, true, newest, promised, now);
  if (!newest && promised > Seconds(0) && !source->optional) freshness.late = true;
  freshness.datasets = {dataset};
  return freshness;
}

/// The model's age is that of the oldest dataset below it; one that must be there and is not makes it late.
Freshness of_model(const model::Model& model, const std::vector<std::string>& datasets,
                   const model::Project& project, const std::map<std::string, Freshness>& known, Time now) {
  std::optional<Time> oldest;
  bool misses_one = false;
  for (const auto& dataset : datasets) {
    const auto found = known.find(dataset);
    const auto source = std::ranges::find(project.sources, dataset, &catalog::Source::dataset);
    if (found == known.end() || !found->second.newest) {
      misses_one = misses_one || (source != project.sources.end() && !source->optional);
      continue;
    }
    oldest = oldest ? std::min(*oldest, *found->second.newest) : *found->second.newest;
  }
  Freshness freshness = aged(model.name, false, misses_one ? std::nullopt : oldest, model.max_age, now);
  freshness.late = freshness.late || misses_one;
  freshness.datasets = datasets;
  if (model.published()) freshness.tables = {model.name};
  return freshness;
}

}  // namespace

Result<Standing> standing_of(const model::Project& project,
                             const std::vector<catalog::CatalogTable>& tables) {
  engine::DatabaseOptions options;
  options.threads = 1;
  RH_ASSIGN(const auto database, engine::open_duckdb(options));
  RH_ASSIGN(const auto session, database->connect());
  std::vector<std::string> raw_tables;
  for (const auto& table : tables) raw_tables.push_back(table.name);
  std::vector<Error> problems;  // `validate` tells them
  const model::Graph graph = model::resolve(project, *session, raw_tables, problems);
  const auto dataset_of = datasets_of_tables(project, tables);
  std::vector<Names> below(graph.nodes.size());
  std::map<std::string, Names> above;
  Standing standing;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const model::Node& node = graph.nodes[i];
    for (const size_t input : node.inputs) below[i].insert(below[input].begin(), below[input].end());
    for (const auto& raw : node.raw)
      if (const auto found = dataset_of.find(raw); found != dataset_of.end()) below[i].insert(found->second);
    standing.datasets_of[node.model->name] = listed(below[i]);
    if (!node.model->published()) continue;
    for (const auto& dataset : below[i]) above[dataset].insert(node.model->name);
  }
  for (const auto& [dataset, models] : above) standing.tables_of[dataset] = listed(models);
  return standing;
}

std::map<std::string, Arrival> arrivals_of(const std::vector<catalog::CatalogTable>& tables,
                                           std::optional<Time> until) {
  std::map<std::string, Arrival> arrivals;
  for (const auto& table : tables)
    for (const auto& object : table.objects) {
      if (until && object.info.modified > *until) continue;
      const std::string& dataset = object.dataset.empty() ? table.dataset : object.dataset;
      const auto [found, is_new] = arrivals.emplace(dataset, Arrival{object.info.modified, object.drop});
      if (is_new) continue;
      found->second.object = std::max(found->second.object, object.info.modified);
      found->second.drop = std::max(found->second.drop, object.drop);
    }
  return arrivals;
}

std::vector<Freshness> freshness_of(const model::Project& project, const Standing& standing,
                                    const std::map<std::string, Arrival>& arrivals, Time now) {
  std::map<std::string, const catalog::Source*> datasets;
  for (const auto& [dataset, arrival] : arrivals) datasets[dataset] = nullptr;
  for (const auto& source : project.sources) datasets[source.dataset] = &source;
  std::map<std::string, Freshness> known;
  std::vector<Freshness> all;
  for (const auto& [dataset, source] : datasets) {
    Freshness freshness = of_dataset(dataset, source, arrivals, now);
    if (const auto found = standing.tables_of.find(dataset); found != standing.tables_of.end())
      freshness.tables = found->second;
    known.emplace(dataset, freshness);
    all.push_back(std::move(freshness));
  }
  for (const auto& model : project.models) {
    const auto stands_on = standing.datasets_of.find(model.name);
    if (model.max_age == Seconds(0) || stands_on == standing.datasets_of.end()) continue;
    all.push_back(of_model(model, stands_on->second, project, known, now));
  }
  return all;
}

Json to_json(const Freshness& freshness) {
  const bool known = freshness.newest.has_value();
  return {
      {"name", freshness.name},
      {"kind", freshness.is_dataset ? "dataset" : "table"},
      {"newest", known ? Json(to_iso(*freshness.newest)) : Json(nullptr)},
      {"age_seconds", known ? Json(freshness.age.count()) : Json(nullptr)},
      {"max_age_seconds", freshness.max_age > Seconds(0) ? Json(freshness.max_age.count()) : Json(nullptr)},
      {"late", freshness.late},
      {"tables", freshness.tables}};
}

}  // namespace reelhouse::workflow
