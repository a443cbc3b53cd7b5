#include "model/lineage.hpp"

#include <algorithm>

#include "base/near_miss.hpp"
#include "catalog/path_columns.hpp"
#include "catalog/profile.hpp"

namespace reelhouse::model {
namespace {

using engine::quote_name;

std::vector<std::string> names_of(const std::vector<engine::Column>& columns) {
  std::vector<std::string> names;
  for (const auto& column : columns) names.push_back(column.name);
  return names;
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

/// The SELECT whose rows are stored: a model's, less the columns that serve its rules and the rows that
/// its rules reject.
std::string stored_select(const Model& model, const std::vector<engine::Column>& stored) {
  std::string list;
  for (const auto& column : stored) list += (list.empty() ? "" : ", ") + quote_name(column.name);
  std::string keep;
  for (const auto& rule : model.rejects)
    keep += fmt::format("{} not coalesce(({}), false)", keep.empty() ? " where" : " and", rule.when);
  return fmt::format("select {} from ({}\n) as {}{}", list, model.statement(), quote_name(model.name), keep);
}

/// Puts origins of one table's column that were found twice together.
void add_origin(std::vector<Origin>& origins, const Origin& origin) {
  const auto same = [&](const Origin& o) { return o.table == origin.table && o.column == origin.column; };
  const auto found = std::ranges::find_if(origins, same);
  if (found == origins.end())
    origins.push_back(origin);
  else
    found->how |= origin.how;
}

/// What a model's rules rejected comes from where its rows come from.
void name_models(PlanOrigins& found) {
  constexpr std::string_view kRejected = "rejected.";
  const auto rename = [&](std::vector<Origin>& origins) {
    std::vector<Origin> renamed;
    for (auto& origin : origins) {
      if (origin.table.starts_with(kRejected)) origin.table.erase(0, kRejected.size());
      add_origin(renamed, origin);
    }
    origins = std::move(renamed);
  };
  rename(found.rows);
  for (auto& column : found.columns) rename(column);
}

}  // namespace

std::vector<std::string> inputs_of(const Graph& graph, const Node& node) {
  std::vector<std::string> inputs;
  for (const size_t input : node.inputs) inputs.push_back(graph.nodes[input].model->name);
  for (const auto& raw : node.raw) inputs.push_back("raw." + raw);
  for (const auto& table : node.drops) inputs.push_back("drops." + table);
  for (const auto& seed : node.seeds) inputs.push_back("seed." + seed);
  return inputs;
}

Result<Place> Lineage::find(const std::string& name) const {
  const bool is_input = name.starts_with("raw.") || name.starts_with("drops.") || name.starts_with("seed.");
  const size_t dot = name.find('.', is_input ? name.find('.') + 1 : 0);
  const Place place{name.substr(0, dot), dot == std::string::npos ? "" : name.substr(dot + 1)};
  const auto* columns = binding_.columns(place.table);
  if (columns == nullptr) {
    if (binding_.project().find(place.table) != nullptr || binding_.project().is_broken(place.table))
      return fail(ErrorKind::kProject, fmt::format("{} is broken, or one that it needs is", place.table),
                  "Run 'reelhouse validate' to see what is wrong.");
    std::vector<std::string> tables = binding_.tables();
    std::string hint = did_you_mean(place.table, tables);
    if (hint.empty()) hint = did_you_mean("raw." + place.table, tables);
    if (hint.empty()) hint = "Run 'reelhouse validate' to list the models; raw tables are named raw.<table>.";
    return fail(ErrorKind::kUsage, fmt::format("there is no table '{}'", place.table), hint);
  }
  const auto names = names_of(*columns);
  if (!place.column.empty() && !contains(names, place.column))
    return fail(ErrorKind::kUsage, fmt::format("{} has no column '{}'", place.table, place.column),
                did_you_mean(place.column, names, fmt::format("Its columns: {}.", fmt::join(names, ", "))));
  return place;
}

const Node* Lineage::node_of(const std::string& table) const {
  const int index = binding_.graph().find(table);
  return index < 0 || binding_.columns(table) == nullptr
             ? nullptr
             : &binding_.graph().nodes[static_cast<size_t>(index)];
}

const PlanOrigins& Lineage::origins(const Node& node) {
  const auto known = origins_.find(node.model->name);
  if (known != origins_.end()) return known->second;
  return origins_.emplace(node.model->name, plan_origins(node)).first->second;
}

PlanOrigins Lineage::plan_origins(const Node& node) {
  const auto* stored = binding_.columns(node.model->name);
  if (stored == nullptr) return {};
  const auto plan = binding_.session().plan_of(stored_select(*node.model, *stored));
  if (!plan) return all_of_inputs(node, "a statement that the engine cannot show the plan of");
  PlanOrigins found = origins_of_plan(*plan);
  name_models(found);
  if (found.columns.size() == stored->size()) return found;
  return all_of_inputs(node, found.approximate.empty() ? "a plan with other columns" : found.approximate);
}

PlanOrigins Lineage::all_of_inputs(const Node& node, const std::string& why) const {
  PlanOrigins all;
  all.approximate = why;
  std::vector<Origin> values;
  for (const auto& table : inputs_of(binding_.graph(), node)) {
    all.rows.push_back({table, "", kRows});
    for (const auto& column : *binding_.columns(table)) {
      values.push_back({table, column.name, kValue});
      all.rows.push_back({table, column.name, kFilter});
    }
  }
  all.columns.assign(binding_.columns(node.model->name)->size(), values);
  return all;
}

LineageNode Lineage::start(const Place& place, uint16_t how) {
  LineageNode node;
  node.place = place;
  node.how = how;
  if (const Model* model = binding_.project().find(place.table)) node.file = model->file.string();
  for (const auto& seed : binding_.project().seeds)
    if ("seed." + seed.name == place.table) node.file = seed.file.string();
  if (place.table.starts_with("raw.")) node.objects = objects_of(place);
  return node;
}

// ---- upstream

LineageNode Lineage::upstream(const Place& place) {
  Seen seen;
  return place.column.empty() ? table_above(place.table, seen) : column_above(place, kValue, seen);
}

LineageNode Lineage::column_above(const Place& place, uint16_t how, Seen& seen) {
  LineageNode node = start(place, how);
  const Node* model = node_of(place.table);
  if (model == nullptr) return node;
  if (!seen.insert(place).second) {
    node.repeated = true;
    return node;
  }
  const PlanOrigins& found = origins(*model);
  node.approximate = found.approximate;
  const auto& columns = *binding_.columns(place.table);
  const auto at = std::ranges::find(columns, place.column, &engine::Column::name);
  const auto& own = found.columns[static_cast<size_t>(at - columns.begin())];
  for (const auto& origin : own)
    if (!origin.is_value()) add_origin(node.deciders, origin);
  for (const auto& origin : found.rows) add_origin(node.deciders, origin);
  for (const auto& origin : own)
    if (origin.is_value())
      node.inputs.push_back(column_above({origin.table, origin.column}, origin.how, seen));
  return node;
}

LineageNode Lineage::table_above(const std::string& table, Seen& seen) {
  LineageNode node = start({table, ""}, kRows);
  const Node* model = node_of(table);
  if (model == nullptr) return node;
  if (!seen.insert(node.place).second) {
    node.repeated = true;
    return node;
  }
  for (const auto& input : inputs_of(binding_.graph(), *model))
    node.inputs.push_back(table_above(input, seen));
  return node;
}

// ---- downstream

LineageNode Lineage::downstream(const Place& place) {
  Seen seen;
  return below(place, kValue, seen);
}

/// A column's value goes into columns; where it decides rows, the whole table below depends on it.
LineageNode Lineage::below(const Place& place, uint16_t how, Seen& seen) {
  LineageNode node = start(place, how);
  node.objects.clear();
  if (!seen.insert(place).second) {
    node.repeated = true;
    return node;
  }
  const auto bears = [&](const std::vector<Origin>& origins) {
    uint16_t ways = 0;
    for (const auto& origin : origins)
      if (origin.table == place.table && (place.column.empty() || origin.column == place.column))
        ways |= origin.how;
    return ways;
  };
  for (const auto& each : binding_.graph().nodes) {
    const auto inputs = inputs_of(binding_.graph(), each);
    const auto* columns = binding_.columns(each.model->name);
    if (columns == nullptr || !contains(inputs, place.table)) continue;
    if (place.column.empty()) {
      node.inputs.push_back(below({each.model->name, ""}, kRows, seen));
      continue;
    }
    const PlanOrigins& found = origins(each);
    for (size_t i = 0; i < columns->size(); ++i)
      if (const uint16_t ways = bears(found.columns[i]); ways != 0)
        node.inputs.push_back(below({each.model->name, (*columns)[i].name}, ways, seen));
    if (const uint16_t ways = bears(found.rows); ways != 0)
      node.inputs.push_back(below({each.model->name, ""}, ways, seen));
  }
  return node;
}

// ---- objects of the lake

std::vector<LineageObject> Lineage::objects_of(const Place& place) const {
  const std::string name = place.table.substr(4);
  const auto table = std::ranges::find(tables_, name, &catalog::CatalogTable::name);
  if (table == tables_.end()) return {};
  const auto* declared = binding_.project().find_source_table(name);
  std::vector<LineageObject> objects;
  for (const auto& object : table->objects) {
    const auto& fields = object.profile.format.fields;
    LineageObject entry{object.info.key, "", to_iso(object.drop),
                        object.profile.records - object.profile.rejected};
    const auto columns = catalog::column_names(fields);
    for (size_t i = 0; i < columns.size() && i < fields.size(); ++i) {
      bool same = columns[i] == place.column;
      if (declared != nullptr)
        for (const auto& [spelling, column] : declared->aliases)
          same = same || (column == place.column && spelling == columns[i]);
      if (same && entry.field.empty()) entry.field = fields[i];
    }
    for (const auto& column : catalog::added_columns(object, declared))
      if (column.name == place.column) entry.field = catalog::place_of(column);
    objects.push_back(std::move(entry));
  }
  return objects;
}

}  // namespace reelhouse::model
