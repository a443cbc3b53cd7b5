#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "catalog/catalog.hpp"
#include "model/binding.hpp"
#include "model/plan_origins.hpp"

namespace reelhouse::model {

/// A column of a model, raw table or seed; without a column, the table as a whole.
struct Place {
  std::string table;  ///< "fct_subscription", "raw.user", "seed.plan"
  std::string column;

  std::string text() const { return column.empty() ? table : table + "." + column; }
  auto operator<=>(const Place&) const = default;
};

/// An object of the lake that a raw column comes from.
struct LineageObject {
  std::string key;
  std::string field;     ///< as the object spells it; empty when it has no such field, or for a table
  std::string drop;      ///< YYYY-MM-DD
  uint64_t records = 0;  ///< as the crawl read them, less those without structure
};

/// One place of a lineage tree; below it stand the places that it comes from (or, downstream, that come
/// from it).
struct LineageNode {
  Place place;
  uint16_t how = kValue;               ///< towards the node above
  std::string file;                    ///< of the model or seed
  bool repeated = false;               ///< shown already, with all that stands below it
  std::string approximate;             ///< what was not understood: too many origins may be shown
  std::vector<Origin> deciders;        ///< upstream of a column: what decides its rows, or chooses its value
  std::vector<LineageObject> objects;  ///< of a raw table or column
  std::vector<LineageNode> inputs;
};

/// Follows columns and tables through the bound models, from the plans that the engine makes of them;
/// reads no data. Plans are made when they are first needed and kept. Not thread-safe.
class Lineage {
 public:
  /// Both must outlive this.
  Lineage(const Binding& binding, const std::vector<catalog::CatalogTable>& tables)
      : binding_(binding), tables_(tables) {}

  /// Reads "dim_plan", "dim_plan.plan_name", "raw.user", "raw.user.age", "seed.plan".
  /// Errors: kUsage with the near miss.
  Result<Place> find(const std::string& name) const;

  /// Returns the origins of a model's columns in its inputs, with what its reject rules read among what
  /// decides rows. A model that the engine cannot plan gets all columns of its inputs, and says so.
  const PlanOrigins& origins(const Node& node);

  /// Returns the tree above a column (to the fields of objects in the lake) or above a table.
  LineageNode upstream(const Place& place);
  /// Returns what depends on a column or table.
  LineageNode downstream(const Place& place);

 private:
  using Seen = std::set<Place>;
  LineageNode start(const Place& place, uint16_t how);
  LineageNode column_above(const Place& place, uint16_t how, Seen& seen);
  LineageNode table_above(const std::string& table, Seen& seen);
  LineageNode below(const Place& place, uint16_t how, Seen& seen);
  PlanOrigins plan_origins(const Node& node);
  PlanOrigins all_of_inputs(const Node& node, const std::string& why) const;
  const Node* node_of(const std::string& table) const;
  std::vector<LineageObject> objects_of(const Place& place) const;

  const Binding& binding_;
  const std::vector<catalog::CatalogTable>& tables_;
  std::map<std::string, PlanOrigins> origins_;
};

/// Lists the tables that a model reads: models, "raw.x", "drops.x", "seed.y".
std::vector<std::string> inputs_of(const Graph& graph, const Node& node);

}  // namespace reelhouse::model
