#pragma once

#include <map>
#include <string>
#include <vector>

#include "catalog/catalog.hpp"
#include "engine/engine.hpp"
#include "model/project.hpp"

namespace reelhouse::model {

/// A model with what its SQL names, resolved.
struct Node {
  const Model* model = nullptr;
  std::vector<size_t> inputs;         ///< models, as indexes into Graph::nodes, also those of `rejected`
  std::vector<std::string> raw;       ///< tables of the catalog, without "raw."
  std::vector<std::string> drops;     ///< tables of the catalog whose drops are read, without "drops."
  std::vector<std::string> rejected;  ///< models whose rejected rows are read, without "rejected."
  std::vector<std::string> seeds;     ///< without "seed."
  std::vector<std::string> functions;
};

/// The models in an order in which each comes after its inputs. Points into the Project.
struct Graph {
  std::vector<Node> nodes;

  /// Returns the index of a model, or -1.
  int find(const std::string& name) const;
  /// Marks the models that a set of models depends on (`upstream`) or that depend on it, itself too.
  std::vector<bool> upstream(std::vector<bool> marked) const;
  std::vector<bool> downstream(std::vector<bool> marked) const;
};

/// Resolves the tables that every model names. `raw_tables` are the names in the catalog; those that
/// sources/ declares are known besides. Adds every problem (unknown table with the near miss, syntax
/// error, cycle; with file and line) to `problems` and leaves those models out.
Graph resolve(const Project& project, engine::Session& session, const std::vector<std::string>& raw_tables,
              std::vector<Error>& problems);

/// Turns the engine's error (kQuery) for a model's text into one of kind kProject that names the file,
/// the line and the near miss. Errors of other kinds, a damaged object's for one, stay as they are.
Error locate(const Error& error, const std::string& text, const std::string& file, size_t first_line);

/// Picks models as `--select` says: a name, `name+` (and what depends on it), `+name` (and what it
/// depends on), a folder (`marts`). Errors: kUsage with the near miss.
Result<std::vector<bool>> select(const Graph& graph, const std::vector<std::string>& patterns);

/// Returns the definitions of the helper functions among `functions` and of those that they use.
std::string helper_definitions(const std::vector<std::string>& functions);

/// A fingerprint of every model and of every raw table, its drops and every seed that one names ("raw.x",
/// "drops.x", "seed.y"):
/// a hash of a model's SQL and rules, the helper functions it uses (and those that they use), and the
/// fingerprints of its inputs; for a raw table, of its objects' contents and formats.
std::map<std::string, std::string> fingerprints(const Graph& graph, const Project& project,
                                                const std::vector<catalog::CatalogTable>& tables);

}  // namespace reelhouse::model
