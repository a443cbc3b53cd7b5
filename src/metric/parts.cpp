#include "metric/parts.hpp"

#include <algorithm>
#include <set>

#include "base/near_miss.hpp"

namespace reelhouse::metric {
namespace {

const std::vector<std::string> kTypes = {"text", "number", "flag"};

template <typename T>
const T* named(const std::vector<T>& things, const std::string& wanted) {
  const auto found = std::ranges::find(things, wanted, &T::name);
  return found == things.end() ? nullptr : &*found;
}

bool is_name_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

/// Lists the names before a dot in an expression ("plan" of plan.plan_name), texts in quotes left out.
std::set<std::string> qualifiers_of(const std::string& sql) {
  std::set<std::string> found;
  std::string word;
  bool in_text = false;
  for (const char c : sql) {
    if (c == '\'') in_text = !in_text;
    if (!in_text && is_name_character(c)) {
      word += c;
      continue;
    }
    if (!in_text && c == '.' && !word.empty() && std::isdigit(static_cast<unsigned char>(word[0])) == 0)
      found.insert(word);
    word.clear();
  }
  return found;
}

/// Adds a join and those that it comes from, upstream first.
void add_join(const Parts& parts, const Join& join, std::vector<std::string>& joins) {
  if (std::ranges::find(joins, join.name) != joins.end()) return;
  if (const Join* before = parts.join(join.from)) add_join(parts, *before, joins);
  joins.push_back(join.name);
}

/// Refuses a name that a file writes though what it uses holds it already.
template <typename T>
Result<> refuse_second(const Yaml& yaml, const char* what, const T* used) {
  if (used == nullptr) return {};
  return fail(yaml.error(
      fmt::format("{} '{}' is written here and at {}, which is used", what, used->name, used->place),
      "Keep one of the two, or rename one."));
}

/// The same of joins and bridges, whose names stand beside each other in SQL.
Result<> refuse_second_alias(const Yaml& yaml, const char* what, const std::string& name, const Parts& used) {
  RH_TRY(refuse_second(yaml, what, used.join(name)));
  return refuse_second(yaml, what, used.bridge(name));
}

Error comes_twice(const Yaml& where, const char* what, const std::string& name, const std::string& one,
                  const std::string& other) {
  return where.error(fmt::format("{} '{}' would come from {} and from {}", what, name, one, other),
                     "Use one of the two files, or rename one of the two.");
}

/// Appends what another file holds; what is there already must be that very thing.
template <typename T>
Result<> append(const Yaml& where, const char* what, const std::vector<T>& others, std::vector<T>& things) {
  for (const T& other : others) {
    const T* same = named(things, other.name);
    if (same == nullptr)
      things.push_back(other);
    else if (same->place != other.place)
      return fail(comes_twice(where, what, other.name, same->place, other.place));
  }
  return {};
}

Result<> read_bridges(const Yaml& yaml, const Parts& used, Parts& own) {
  for (const auto& name : yaml.keys()) {
    const Yaml item = yaml.at(name);
    RH_TRY(item.only_keys({"table", "column", "key", "weight", "where"}));
    RH_TRY(refuse_second_alias(item, "bridge", name, used));
    Bridge bridge;
    bridge.name = name;
    bridge.place = item.where();
    RH_ASSIGN(bridge.table, item.at("table").text());
    RH_ASSIGN(bridge.column, item.at("column").text());
    RH_ASSIGN(bridge.key, item.at("key").text_or(bridge.column));
    RH_ASSIGN(bridge.weight, item.at("weight").text());
    RH_ASSIGN(bridge.where, item.at("where").text_or(""));
    own.bridges.push_back(std::move(bridge));
  }
  return {};
}

Result<> read_joins(const Yaml& yaml, const Parts& used, Parts& own) {
  const auto is_known = [&](const std::string& name) {
    return own.join(name) != nullptr || own.bridge(name) != nullptr || used.join(name) != nullptr ||
           used.bridge(name) != nullptr;
  };
  for (const auto& name : yaml.keys()) {
    const Yaml item = yaml.at(name);
    RH_TRY(item.only_keys({"table", "column", "key", "from"}));
    RH_TRY(refuse_second_alias(item, "join", name, used));
    Join join;
    join.name = name;
    join.place = item.where();
    RH_ASSIGN(join.table, item.at("table").text());
    RH_ASSIGN(join.column, item.at("column").text());
    RH_ASSIGN(join.key, item.at("key").text_or(join.column));
    RH_ASSIGN(join.from, item.at("from").text_or(""));
    if (join.from == "fact") join.from.clear();
    if (!join.from.empty() && !is_known(join.from))
      return fail(
          item.error(fmt::format("join '{}' comes from '{}', which is not written above it", name, join.from),
                     "Name a bridge, or a join that stands above."));
    own.joins.push_back(std::move(join));
  }
  return {};
}

/// Puts every join behind the one that it comes from.
void order_joins(Parts& parts) {
  std::vector<std::string> names;
  for (const auto& join : parts.joins) add_join(parts, join, names);
  std::vector<Join> joins;
  for (const auto& name : names) joins.push_back(*parts.join(name));
  parts.joins = std::move(joins);
}

Result<> read_dimensions(const Yaml& yaml, const Parts& used, Parts& parts) {
  for (const auto& name : yaml.keys()) {
    const Yaml item = yaml.at(name);
    RH_TRY(item.only_keys({"label", "description", "type", "sql", "sort"}));
    if (name == "date" || grain_named(name))
      return fail(item.error(fmt::format("'{}' cannot name a dimension", name),
                             "It stands for the view's dates, which `time` declares."));
    RH_TRY(refuse_second(item, "dimension", used.dimension(name)));
    Dimension dimension;
    dimension.name = name;
    dimension.place = item.where();
    RH_ASSIGN(dimension.label, item.at("label").text_or(name));
    RH_ASSIGN(dimension.description, item.at("description").text_or(""));
    RH_ASSIGN(dimension.type, item.at("type").text_or("text"));
    RH_ASSIGN(dimension.sql, item.at("sql").text());
    RH_ASSIGN(dimension.sort, item.at("sort").text_or(""));
    if (std::ranges::find(kTypes, dimension.type) == kTypes.end())
      return fail(unknown_name(item.at("type"), "type", dimension.type, kTypes));
    RH_ASSIGN(const Reached reached, reached_by(parts, item, {dimension.sql, dimension.sort}));
    dimension.joins = reached.joins;
    dimension.bridge = reached.bridge;
    parts.dimensions.push_back(std::move(dimension));
  }
  return {};
}

Result<> read_hierarchies(const Yaml& yaml, const Parts& used, Parts& parts) {
  for (const auto& name : yaml.keys()) {
    const Yaml item = yaml.at(name);
    RH_TRY(refuse_second(item, "hierarchy", used.hierarchy(name)));
    RH_ASSIGN(auto levels, item.texts());
    for (const auto& level : levels)
      if (parts.dimension(level) == nullptr)
        return fail(unknown_name(item, "dimension", level, names_of(parts.dimensions)));
    parts.hierarchies.push_back({name, std::move(levels), item.where()});
  }
  return {};
}

Result<> read_statements(const Yaml& yaml, const Parts& used, Parts& parts) {
  for (const auto& name : yaml.keys()) {
    const Yaml item = yaml.at(name);
    RH_TRY(refuse_second(item, "statement", used.statement(name)));
    if (!is_name(name))
      return fail(
          item.error(fmt::format("'{}' is no name for a statement", name), "Use letters, digits and '_'."));
    RH_ASSIGN(std::string sql, item.text());
    if (is_name(sql))
      return fail(item.error(fmt::format("statement '{}' is no SELECT", name), "Write its SQL here."));
    parts.statements.push_back({name, std::move(sql), item.where()});
  }
  return {};
}

}  // namespace

Error unknown_name(const Yaml& yaml, const std::string& what, const std::string& name,
                   const std::vector<std::string>& known) {
  return yaml.error(fmt::format("{} '{}' is not known", what, name), did_you_mean(name, known));
}

bool is_name(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_name_character);
}

const Join* Parts::join(const std::string& wanted) const {
  return named(joins, wanted);
}
const Bridge* Parts::bridge(const std::string& wanted) const {
  return named(bridges, wanted);
}
const Dimension* Parts::dimension(const std::string& wanted) const {
  return named(dimensions, wanted);
}
const Hierarchy* Parts::hierarchy(const std::string& wanted) const {
  return named(hierarchies, wanted);
}
const NamedStatement* Parts::statement(const std::string& wanted) const {
  return named(statements, wanted);
}

Result<Reached> reached_by(const Parts& parts, const Yaml& yaml,
                           const std::vector<std::string>& expressions) {
  Reached reached;
  std::vector<std::string> known = {"fact"};
  for (const auto& join : parts.joins) known.push_back(join.name);
  for (const auto& bridge : parts.bridges) known.push_back(bridge.name);
  for (const auto& sql : expressions)
    for (const auto& name : qualifiers_of(sql)) {
      if (name == "fact") continue;
      if (parts.bridge(name) != nullptr) {
        reached.bridge = name;
        continue;
      }
      const Join* join = parts.join(name);
      if (join == nullptr) return fail(unknown_name(yaml, "join", name, known));
      add_join(parts, *join, reached.joins);
    }
  for (const auto& name : reached.joins)
    if (const Bridge* bridge = parts.bridge(parts.join(name)->from)) {
      if (!reached.bridge.empty() && reached.bridge != bridge->name)
        return fail(yaml.error(fmt::format("reads two bridges, {} and {}", reached.bridge, bridge->name),
                               "A dimension can be reached over one bridge."));
      reached.bridge = bridge->name;
    }
  return reached;
}

Result<Parts> read_parts(const Yaml& yaml, const Parts& used) {
  Parts parts;
  RH_TRY(read_bridges(yaml.at("bridges"), used, parts));
  RH_TRY(read_joins(yaml.at("joins"), used, parts));
  parts.bridges.insert(parts.bridges.end(), used.bridges.begin(), used.bridges.end());
  parts.joins.insert(parts.joins.end(), used.joins.begin(), used.joins.end());
  order_joins(parts);
  RH_TRY(read_dimensions(yaml.at("dimensions"), used, parts));
  parts.dimensions.insert(parts.dimensions.end(), used.dimensions.begin(), used.dimensions.end());
  RH_TRY(read_hierarchies(yaml.at("hierarchies"), used, parts));
  parts.hierarchies.insert(parts.hierarchies.end(), used.hierarchies.begin(), used.hierarchies.end());
  RH_TRY(read_statements(yaml.at("statements"), used, parts));
  parts.statements.insert(parts.statements.end(), used.statements.begin(), used.statements.end());
  return parts;
}

Result<> add_parts(const Yaml& where, const Parts& others, Parts& parts) {
  for (const auto& join : others.joins)
    if (const Bridge* other = parts.bridge(join.name))
      return fail(comes_twice(where, "join", join.name, other->place, join.place));
  for (const auto& bridge : others.bridges)
    if (const Join* other = parts.join(bridge.name))
      return fail(comes_twice(where, "bridge", bridge.name, other->place, bridge.place));
  RH_TRY(append(where, "join", others.joins, parts.joins));
  RH_TRY(append(where, "bridge", others.bridges, parts.bridges));
  RH_TRY(append(where, "dimension", others.dimensions, parts.dimensions));
  RH_TRY(append(where, "hierarchy", others.hierarchies, parts.hierarchies));
  return append(where, "statement", others.statements, parts.statements);
}

Result<Parts> pick_parts(const Yaml& names, const std::string& file, const Parts& all) {
  Parts picked = all;
  picked.dimensions.clear();
  picked.hierarchies.clear();
  for (const auto& item : names.items()) {
    RH_ASSIGN(const std::string name, item.text());
    const Dimension* dimension = all.dimension(name);
    if (dimension == nullptr)
      return fail(item.error(fmt::format("{} has no dimension '{}'", file, name),
                             did_you_mean(name, names_of(all.dimensions))));
    if (picked.dimension(name) != nullptr)
      return fail(item.error(fmt::format("dimension '{}' is listed twice", name), "Remove one of the two."));
    picked.dimensions.push_back(*dimension);
  }
  return picked;
}

}  // namespace reelhouse::metric
