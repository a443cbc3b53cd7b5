#include "metric/definition.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "base/files.hpp"
#include "base/near_miss.hpp"
#include "base/yaml.hpp"

namespace reelhouse::metric {
namespace {

constexpr std::array<const char*, 5> kGrains = {"day", "week", "month", "quarter", "year"};
const std::vector<std::string> kFormats = {"number", "money", "percent", "rating", "hours", "days", "years"};
const std::vector<std::string> kTypes = {"text", "number", "flag"};

template <typename T>
const T* named(const std::vector<T>& things, const std::string& wanted) {
  const auto found = std::ranges::find(things, wanted, &T::name);
  return found == things.end() ? nullptr : &*found;
}

Error unknown_name(const Yaml& yaml, const std::string& what, const std::string& name,
                   const std::vector<std::string>& known) {
  return yaml.error(fmt::format("{} '{}' is not known", what, name), did_you_mean(name, known));
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
void add_join(const View& view, const Join& join, std::vector<std::string>& joins) {
  if (std::ranges::find(joins, join.name) != joins.end()) return;
  if (const Join* before = view.join(join.from)) add_join(view, *before, joins);
  joins.push_back(join.name);
}

/// Finds the joins, and the bridge at their beginning, that expressions read.
struct Reached {
  std::vector<std::string> joins;
  std::string bridge;
};
Result<Reached> reached_by(const View& view, const Yaml& yaml, const std::vector<std::string>& expressions) {
  Reached reached;
  std::vector<std::string> known = {"fact"};
  for (const auto& join : view.joins) known.push_back(join.name);
  for (const auto& bridge : view.bridges) known.push_back(bridge.name);
  for (const auto& sql : expressions)
    for (const auto& name : qualifiers_of(sql)) {
      if (name == "fact") continue;
      if (view.bridge(name) != nullptr) {
        reached.bridge = name;
        continue;
      }
      const Join* join = view.join(name);
      if (join == nullptr) return fail(unknown_name(yaml, "join", name, known));
      add_join(view, *join, reached.joins);
    }
  for (const auto& name : reached.joins)
    if (const Bridge* bridge = view.bridge(view.join(name)->from)) {
      if (!reached.bridge.empty() && reached.bridge != bridge->name)
        return fail(yaml.error(fmt::format("reads two bridges, {} and {}", reached.bridge, bridge->name),
                               "A dimension can be reached over one bridge."));
      reached.bridge = bridge->name;
    }
  return reached;
}

Result<> read_joins(const Yaml& yaml, View& view) {
  for (const auto& name : yaml.keys()) {
    const Yaml item = yaml.at(name);
    RH_TRY(item.only_keys({"table", "column", "key", "from"}));
    Join join;
    join.name = name;
    RH_ASSIGN(join.table, item.at("table").text());
    RH_ASSIGN(join.column, item.at("column").text());
    RH_ASSIGN(join.key, item.at("key").text_or(join.column));
    RH_ASSIGN(join.from, item.at("from").text_or(""));
    if (join.from == "fact") join.from.clear();
    if (!join.from.empty() && view.join(join.from) == nullptr && view.bridge(join.from) == nullptr)
      return fail(
          item.error(fmt::format("join '{}' comes from '{}', which is not written above it", name, join.from),
                     "Name a bridge, or a join that stands above."));
    view.joins.push_back(std::move(join));
  }
  return {};
}

Result<> read_bridges(const Yaml& yaml, View& view) {
  for (const auto& name : yaml.keys()) {
    const Yaml item = yaml.at(name);
    RH_TRY(item.only_keys({"table", "column", "key", "weight", "where"}));
    Bridge bridge;
    bridge.name = name;
    RH_ASSIGN(bridge.table, item.at("table").text());
    RH_ASSIGN(bridge.column, item.at("column").text());
    RH_ASSIGN(bridge.key, item.at("key").text_or(bridge.column));
    RH_ASSIGN(bridge.weight, item.at("weight").text());
    RH_ASSIGN(bridge.where, item.at("where").text_or(""));
    view.bridges.push_back(std::move(bridge));
  }
  return {};
}

Result<> read_time(const Yaml& yaml, View& view) {
  if (yaml.empty()) return {};
  RH_TRY(yaml.only_keys({"sql", "label", "grain", "known_until"}));
  Time time;
  RH_ASSIGN(time.sql, yaml.at("sql").text());
  RH_ASSIGN(time.label, yaml.at("label").text_or("Date"));
  RH_ASSIGN(const std::string grain, yaml.at("grain").text());
  RH_ASSIGN(time.known_until, yaml.at("known_until").text_or(""));
  const auto found = grain_named(grain);
  if (!found) return fail(unknown_name(yaml.at("grain"), "grain", grain, {kGrains.begin(), kGrains.end()}));
  time.grain = *found;
  RH_ASSIGN(const Reached reached, reached_by(view, yaml, {time.sql}));
  if (!reached.bridge.empty())
    return fail(
        yaml.error("dates cannot be reached over a bridge", "Use a column of the fact or of a join."));
  time.joins = reached.joins;
  view.time = std::move(time);
  return {};
}

Result<> read_dimensions(const Yaml& yaml, View& view) {
  for (const auto& name : yaml.keys()) {
    const Yaml item = yaml.at(name);
    RH_TRY(item.only_keys({"label", "description", "type", "sql", "sort"}));
    if (name == "date" || grain_named(name))
      return fail(item.error(fmt::format("'{}' cannot name a dimension", name),
                             "It stands for the view's dates, which `time` declares."));
    Dimension dimension;
    dimension.name = name;
    RH_ASSIGN(dimension.label, item.at("label").text_or(name));
    RH_ASSIGN(dimension.description, item.at("description").text_or(""));
    RH_ASSIGN(dimension.type, item.at("type").text_or("text"));
    RH_ASSIGN(dimension.sql, item.at("sql").text());
    RH_ASSIGN(dimension.sort, item.at("sort").text_or(""));
    if (std::ranges::find(kTypes, dimension.type) == kTypes.end())
      return fail(unknown_name(item.at("type"), "type", dimension.type, kTypes));
    RH_ASSIGN(const Reached reached, reached_by(view, item, {dimension.sql, dimension.sort}));
    dimension.joins = reached.joins;
    dimension.bridge = reached.bridge;
    view.dimensions.push_back(std::move(dimension));
  }
  return {};
}

Result<> read_kind(const Yaml& item, const View& view, Measure& measure) {
  const std::vector<std::pair<std::string, Measure::Kind>> kinds = {
      {"sum", Measure::Kind::kSum},
      {"count_distinct", Measure::Kind::kCountDistinct},
      {"mean", Measure::Kind::kMean},
      {"median", Measure::Kind::kMedian}};
  int said = 0;
  for (const auto& [key, kind] : kinds) {
    if (item.at(key).empty()) continue;
    measure.kind = kind;
    RH_ASSIGN(measure.sql, item.at(key).text());
    ++said;
  }
  RH_ASSIGN(const bool count, item.at("count").flag_or(false));
  if (count) {
    measure.kind = Measure::Kind::kCount;
    ++said;
  }
  RH_ASSIGN(const auto parts, item.at("ratio").texts());
  if (!parts.empty()) {
    measure.kind = Measure::Kind::kRatio;
    ++said;
    if (parts.size() != 2)
      return fail(item.at("ratio").error("a ratio has two parts", "Write ratio: [numerator, denominator]."));
    measure.numerator = parts[0];
    measure.denominator = parts[1];
    for (const auto& part : parts) {
      const Measure* found = view.measure(part);
      std::vector<std::string> known;
      for (const auto& other : view.measures) known.push_back(other.name);
      if (found == nullptr) {
        Error error = unknown_name(item.at("ratio"), "measure", part, known);
        if (error.hint.empty()) error.hint = "A ratio's parts stand above it in the same view.";
        return fail(std::move(error));
      }
      if (found->kind == Measure::Kind::kRatio)
        return fail(item.at("ratio").error(fmt::format("'{}' is a ratio itself", part), "Name its parts."));
      measure.closing = measure.closing || found->closing;
    }
  }
  if (said != 1)
    return fail(item.error(fmt::format("measure '{}' says {}", measure.name,
                                       said == 0 ? "nothing to compute" : "two things to compute"),
                           "Write one of sum, count, count_distinct, mean, median, ratio."));
  return {};
}

Result<> read_measures(const Yaml& yaml, View& view) {
  for (const auto& name : yaml.keys()) {
    const Yaml item = yaml.at(name);
    RH_TRY(item.only_keys({"label", "description", "format", "unit", "sum", "count", "count_distinct", "mean",
                           "median", "ratio", "where", "closing", "unknown", "needs"}));
    Measure measure;
    measure.name = name;
    RH_ASSIGN(measure.label, item.at("label").text_or(name));
    RH_ASSIGN(measure.description, item.at("description").text_or(""));
    RH_ASSIGN(measure.format, item.at("format").text_or("number"));
    RH_ASSIGN(measure.unit, item.at("unit").text_or(""));
    RH_ASSIGN(measure.where, item.at("where").text_or(""));
    RH_ASSIGN(measure.closing, item.at("closing").flag_or(false));
    RH_ASSIGN(measure.unknown, item.at("unknown").text_or(""));
    RH_ASSIGN(measure.needs, item.at("needs").text_or(""));
    if (std::ranges::find(kFormats, measure.format) == kFormats.end())
      return fail(unknown_name(item.at("format"), "format", measure.format, kFormats));
    if (measure.closing && !view.time)
      return fail(item.at("closing").error("a closing measure needs dates", "Declare `time` in this view."));
    RH_TRY(read_kind(item, view, measure));
    if (measure.kind == Measure::Kind::kRatio && !measure.where.empty())
      return fail(item.at("where").error("a ratio has no rows of its own", "Put `where` at its parts."));
    RH_ASSIGN(const Reached reached, reached_by(view, item, {measure.sql, measure.where}));
    if (!reached.bridge.empty())
      return fail(item.error("a measure cannot be reached over a bridge: it would count rows twice",
                             "Measure columns of the fact, and cut them by the bridge's dimension."));
    measure.joins = reached.joins;
    view.measures.push_back(std::move(measure));
  }
  return {};
}

Result<> read_hierarchies(const Yaml& yaml, View& view) {
  std::vector<std::string> known;
  for (const auto& dimension : view.dimensions) known.push_back(dimension.name);
  for (const auto& name : yaml.keys()) {
    RH_ASSIGN(auto levels, yaml.at(name).texts());
    for (const auto& level : levels)
      if (view.dimension(level) == nullptr)
        return fail(unknown_name(yaml.at(name), "dimension", level, known));
    view.hierarchies.push_back({name, std::move(levels)});
  }
  return {};
}

Result<> read_cube(const Yaml& yaml, View& view) {
  if (yaml.empty()) return {};
  RH_ASSIGN(auto names, yaml.texts());
  std::vector<std::string> known;
  for (const auto& dimension : view.dimensions)
    if (dimension.bridge.empty()) known.push_back(dimension.name);
  for (const auto& name : names)
    if (std::ranges::find(known, name) == known.end()) {
      Error error = unknown_name(yaml, "dimension", name, known);
      if (view.dimension(name) != nullptr)
        error =
            yaml.error(fmt::format("'{}' is reached over a bridge", name), "A cube holds plain dimensions.");
      return fail(std::move(error));
    }
  view.cube = Cube{std::move(names)};
  return {};
}

Result<View> read_view(const Yaml& yaml) {
  RH_TRY(yaml.only_keys({"view", "label", "description", "fact", "where", "time", "joins", "bridges",
                         "dimensions", "measures", "hierarchies", "cube"}));
  View view;
  view.file = yaml.where();
  RH_ASSIGN(view.name, yaml.at("view").text());
  RH_ASSIGN(view.label, yaml.at("label").text_or(view.name));
  RH_ASSIGN(view.description, yaml.at("description").text_or(""));
  RH_ASSIGN(view.fact, yaml.at("fact").text());
  RH_ASSIGN(view.where, yaml.at("where").text_or(""));
  RH_TRY(read_bridges(yaml.at("bridges"), view));
  RH_TRY(read_joins(yaml.at("joins"), view));
  RH_TRY(read_time(yaml.at("time"), view));
  RH_TRY(read_dimensions(yaml.at("dimensions"), view));
  RH_TRY(read_measures(yaml.at("measures"), view));
  if (view.measures.empty()) return fail(yaml.error("the view measures nothing", "Write `measures:`."));
  RH_TRY(read_hierarchies(yaml.at("hierarchies"), view));
  RH_TRY(read_cube(yaml.at("cube"), view));
  return view;
}

}  // namespace

const char* name_of(Grain grain) {
  return kGrains[static_cast<size_t>(grain)];
}

std::optional<Grain> grain_named(const std::string& name) {
  const auto found = std::ranges::find(kGrains, name);
  if (found == kGrains.end()) return std::nullopt;
  return static_cast<Grain>(found - kGrains.begin());
}

const Dimension* View::dimension(const std::string& wanted) const {
  return named(dimensions, wanted);
}
const Measure* View::measure(const std::string& wanted) const {
  return named(measures, wanted);
}
const Join* View::join(const std::string& wanted) const {
  return named(joins, wanted);
}
const Bridge* View::bridge(const std::string& wanted) const {
  return named(bridges, wanted);
}

const View* Definitions::view_of(const std::string& measure) const {
  for (const auto& view : views)
    if (view.measure(measure) != nullptr) return &view;
  return nullptr;
}

std::vector<std::string> Definitions::measure_names() const {
  std::vector<std::string> names;
  for (const auto& view : views)
    for (const auto& measure : view.measures) names.push_back(measure.name);
  return names;
}

Result<Definitions> load_definitions(const std::filesystem::path& folder) {
  Definitions definitions;
  RH_ASSIGN(const auto files, yaml_files(folder, "listing metric views"));
  for (const auto& file : files) {
    RH_ASSIGN(const Yaml yaml, Yaml::load(file));
    RH_ASSIGN(View view, read_view(yaml));
    for (const auto& other : definitions.views)
      if (other.name == view.name)
        return fail(yaml.at("view").error(fmt::format("view '{}' is also in {}", view.name, other.file)));
    for (const auto& measure : view.measures)
      if (const View* other = definitions.view_of(measure.name))
        return fail(yaml.at("measures")
                        .at(measure.name)
                        .error(fmt::format("measure '{}' is also in view '{}'", measure.name, other->name),
                               "A measure's name is unique in a project: rename one."));
    definitions.views.push_back(std::move(view));
  }
  return definitions;
}

}  // namespace reelhouse::metric
