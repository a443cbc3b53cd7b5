#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "engine/engine.hpp"
#include "model/curated.hpp"
#include "model/project.hpp"

namespace reelhouse::model {

/// Finds values that a model could not read: delivered, and null in a row that was kept. Columns are those
/// that the model's repairs name, for those hold what was delivered beside what was made of it. A blank, a
/// word for it and a value without letter or digit are none; nor is a value that a repair put elsewhere.
class LostValues {
 public:
  explicit LostValues(const Model& model);

  /// What is selected beside the model's columns to tell the fate of each watched value; begins with a comma
  /// when there is any.
  std::string fates() const;
  /// The condition, over those, that the value of a column was lost; "false" for one that is not watched.
  std::string is_lost(const std::string& column) const;
  /// Counts lost values of the kept rows of `source`, and writes them into _lost.parquet when there are any.
  /// `lineage` selects _object and _line; without `has_lineage` nothing is counted by object.
  Result<> write(const std::string& source, const std::string& lineage, bool has_lineage,
                 const std::filesystem::path& folder, engine::Session& session, BuildRecord& record) const;

 private:
  struct Watched {
    std::string column;
    std::vector<std::pair<std::string, std::string>> read;   ///< (was, now): each holds all of its values
    std::vector<std::pair<std::string, std::string>> moved;  ///< (when, now): where it went elsewhere
    std::string was() const;
  };
  Watched& watched(const std::string& column);
  Result<> count_by_object(size_t column, const std::string& source, engine::Session& session,
                           BuildRecord& record) const;

  std::vector<Watched> columns_;
};

}  // namespace reelhouse::model
