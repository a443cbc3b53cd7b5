#include "catalog/grouping.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "base/near_miss.hpp"
#include "catalog/path_columns.hpp"
#include "catalog/table_name.hpp"

namespace reelhouse::catalog {
namespace {

using Columns = std::set<std::string>;

constexpr double kEnoughShared = 0.7;
constexpr size_t kColumnsShown = 15;

/// Objects that belong together, in a dataset without a declaration for them.
struct Group {
  std::string name;              ///< empty until it has one
  std::vector<Columns> members;  ///< column sets seen in it
  std::set<std::string> stems;
  std::vector<CrawledObject*> joined;
  bool is_new = false;
};

/// True for column_1, column_2, ...: names that were made up because there is no header.
bool made_up(const Columns& columns) {
  for (size_t i = 1; i <= columns.size(); ++i)
    if (!columns.contains(fmt::format("column_{}", i))) return false;
  return !columns.empty();
}

/// Returns the share of all columns that two objects have in common (Jaccard).
double shared(const Columns& a, const Columns& b) {
  size_t common = 0;
  for (const auto& column : a) common += b.contains(column) ? 1 : 0;
  const size_t all = a.size() + b.size() - common;
  return all == 0 ? 0 : static_cast<double>(common) / static_cast<double>(all);
}

/// Tells how well two column sets fit, from 0; above 1 when one contains the other.
double fit(const Columns& a, const Columns& b) {
  if (a.empty() || b.empty()) return 0;
  if (made_up(a) || made_up(b)) return a == b ? 2 : 0;
  const double share = shared(a, b);
  const bool contains = std::ranges::includes(a, b) || std::ranges::includes(b, a);
  return contains ? 1 + share : share;
}

bool belongs(double fitness) {
  return fitness >= kEnoughShared;
}

double best_fit(const Group& group, const Columns& columns) {
  double best = 0;
  for (const auto& member : group.members) best = std::max(best, fit(member, columns));
  return best;
}

Columns column_set(const CrawledObject& object) {
  const auto names = columns_of(object.object.profile.format.fields, nullptr);
  return Columns(names.begin(), names.end());
}

void join(Group& group, CrawledObject& object, const Columns& columns) {
  group.joined.push_back(&object);
  group.stems.insert(table_stem(object.name));
  if (!columns.empty() && std::ranges::find(group.members, columns) == group.members.end())
    group.members.push_back(columns);
}

/// The groups of one dataset; objects are added one after another.
class Dataset {
 public:
  void add_known(const KnownTable& table) {
    Group group;
    group.name = table.name;
    if (!table.columns.empty()) group.members.push_back(Columns(table.columns.begin(), table.columns.end()));
    for (const auto& key : table.objects) {
      by_key_[key] = groups_.size();
      group.stems.insert(table_stem(key.substr(key.rfind('/') + 1)));
    }
    groups_.push_back(std::move(group));
  }

  /// Leaves an object where the catalog has it; false when the catalog does not know it.
  bool stay(CrawledObject& object) {
    const auto known = by_key_.find(object.object.info.key);
    if (known == by_key_.end()) return false;
    join(groups_[known->second], object, column_set(object));
    return true;
  }

  void place(CrawledObject& object) {
    const Columns columns = column_set(object);
    if (columns.empty()) return place_empty(object);
    const std::string stem = table_stem(object.name);
    Group* best = nullptr;
    std::pair<double, bool> best_rank;
    std::vector<std::string> rivals;
    std::string nearest;
    double nearest_share = 0;
    for (auto& group : groups_) {
      const double fitness = best_fit(group, columns);
      const std::pair<double, bool> rank(fitness, group.stems.contains(stem));
      if (!belongs(fitness)) {
        if (fitness > nearest_share) std::tie(nearest_share, nearest) = std::pair(fitness, label(group));
        continue;
      }
      rivals.push_back(label(group));
      if (best == nullptr || rank > best_rank) std::tie(best, best_rank) = std::pair(&group, rank);
    }
    if (best != nullptr) {
      if (rivals.size() > 1)
        object.note =
            fmt::format("its columns fit {}: put into {}", fmt::join(rivals, " and "), label(*best));
      return join(*best, object, columns);
    }
    if (!nearest.empty())
      object.note =
          fmt::format("shares {:.0f} % of all columns with {}: kept apart", nearest_share * 100, nearest);
    groups_.push_back({});
    groups_.back().is_new = true;
    join(groups_.back(), object, columns);
  }

  std::vector<Group>& groups() { return groups_; }

 private:
  /// An object of zero bytes has only its name to go by.
  void place_empty(CrawledObject& object) {
    const std::string stem = table_stem(object.name);
    std::vector<Group*> fitting;
    for (auto& group : groups_)
      if (groups_.size() == 1 || group.stems.contains(stem)) fitting.push_back(&group);
    if (fitting.size() == 1) return join(*fitting[0], object, {});
    object.ignored = "is empty, and its name does not tell which table it belongs to";
  }

  static std::string label(const Group& group) {
    return group.name.empty() ? group.joined.front()->object.info.key : group.name;
  }

  std::vector<Group> groups_;
  std::map<std::string, size_t> by_key_;
};

/// The columns of an object: its fields', then those of its path.
std::vector<std::string> all_columns_of(const CatalogObject& object, const SourceTable& declared) {
  auto names = columns_of(object.profile.format.fields, &declared);
  for (auto& column : added_columns(object, &declared)) names.push_back(std::move(column.name));
  return names;
}

/// Says which declared columns an object lacks; "" when it has all.
std::string missing_columns(const CrawledObject& object) {
  const SourceTable& declared = *object.claim;
  const Format& format = object.object.profile.format;
  if (format.fields.empty()) return "";
  const auto names = all_columns_of(object.object, declared);
  std::vector<std::string> missing;
  std::vector<std::string> spare;
  for (const auto& column : declared.columns)
    if (std::ranges::find(names, column) == names.end()) missing.push_back(column);
  if (missing.empty()) return "";
  for (const auto& name : names)
    if (std::ranges::find(declared.columns, name) == declared.columns.end()) spare.push_back(name);
  const std::vector<std::string> shown(
      names.begin(), names.begin() + static_cast<long>(std::min(names.size(), kColumnsShown)));
  std::string text = fmt::format("lacks column{} {} of {}; it has {}{}", missing.size() > 1 ? "s" : "",
                                 fmt::join(missing, ", "), declared.name, fmt::join(shown, ", "),
                                 shown.size() < names.size() ? ", ..." : "");
  if (!format.has_header) return text + " (it seems to have no header)";
  for (const auto& column : missing) {
    const auto meant = near_miss(column, spare);
    if (meant)
      text += fmt::format("; did you mean {0}? Add '{0}: {1}' under aliases ({2})", *meant, column,
                          declared.where);
  }
  return text;
}

/// Finds a name that nobody has yet: `wanted`, wanted_2, wanted_3, ...
std::string free_name(const std::string& wanted, std::set<std::string>& taken) {
  std::string name = wanted;
  for (int i = 2; !taken.insert(name).second; ++i) name = fmt::format("{}_{}", wanted, i);
  return name;
}

std::string new_name(const Group& group, const std::string& dataset, bool alone) {
  std::string base = column_name(dataset);
  const std::string stem = table_stem(group.joined.front()->name);
  if (alone || stem.empty() || stem == base) return base;
  return stem.starts_with(base + "_") ? stem : base + "_" + stem;
}

bool is_declared(const std::vector<Source>& sources, const std::string& table) {
  return std::ranges::any_of(sources, [&](const Source& source) {
    return std::ranges::find(source.tables, table, &SourceTable::name) != source.tables.end();
  });
}

bool declares_tables(const std::vector<Source>& sources, const std::string& dataset) {
  const auto source = std::ranges::find(sources, dataset, &Source::dataset);
  return source != sources.end() && !source->tables.empty();
}

/// Points out that a file looks like a declared table though the table's glob does not mean it.
void note_unclaimed(CrawledObject& object, const std::vector<Source>& sources) {
  const auto source = std::ranges::find(sources, object.object.dataset, &Source::dataset);
  if (source == sources.end()) return;
  for (const auto& table : source->tables) {
    const auto names = all_columns_of(object.object, table);
    const bool has_all = std::ranges::all_of(table.columns, [&](const std::string& column) {
      return std::ranges::find(names, column) != names.end();
    });
    if (!has_all || table.columns.empty()) continue;
    object.note += fmt::format("{}it has all columns of {}, but its name does not match '{}' ({})",
                               object.note.empty() ? "" : "; ", table.name, table.files, table.where);
  }
}

void group_dataset(const std::string& name, std::vector<CrawledObject*>& objects, bool has_declared,
                   Dataset& dataset, std::set<std::string>& taken) {
  std::ranges::sort(objects, {},
                    [](const CrawledObject* o) { return std::pair(o->object.drop, o->object.info.key); });
  std::vector<CrawledObject*> fresh;
  for (auto* object : objects)
    if (!dataset.stay(*object)) fresh.push_back(object);
  // Empty objects last: by then every table is there to which their name may point.
  std::ranges::stable_partition(
      fresh, [](const CrawledObject* o) { return !o->object.profile.format.fields.empty(); });
  for (auto* object : fresh) dataset.place(*object);
  for (auto& group : dataset.groups()) {
    if (group.is_new)
      group.name = free_name(new_name(group, name, dataset.groups().size() == 1 && !has_declared), taken);
    for (auto* object : group.joined) object->object.table = group.name;
  }
}

}  // namespace

void group_objects(std::vector<CrawledObject>& objects, const std::vector<Source>& sources,
                   const std::vector<KnownTable>& known) {
  std::map<std::string, std::vector<CrawledObject*>> unclaimed;
  for (auto& object : objects) {
    if (!object.object.problem.empty()) continue;
    if (object.claim == nullptr) {
      unclaimed[object.object.dataset].push_back(&object);
      continue;
    }
    object.object.problem = missing_columns(object);
    if (object.object.problem.empty())
      object.object.problem = ambiguous_columns(object.object.profile, *object.claim);
    if (object.object.problem.empty()) object.object.table = object.claim->name;
  }
  std::set<std::string> taken;
  for (const auto& source : sources)
    for (const auto& table : source.tables) taken.insert(table.name);
  for (const auto& table : known) taken.insert(table.name);
  for (auto& [name, members] : unclaimed) {
    Dataset dataset;
    for (const auto& table : known)
      if (table.dataset == name && !is_declared(sources, table.name)) dataset.add_known(table);
    group_dataset(name, members, declares_tables(sources, name), dataset, taken);
    for (auto* object : members) note_unclaimed(*object, sources);
  }
}

std::vector<CatalogColumn> merge_columns(const std::vector<CatalogObject>& objects,
                                         const SourceTable* declared) {
  std::vector<CatalogColumn> columns;
  std::map<std::string, size_t> positions;
  for (auto object = objects.rbegin(); object != objects.rend(); ++object) {
    const auto& profile = object->profile;
    const auto names = columns_of(profile.format.fields, declared);
    for (size_t i = 0; i < names.size() && i < profile.fields.size(); ++i) {
      const auto [position, is_new] = positions.emplace(names[i], columns.size());
      if (is_new) columns.push_back({names[i], profile.format.fields[i], {}, {}});
      columns[position->second].profile.add(profile.fields[i]);
    }
    for (const auto& column : added_columns(*object, declared)) {
      const auto [position, is_new] = positions.emplace(column.name, columns.size());
      if (is_new) columns.push_back({column.name, place_of(column), {}, {}});
      columns[position->second].profile.add(profile_of(column, profile));
    }
  }
  for (auto& column : columns) column.type = column.profile.inferred_type();
  return columns;
}

}  // namespace reelhouse::catalog
