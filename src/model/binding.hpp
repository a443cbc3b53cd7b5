#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "catalog/catalog.hpp"
#include "engine/engine.hpp"
#include "model/graph.hpp"
#include "model/project.hpp"

namespace reelhouse::model {

/// A project whose models were bound by the engine, each against tables that have the right columns and
/// no rows: `raw.*`, `drops.*`, `seed.*`, `audit.rejected`, the models before it and, as `rejected.*`, what
/// their rules reject. No data is read, and the engine may open no file. Points into the Project. Not thread-safe.
class Binding {
 public:
  /// Binds every model that can be; adds every problem (with file and line) to `problems`. A model
  /// behind a broken one is left out without a word. `tables` is what the catalog holds, if anything.
  /// Errors: kInternal, kInterrupted; nothing about the project itself.
  static Result<Binding> bind(const Project& project, const std::vector<catalog::CatalogTable>& tables,
                              std::vector<Error>& problems);

  const Project& project() const { return *project_; }
  const Graph& graph() const { return graph_; }
  engine::Session& session() const { return *session_; }

  /// Returns the columns that readers of "stg_user", "raw.user" or "seed.plan" see; null when there is
  /// no such table or its model is broken.
  const std::vector<engine::Column>* columns(const std::string& table) const;
  /// Returns the table to bind a model's rules against: it has the `_was_` columns too.
  std::string table_for_rules(const Model& model) const;
  /// Lists all tables that have columns, sorted.
  std::vector<std::string> tables() const;

 private:
  Binding() = default;
  Result<> add_inputs(const std::vector<catalog::CatalogTable>& tables);
  Result<> add_table(const std::string& schema, const std::string& name,
                     const std::vector<std::string>& texts, bool with_place);
  Result<> add_model(const Model& model);

  const Project* project_ = nullptr;
  std::unique_ptr<engine::Database> database_;
  std::unique_ptr<engine::Session> session_;
  Graph graph_;
  std::map<std::string, std::vector<engine::Column>> columns_;
  std::vector<std::string> with_was_;  ///< models whose full form is in the schema `bound`
};

}  // namespace reelhouse::model
