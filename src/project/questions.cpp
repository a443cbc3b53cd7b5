#include "project/questions.hpp"

#include <algorithm>
#include <charconv>

#include "base/near_miss.hpp"
#include "lake/keys.hpp"
#include "model/validate.hpp"
#include "project/freshness.hpp"
#include "project/lineage.hpp"
#include "project/quarantine.hpp"
#include "project/receipts.hpp"
#include "project/rows.hpp"

namespace reelhouse::project {
namespace {

using catalog::CatalogTable;

constexpr int kRowsShown = 1000;
constexpr int kMostRows = 100'000;

std::string parameter(const Parameters& parameters, const std::string& name) {
  const auto found = parameters.find(name);
  return found == parameters.end() ? "" : found->second;
}

Result<int> limit_of(const Parameters& parameters, int otherwise) {
  const std::string text = parameter(parameters, "limit");
  if (text.empty()) return otherwise;
  int number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size() || number < 1 || number > kMostRows)
    return fail(ErrorKind::kUsage, fmt::format("limit is no number between 1 and {}", kMostRows));
  return number;
}

Result<Json> show_runs(Project& project, const Parameters& parameters) {
  const std::string id = parameter(parameters, "id");
  if (id.empty()) {
    RH_ASSIGN(const int limit, limit_of(parameters, 100));
    RH_ASSIGN(const auto rows, list_runs(project, limit));
    return to_json(rows);
  }
  RH_ASSIGN(const std::string text, receipt_text(project, id));
  Json receipt = Json::parse(text, nullptr, false);
  if (receipt.is_discarded())
    return fail(ErrorKind::kDamaged, fmt::format("the receipt of the run {} is no JSON", id));
  return receipt;
}

Result<Json> show_catalog(Project& project, const Parameters& parameters) {
  RH_ASSIGN(const auto cataloged, project.catalog());
  const auto& tables = cataloged->tables;
  const std::string name = parameter(parameters, "id");
  if (name.empty()) return to_json(list_tables(tables));
  const auto found = std::ranges::find(tables, name, &CatalogTable::name);
  if (found == tables.end()) {
    std::vector<std::string> names;
    for (const auto& table : tables) names.push_back(table.name);
    return fail(ErrorKind::kNotFound, fmt::format("there is no table '{}' in the catalog", name),
                did_you_mean(name, names));
  }
  RH_ASSIGN(const auto versions, list_versions(*cataloged->catalog, name));
  return Json{{"table", name},
              {"columns", to_json(list_columns(*found, project.models()->project.sources))},
              {"objects", to_json(list_objects(*found))},
              {"versions", to_json(versions)}};
}

Result<Json> show_quarantine(Project& project, const Parameters& parameters, bool repairs) {
  const std::string id = parameter(parameters, "id");
  QuarantineChoice chosen{id.empty() ? parameter(parameters, "table") : id, parameter(parameters, "run"),
                          repairs, 0};
  RH_ASSIGN(chosen.limit, limit_of(parameters, kRowsShown));
  std::vector<std::string> notes;
  RH_ASSIGN(const auto rows, list_quarantine(project, chosen, notes));
  return to_json(rows);
}

/// Lists models with what the newest build that there is says of each.
Result<Json> show_models(Project& project) {
  RH_ASSIGN(const auto bound, project.bound());
  std::vector<Error> problems;  // `validate` tells them
  std::unique_lock lock(bound->mutex);
  RH_ASSIGN(const auto validation, model::validate(*bound->binding, problems));
  lock.unlock();
  RH_ASSIGN(const Json receipt, receipt_of_builds(project, ""));
  const auto find_all = [&](const char* list, const std::string& name) {
    Json found = Json::array();
    if (receipt.contains(list))
      for (const auto& each : receipt[list])
        if (each.value("model", "") == name) found.push_back(each);
    return found;
  };
  Json models = Json::array();
  for (const auto& each : validation.models) {
    const Json built = find_all("models", each.model);
    const Json outcome = built.empty() ? Json::object() : built.front();
    const auto value = [&](const char* key) { return outcome.contains(key) ? outcome[key] : Json(nullptr); };
    const model::Model* described = bound->models->project.find(each.model);
    const bool is_view = each.materialisation == model::Materialisation::kView;
    models.push_back({{"name", each.model},
                      {"layer", each.folder},
                      {"materialisation", is_view ? "view" : "table"},
                      {"description", described ? described->description : ""},
                      {"row", described ? described->row : ""},
                      {"inputs", each.inputs},
                      {"columns", each.columns},
                      {"state", value("state")},
                      {"rows", value("rows")},
                      {"rejected", value("rejected")},
                      {"repairs", value("repairs")},
                      {"seconds", value("seconds")},
                      {"checks", find_all("checks", each.model)}});
  }
  return models;
}

/// Sums up what the published version was made of, from the receipt of its run.
Result<Json> show_status(Project& project, ProjectFreshness& freshness, const Clock& clock,
                         const Parameters& parameters) {
  struct Dataset {
    std::string newest_drop;
    uint64_t records = 0;
    uint64_t rejected = 0;
  };
  std::map<std::string, Dataset> datasets;
  uint64_t read = 0;
  uint64_t rejected = 0;
  uint64_t repaired = 0;
  Json receipt = Json::object();
  if (const std::string run = parameter(parameters, "run"); !run.empty())
    if (const auto text = receipt_text(project, run)) receipt = Json::parse(*text, nullptr, false);
  if (receipt.is_object() && receipt.contains("objects"))
    for (const auto& object : receipt["objects"]) {
      // The first folder below raw/ is the dataset.
      std::string key = object.value("object", "");
      if (key.starts_with(lake::kRaw)) key.erase(0, lake::kRaw.size());
      Dataset& dataset = datasets[key.substr(0, key.find('/'))];
      dataset.newest_drop = std::max(dataset.newest_drop, object.value("drop", ""));
      dataset.records += object.value("read", uint64_t{0});
      dataset.rejected += object.value("rejected", uint64_t{0});
      read += object.value("read", uint64_t{0});
      rejected += object.value("rejected", uint64_t{0});
    }
  if (receipt.is_object() && receipt.contains("models"))
    for (const auto& model : receipt["models"])
      if (model.contains("repairs"))
        for (const auto& [kind, count] : model["repairs"].items())
          repaired += count.is_number_unsigned() ? count.get<uint64_t>() : 0;
  Json list = Json::array();
  for (const auto& [name, dataset] : datasets)
    list.push_back({{"name", name},
                    {"newest_drop", dataset.newest_drop.empty() ? Json(nullptr) : Json(dataset.newest_drop)},
                    {"records", dataset.records},
                    {"rejected", dataset.rejected}});
  Json ages = Json::array();
  if (const auto known = freshness.of_version(parameter(parameters, "run"), clock))
    for (const auto& each : *known) ages.push_back(workflow::to_json(each));
  return Json{{"datasets", list},
              {"read", read},
              {"rejected", rejected},
              {"repaired", repaired},
              {"freshness", ages}};
}

}  // namespace

std::map<std::string, Question> questions(const std::shared_ptr<Project>& project, const Clock& clock) {
  std::map<std::string, Question> all;
  all["runs"] = [project](const Parameters& p) { return show_runs(*project, p); };
  all["catalog"] = [project](const Parameters& p) { return show_catalog(*project, p); };
  all["quarantine"] = [project](const Parameters& p) { return show_quarantine(*project, p, false); };
  all["repairs"] = [project](const Parameters& p) { return show_quarantine(*project, p, true); };
  all["models"] = [project](const Parameters&) { return show_models(*project); };
  all["lineage"] = [project](const Parameters& p) { return lineage_of(*project, p); };
  all["status"] = [project, &clock, freshness = std::make_shared<ProjectFreshness>(project)](
                      const Parameters& p) { return show_status(*project, *freshness, clock, p); };
  return all;
}

}  // namespace reelhouse::project
