#include "metric/definition.hpp"

#include <algorithm>
#include <array>

#include "base/yaml.hpp"
#include "metric/shared.hpp"

namespace reelhouse::metric {
namespace {

constexpr std::array<const char*, 5> kGrains = {"day", "week", "month", "quarter", "year"};
const std::vector<std::string> kFormats = {"number", "money", "percent", "rating", "hours", "days", "years"};
/// Returns a SELECT that a key holds, or the one that it names; "" where it says nothing.
Result<std::string> statement_at(const Yaml& yaml, const Parts& parts) {
  RH_ASSIGN(std::string sql, yaml.text_or(""));
  if (!is_name(sql)) return sql;
  if (const NamedStatement* found = parts.statement(sql)) return found->sql;
  Error error = unknown_name(yaml, "statement", sql, names_of(parts.statements));
  if (error.hint.empty()) error.hint = "Write a SELECT, or the name of one under `statements`.";
  return fail(std::move(error));
}

Result<> read_time(const Yaml& yaml, View& view) {
  if (yaml.empty()) return {};
  RH_TRY(yaml.only_keys({"sql", "label", "grain", "known_until"}));
  Time time;
  RH_ASSIGN(time.sql, yaml.at("sql").text());
  RH_ASSIGN(time.label, yaml.at("label").text_or("Date"));
  RH_ASSIGN(const std::string grain, yaml.at("grain").text());
  RH_ASSIGN(time.known_until, statement_at(yaml.at("known_until"), view));
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
      if (found == nullptr) {
        Error error = unknown_name(item.at("ratio"), "measure", part, names_of(view.measures));
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
                           "median", "ratio", "where", "closing", "unknown", "known_from", "needs"}));
    Measure measure;
    measure.name = name;
    RH_ASSIGN(measure.label, item.at("label").text_or(name));
    RH_ASSIGN(measure.description, item.at("description").text_or(""));
    RH_ASSIGN(measure.format, item.at("format").text_or("number"));
    RH_ASSIGN(measure.unit, item.at("unit").text_or(""));
    RH_ASSIGN(measure.where, item.at("where").text_or(""));
    RH_ASSIGN(measure.closing, item.at("closing").flag_or(false));
    RH_ASSIGN(measure.unknown, statement_at(item.at("unknown"), view));
    RH_ASSIGN(measure.known_from, statement_at(item.at("known_from"), view));
    if (!measure.known_from.empty() && !view.time)
      return fail(item.at("known_from").error("known_from needs dates", "Declare `time` in this view."));
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

Result<> read_cube(const Yaml& yaml, View& view) {
  if (yaml.empty()) return {};
  std::vector<std::string> known;
  for (const auto& dimension : view.dimensions)
    if (dimension.bridge.empty()) known.push_back(dimension.name);
  if (yaml.is_scalar() && yaml.dump() == "all") {
    view.cube = Cube{std::move(known)};
    return {};
  }
  RH_ASSIGN(auto names, yaml.texts());
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

Result<View> read_view(const Yaml& yaml, const SharedParts& shared) {
  std::vector<std::string> keys = {"view", "label", "description", "fact", "where",
                                   "note", "time",  "measures",    "cube"};
  keys.insert(keys.end(), kPartKeys.begin(), kPartKeys.end());
  RH_TRY(yaml.only_keys(keys));
  View view;
  view.file = yaml.where();
  RH_ASSIGN(view.name, yaml.at("view").text());
  RH_ASSIGN(view.label, yaml.at("label").text_or(view.name));
  RH_ASSIGN(view.description, yaml.at("description").text_or(""));
  RH_ASSIGN(view.fact, yaml.at("fact").text());
  RH_ASSIGN(view.where, yaml.at("where").text_or(""));
  RH_ASSIGN(const Parts used, shared.used_by(yaml.at("uses")));
  RH_ASSIGN(static_cast<Parts&>(view), read_parts(yaml, used));
  RH_ASSIGN(view.note, statement_at(yaml.at("note"), view));
  RH_TRY(read_time(yaml.at("time"), view));
  RH_TRY(read_measures(yaml.at("measures"), view));
  if (view.measures.empty()) return fail(yaml.error("the view measures nothing", "Write `measures:`."));
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

const Measure* View::measure(const std::string& wanted) const {
  const auto found = std::ranges::find(measures, wanted, &Measure::name);
  return found == measures.end() ? nullptr : &*found;
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
  RH_ASSIGN(const SharedParts shared, SharedParts::load(folder / "shared"));
  RH_ASSIGN(const auto files, yaml_files(folder, "listing metric views"));
  for (const auto& file : files) {
    RH_ASSIGN(const Yaml yaml, Yaml::load(file));
    RH_ASSIGN(View view, read_view(yaml, shared));
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
