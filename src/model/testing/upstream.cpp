#include "model/testing/upstream.hpp"

#include <algorithm>

namespace reelhouse::model {
namespace {

void add(const std::string& table, std::vector<std::string>& tables) {
  if (std::ranges::find(tables, table) == tables.end()) tables.push_back(table);
}

void add_inputs(const Graph& graph, size_t node, std::vector<std::string>& tables) {
  for (const auto& raw : graph.nodes[node].raw) add("raw." + raw, tables);
  for (const auto& table : graph.nodes[node].drops) add("drops." + table, tables);
  for (const auto& seed : graph.nodes[node].seeds) add("seed." + seed, tables);
  for (const auto& model : graph.nodes[node].rejected) add("rejected." + model, tables);
  for (const size_t input : graph.nodes[node].inputs) {
    const std::string& name = graph.nodes[input].model->name;
    if (std::ranges::find(tables, name) != tables.end()) continue;
    add_inputs(graph, input, tables);
    add(name, tables);
  }
}

}  // namespace

std::vector<std::string> tables_upstream(const Graph& graph, size_t node) {
  std::vector<std::string> tables;
  add_inputs(graph, node, tables);
  return tables;
}

}  // namespace reelhouse::model
