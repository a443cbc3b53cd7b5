#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/yaml.hpp"
#include "metric/definition.hpp"

namespace reelhouse::metric {

/// Keys of the YAML under which parts stand, in a view as in a shared file.
inline const std::vector<std::string> kPartKeys = {"uses",       "bridges",     "joins",
                                                   "dimensions", "hierarchies", "statements"};

/// Makes the error that a name is not known, with its near miss.
Error unknown_name(const Yaml& yaml, const std::string& what, const std::string& name,
                   const std::vector<std::string>& known);

/// Tells a bare name, which no SELECT is.
bool is_name(std::string_view text);

template <typename T>
std::vector<std::string> names_of(const std::vector<T>& things) {
  std::vector<std::string> names;
  for (const auto& thing : things) names.push_back(thing.name);
  return names;
}

/// The joins, upstream first, and the bridge at their beginning, that expressions read.
struct Reached {
  std::vector<std::string> joins;
  std::string bridge;
};
/// Finds them. Errors: kProject (unknown join with the near miss; two bridges).
Result<Reached> reached_by(const Parts& parts, const Yaml& yaml, const std::vector<std::string>& expressions);

/// Reads a file's own parts and adds those that it uses: own ones stand first, and a join behind what it
/// comes from. Errors: kProject with file, line and near miss; a name that is written in both.
Result<Parts> read_parts(const Yaml& yaml, const Parts& used);

/// Adds the parts of another file; what has come already, over another way, is left out. `where` is what asks
/// for them, for the error. Errors: kProject (a name that two files write).
Result<> add_parts(const Yaml& where, const Parts& others, Parts& parts);

/// Leaves out the other dimensions, and the hierarchies. What they are reached by stays: a join is made only
/// where it is read.
/// Errors: kProject (unknown dimension with the near miss).
Result<Parts> pick_parts(const Yaml& names, const std::string& file, const Parts& all);

}  // namespace reelhouse::metric
