#pragma once

#include <string>
#include <vector>

#include "model/graph.hpp"

namespace reelhouse::model {

/// Lists the tables that a model reads, itself or through models before it: "raw.x", "drops.x", "seed.y", "stg_z",
/// "rejected.stg_z";
/// each once, none before what it is made of.
std::vector<std::string> tables_upstream(const Graph& graph, size_t node);

}  // namespace reelhouse::model
