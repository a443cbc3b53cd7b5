#pragma once

#include <optional>
#include <string>
#include <vector>

#include "catalog/catalog.hpp"

namespace reelhouse::catalog {

/// A column that a folder of an object's path gives to all its records, as Hive and Spark write it: `country=es`.
struct PathColumn {
  std::string name;                  ///< the folder's key, named as a header's fields are (profile.hpp)
  std::string folder;                ///< as it is spelled
  std::optional<std::string> value;  ///< %XX decoded; nothing for __HIVE_DEFAULT_PARTITION__ and ""
};

/// The columns that the `key=value` folders of a key below raw/<dataset>/ name, each name once; folders that name
/// a day (partition.hpp) are none.
std::vector<PathColumn> path_columns(const std::string& key);

/// Says why the columns of a path cannot be understood: a name with two values, or a value that is not
/// UTF-8; "" when they can.
std::string path_problem(const std::string& key);

/// The columns that an object's path adds to those of its file, by the table's names (`declared` may be null):
/// where the file has a column of that name, it is the file's.
std::vector<PathColumn> added_columns(const CatalogObject& object, const SourceTable* declared);

/// Returns what such a column holds in an object.
FieldProfile profile_of(const PathColumn& column, const ObjectProfile& object);

/// Names the place that a path's column comes from, for people: "folder country=".
std::string place_of(const PathColumn& column);

/// Says for people what became of the `key=value` folders of an object's path; "" when it has none.
std::string path_note(const CatalogObject& object, const SourceTable* declared);

}  // namespace reelhouse::catalog
