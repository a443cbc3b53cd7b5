#include "workflow/run/publication.hpp"

#include <algorithm>

namespace reelhouse::workflow {

std::string missing_note(const model::Project& project, const model::Graph& graph,
                         const std::vector<catalog::CatalogTable>& raw, size_t node) {
  std::vector<bool> marked(graph.nodes.size(), false);
  marked[node] = true;
  marked = graph.upstream(marked);
  const auto is_read = [&](const catalog::SourceTable& table) {
    for (size_t i = 0; i < marked.size(); ++i)
      if (marked[i] && std::ranges::find(graph.nodes[i].raw, table.name) != graph.nodes[i].raw.end())
        return true;
    return false;
  };
  const auto is_here = [&](const catalog::SourceTable& table) {
    const auto found = std::ranges::find(raw, table.name, &catalog::CatalogTable::name);
    return found != raw.end() && found->records() > 0;
  };
  std::string note;
  for (const auto& source : project.sources) {
    if (!source.optional || std::ranges::none_of(source.tables, is_read) ||
        std::ranges::any_of(source.tables, is_here))
      continue;
    note += (note.empty() ? "" : " ") +
            (source.missing.empty() ? source.dataset + " is not in the lake." : source.missing);
  }
  return note;
}

void add_keys(const model::Model& model, warehouse::PublishedTable& table) {
  const auto holds = [&](model::CheckKind kind, const std::string& column) {
    return std::ranges::any_of(model.checks, [&](const model::Check& check) {
      return check.kind == kind && check.columns == std::vector{column} &&
             check.severity == model::Severity::kError;
    });
  };
  table.primary_key = model.grain;
  for (const auto& column : model.columns)
    if (table.primary_key.empty() && holds(model::CheckKind::kUnique, column.name) &&
        holds(model::CheckKind::kNotNull, column.name))
      table.primary_key = {column.name};
  for (const auto& relationship : model.relationships)
    table.foreign_keys.push_back({relationship.column, relationship.to, relationship.key});
}

std::vector<warehouse::PublishedTable> tables_to_publish(const model::Project& project,
                                                         const model::Graph& graph,
                                                         const std::vector<catalog::CatalogTable>& raw,
                                                         const std::vector<model::ModelOutcome>& outcomes,
                                                         const model::Curated& curated) {
  std::vector<warehouse::PublishedTable> tables;
  for (const auto& outcome : outcomes) {
    const auto node = static_cast<size_t>(graph.find(outcome.model));
    const auto& model = *graph.nodes[node].model;
    if (!model.published() || model.materialisation != model::Materialisation::kTable) continue;
    warehouse::PublishedTable table;
    table.name = model.name;
    table.fingerprint = outcome.record.fingerprint;
    table.files = {curated.folder(model.name, outcome.record.fingerprint) / "part-0.parquet"};
    table.description = model.description.empty() ? model.row : model.description;
    table.rows = outcome.record.rows;
    table.note = missing_note(project, graph, raw, node);
    for (const auto& column : model.columns)
      table.column_descriptions.emplace_back(column.name, column.description);
    add_keys(model, table);
    tables.push_back(std::move(table));
  }
  return tables;
}

std::vector<std::string> builds_of(const std::vector<model::ModelOutcome>& outcomes) {
  std::vector<std::string> builds;
  for (const auto& outcome : outcomes) builds.push_back(outcome.model + "/" + outcome.record.fingerprint);
  return builds;
}

}  // namespace reelhouse::workflow
