#pragma once

#include <string>
#include <vector>

#include "catalog/catalog.hpp"
#include "model/binding.hpp"

namespace reelhouse::model {

/// What a project whose SQL and YAML are sound consists of.
struct Validation {
  struct ModelSummary {
    std::string model;
    std::string folder;
    Materialisation materialisation = Materialisation::kTable;
    std::vector<std::string> inputs;  ///< models, "raw.x", "seed.y"
    size_t columns = 0;
    size_t checks = 0;
  };
  std::vector<ModelSummary> models;  ///< in the order in which they are built
  size_t checks = 0;
  std::vector<Error> warnings;  ///< what may stay, but should not
};

/// Binds the SQL of models, rules and checks without any data, and holds the YAML against the columns
/// that come out. Every problem goes to `problems` (kProject: file, line, near miss), none of them twice;
/// a model behind a broken one is left out without a word. `tables` is what the catalog holds, if
/// anything; what sources/ declares is known besides.
/// Errors: kInternal, kInterrupted; nothing about the project itself.
Result<Validation> validate(const Project& project, const std::vector<catalog::CatalogTable>& tables,
                            std::vector<Error>& problems);

/// The same for a project that is bound already.
Result<Validation> validate(const Binding& binding, std::vector<Error>& problems);

}  // namespace reelhouse::model
