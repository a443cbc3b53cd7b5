#pragma once

#include <string>
#include <vector>

#include "model/builder.hpp"
#include "model/curated.hpp"
#include "warehouse/versions.hpp"

namespace reelhouse::workflow {

/// Describes what a build publishes: the models in marts that are tables, with what is known of them.
/// `raw`: the lake's tables, which tell what optional datasets are missing.
std::vector<warehouse::PublishedTable> tables_to_publish(const model::Project& project,
                                                         const model::Graph& graph,
                                                         const std::vector<catalog::CatalogTable>& raw,
                                                         const std::vector<model::ModelOutcome>& outcomes,
                                                         const model::Curated& curated);

/// Names the builds that a version stands on: "model/fingerprint".
std::vector<std::string> builds_of(const std::vector<model::ModelOutcome>& outcomes);

/// Tells the keys that a model's checks of severity error hold: its grain, or the first column that is
/// unique and never null; and its relationships.
void add_keys(const model::Model& model, warehouse::PublishedTable& table);

/// Tells which optional datasets a model stands on that are not in the lake, in their sources' words.
std::string missing_note(const model::Project& project, const model::Graph& graph,
                         const std::vector<catalog::CatalogTable>& raw, size_t node);

}  // namespace reelhouse::workflow
