#include <algorithm>
#include <set>

#include "base/hash.hpp"
#include "catalog/conventions.hpp"
#include "catalog/path_columns.hpp"
#include "model/graph.hpp"

namespace reelhouse::model {
namespace {

/// Raised when the way models are built changes, so that nothing built before is taken for current.
constexpr const char* kBuilder = "builder 2";

std::string short_hash(const std::string& text) {
  return sha256(text).substr(0, 24);
}

/// Adds the definition of a helper and of the helpers that it uses.
void add_helper(const std::string& name, std::set<std::string>& seen, std::string& text) {
  for (const auto& helper : engine::duckdb_helpers()) {
    if (helper.name != name || !seen.insert(name).second) continue;
    text += helper.definition + "\n";
    for (const auto& other : engine::duckdb_helpers())
      if (helper.definition.find(other.name + "(") != std::string::npos) add_helper(other.name, seen, text);
  }
}

std::string raw_fingerprint(const std::string& name, const Project& project,
                            const std::vector<catalog::CatalogTable>& tables) {
  std::string text = name + "\n";
  const auto* declared = project.find_source_table(name);
  if (declared != nullptr) {
    for (const auto& column : declared->columns) text += column + ",";
    for (const auto& column : declared->optional_columns) text += column + ",";
    for (const auto& [from, to] : declared->aliases) text += from + "=" + to + ",";
    for (const auto& spelling : declared->spellings) text += spelling + ",";
  }
  const auto table = std::ranges::find(tables, name, &catalog::CatalogTable::name);
  if (table == tables.end()) return short_hash(text);
  const auto conventions = catalog::decide_conventions(*table, declared);
  for (size_t i = 0; i < table->objects.size(); ++i) {
    const auto& object = table->objects[i];
    text += fmt::format("{} {} {} {}\n", object.info.key, object.profile.content_hash, to_iso(object.drop),
                        to_json(object.profile.format).dump());
    if (!conventions[i].empty()) text += catalog::to_text(conventions[i]) + "\n";
    for (const auto& column : catalog::added_columns(object, declared))
      text += fmt::format("{} is {}\n", column.name, column.folder);
  }
  return short_hash(text);
}

}  // namespace

std::string helper_definitions(const std::vector<std::string>& functions) {
  std::set<std::string> seen;
  std::string text;
  for (const auto& function : functions) add_helper(function, seen, text);
  return text;
}

std::map<std::string, std::string> fingerprints(const Graph& graph, const Project& project,
                                                const std::vector<catalog::CatalogTable>& tables) {
  std::map<std::string, std::string> prints;
  for (const auto& seed : project.seeds) prints["seed." + seed.name] = short_hash(seed.content);
  for (const auto& node : graph.nodes) {
    std::string text = fmt::format("{}\n{}\n{}\n", kBuilder, node.model->sql, node.model->specification);
    std::vector<std::string> functions = node.functions;
    for (const auto& helper : engine::duckdb_helpers())
      if (node.model->specification.find(helper.name) != std::string::npos) functions.push_back(helper.name);
    text += helper_definitions(functions);
    for (const size_t input : node.inputs) text += prints.at(graph.nodes[input].model->name) + "\n";
    for (const auto& raw : node.raw) {
      auto& print = prints["raw." + raw];
      if (print.empty()) print = raw_fingerprint(raw, project, tables);
      text += print + "\n";
    }
    for (const auto& table : node.drops) {  // how many records a drop has follows from its objects
      auto& print = prints["drops." + table];
      if (print.empty()) print = raw_fingerprint(table, project, tables);
      text += "drops " + print + "\n";
    }
    for (const auto& seed : node.seeds) text += prints.at("seed." + seed) + "\n";
    prints[node.model->name] = short_hash(text);
  }
  return prints;
}

}  // namespace reelhouse::model
