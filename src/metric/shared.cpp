#include "metric/shared.hpp"

#include <algorithm>
#include <set>

#include "base/near_miss.hpp"

namespace reelhouse::metric {
namespace {

/// One file that is used: its name, where that is said, and the dimensions picked of it (empty = all).
struct Use {
  std::string name;
  Yaml place;
  Yaml picked;
};

Result<std::vector<Use>> uses_of(const Yaml& uses) {
  std::vector<Use> found;
  const Yaml nothing = uses.at("");
  if (uses.is_map()) {
    RH_TRY(uses.only_keys(uses.keys()));  // none twice
    for (const auto& name : uses.keys()) {
      const Yaml picked = uses.at(name);
      const bool all = picked.is_scalar() && picked.dump() == "all";
      if (picked.items().empty() || (picked.is_scalar() && !all))
        return fail(picked.error(fmt::format("'{}' needs a list of dimensions, or all", name),
                                 fmt::format("Write {}: [a, b].", name)));
      found.push_back({name, picked, all ? nothing : picked});
    }
    return found;
  }
  for (const auto& item : uses.items()) {
    RH_ASSIGN(std::string name, item.text());
    found.push_back({std::move(name), item, nothing});
  }
  return found;
}

}  // namespace

Result<SharedParts> SharedParts::load(const std::filesystem::path& folder) {
  SharedParts shared;
  RH_ASSIGN(const auto paths, yaml_files(folder, "listing what metric views share"));
  for (const auto& path : paths) {
    RH_ASSIGN(Yaml yaml, Yaml::load(path));
    if (const auto [other, is_new] = shared.files_.emplace(path.stem().string(), std::move(yaml)); !is_new)
      return fail(ErrorKind::kProject, fmt::format("two files are called '{}'", other->first), "Rename one.",
                  path.string());
  }
  for (const auto& [name, yaml] : shared.files_) RH_TRY(shared.read(name, {}));
  return shared;
}

Result<> SharedParts::read(const std::string& name, std::vector<std::string> path) {
  if (parts_.contains(name)) return {};
  const Yaml& yaml = files_.at(name);
  std::vector<std::string> keys = kPartKeys;
  keys.emplace_back("description");
  RH_TRY(yaml.only_keys(keys));
  path.push_back(name);
  RH_ASSIGN(const auto uses, uses_of(yaml.at("uses")));
  for (const Use& use : uses) {
    if (std::ranges::find(path, use.name) != path.end())
      return fail(use.place.error(fmt::format("files of shared/ use each other in a circle: {} -> {}",
                                              fmt::join(path, " -> "), use.name),
                                  "Put what both need into a file of its own."));
    if (files_.contains(use.name)) RH_TRY(read(use.name, path));
  }
  RH_ASSIGN(const Parts used, used_by(yaml.at("uses")));
  RH_ASSIGN(Parts parts, read_parts(yaml, used));
  parts_.emplace(name, std::move(parts));
  return {};
}

Result<Parts> SharedParts::taken(const std::string& name, const Yaml& place, const Yaml& picked) const {
  const auto found = parts_.find(name);
  if (found == parts_.end()) {
    std::vector<std::string> known;
    for (const auto& [each, yaml] : files_) known.push_back(each);
    return fail(place.error(fmt::format("there is no file shared/{}.yml", name),
                            did_you_mean(name, known, "Files of metrics/shared/ are used by their names.")));
  }
  if (picked.empty()) return found->second;
  return pick_parts(picked, fmt::format("shared/{}.yml", name), found->second);
}

Result<Parts> SharedParts::used_by(const Yaml& uses) const {
  Parts parts;
  RH_ASSIGN(const auto asked, uses_of(uses));
  std::set<std::string> seen;
  for (const Use& use : asked) {
    if (!seen.insert(use.name).second)
      return fail(use.place.error(fmt::format("'{}' is used twice", use.name), "Remove one of the two."));
    RH_ASSIGN(const Parts taken_parts, taken(use.name, use.place, use.picked));
    RH_TRY(add_parts(use.place, taken_parts, parts));
  }
  return parts;
}

}  // namespace reelhouse::metric
