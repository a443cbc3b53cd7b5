#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "catalog/catalog.hpp"
#include "engine/engine.hpp"
#include "model/curated.hpp"
#include "model/graph.hpp"

namespace reelhouse::model {

enum class BuildState { kBuilt, kKnown, kView, kFailed, kSkipped };

/// What became of one model in a build.
struct ModelOutcome {
  std::string model;
  BuildState state = BuildState::kSkipped;
  BuildRecord record;
  std::string error;  ///< kFailed: why; kSkipped: because of which model
};

struct BuildOptions {
  std::vector<bool> selected;  ///< by node; what these need is built besides
  bool full_refresh = false;   ///< build the selected ones although their fingerprint is known
  int workers = 2;             ///< models built side by side
};

/// Builds models into the store and keeps their results readable in one engine database: `raw.*`,
/// `drops.*`, `seed.*`, every model by its name, what its rules reject as `rejected.<model>`, and
/// `audit.rejected`. Models whose fingerprint is in the store
/// are not built again. Not thread-safe.
class Builder {
 public:
  Builder(const Project& project, const Graph& graph, const lake::ObjectStore& lake,
          const catalog::Catalog& catalog, const std::vector<catalog::CatalogTable>& tables,
          const Curated& curated, engine::Database& database)
      : project_(project),
        graph_(graph),
        lake_(lake),
        catalog_(catalog),
        tables_(tables),
        curated_(curated),
        database_(database),
        prints_(fingerprints(graph, project, tables)) {}

  const std::map<std::string, std::string>& prints() const { return prints_; }
  /// True when every selected model is in the store and none has to be built.
  bool all_known(const BuildOptions& options) const;
  /// Returns an outcome (kKnown) for every materialised model that the store holds.
  std::vector<ModelOutcome> known_outcomes() const;

  /// Defines `raw.*`, `drops.*` and `seed.*`, once. Errors: kQuery.
  Result<> define_inputs();
  /// Builds what is selected and needed, independent models side by side; after a failure what does
  /// not depend on it goes on. `on_outcome` is called once a model, from any thread, one at a time.
  /// Errors: kInterrupted, kFull and such; a model that failed is an outcome, and the first such error
  /// is returned.
  Result<> build(const BuildOptions& options, const std::function<void(const ModelOutcome&)>& on_outcome);
  /// Fills audit.rejected with the rows that the catalog and the models of the last build rejected.
  Result<> define_audit();

  const std::vector<ModelOutcome>& outcomes() const { return outcomes_; }

 private:
  friend class BuildQueue;
  ModelOutcome make(size_t node, bool rebuild, engine::Session& session, Error& error);

  const Project& project_;
  const Graph& graph_;
  const lake::ObjectStore& lake_;
  const catalog::Catalog& catalog_;
  const std::vector<catalog::CatalogTable>& tables_;
  const Curated& curated_;
  engine::Database& database_;
  std::map<std::string, std::string> prints_;
  std::vector<ModelOutcome> outcomes_;
};

}  // namespace reelhouse::model
