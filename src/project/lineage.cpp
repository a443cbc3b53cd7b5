#include "project/lineage.hpp"

#include <algorithm>

#include "base/near_miss.hpp"
#include "project/rows.hpp"

namespace reelhouse::project {
namespace {

using engine::Cell;
using metric::Measure;
using metric::View;
using model::LineageNode;
using model::Place;

/// Splits an expression into names, dotted names as one; texts in quotes are left out.
std::vector<std::string> names_in(const std::string& sql) {
  std::vector<std::string> names;
  std::string word;
  bool quoted = false;
  for (const char letter : sql + " ") {
    if (letter == '\'') quoted = !quoted;
    const bool is_part =
        std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '_' || letter == '.';
    if (!quoted && is_part) {
      word += letter;
      continue;
    }
    if (!word.empty() && std::isdigit(static_cast<unsigned char>(word[0])) == 0) names.push_back(word);
    word.clear();
  }
  return names;
}

/// Finds the columns that a measure is made of, and writes it as SQL.
class MeasureColumns {
 public:
  MeasureColumns(const View& view, const model::Binding& binding) : view_(view), binding_(binding) {}

  std::string add(const Measure& measure) {
    if (measure.kind == Measure::Kind::kRatio) {
      const Measure* above = view_.measure(measure.numerator);
      const Measure* below = view_.measure(measure.denominator);
      if (above == nullptr || below == nullptr) return "";
      const std::string text = "(" + add(*above) + ") / (";
      return text + add(*below) + ")";
    }
    add_columns(measure.sql);
    add_columns(measure.where);
    std::string text = aggregate(measure);
    if (!measure.where.empty()) text += " filter (where " + measure.where + ")";
    return text;
  }

  void add_columns(const std::string& sql) {
    for (const auto& name : names_in(sql)) {
      const size_t dot = name.find('.');
      const std::string table = dot == std::string::npos ? view_.fact : table_of(name.substr(0, dot));
      const std::string column = dot == std::string::npos ? name : name.substr(dot + 1);
      const auto* columns = table.empty() ? nullptr : binding_.columns(table);
      if (columns == nullptr || std::ranges::find(*columns, column, &engine::Column::name) == columns->end())
        continue;
      const Place place{table, column};
      if (std::ranges::find(places_, place) == places_.end()) places_.push_back(place);
    }
  }

  /// The columns in the order of the SQL; a count of rows rests on the whole fact.
  std::vector<Place> places() const {
    return places_.empty() ? std::vector<Place>{{view_.fact, ""}} : places_;
  }

 private:
  static std::string aggregate(const Measure& measure) {
    switch (measure.kind) {
      case Measure::Kind::kSum:
        return fmt::format("sum({})", measure.sql);
      case Measure::Kind::kCountDistinct:
        return fmt::format("count(distinct {})", measure.sql);
      case Measure::Kind::kMean:
        return fmt::format("avg({})", measure.sql);
      case Measure::Kind::kMedian:
        return fmt::format("median({})", measure.sql);
      default:
        return "count(*)";
    }
  }

  std::string table_of(const std::string& qualifier) const {
    if (qualifier == "fact" || qualifier == view_.fact) return view_.fact;
    if (const auto* join = view_.join(qualifier)) return join->table;
    if (const auto* bridge = view_.bridge(qualifier)) return bridge->table;
    return "";
  }

  const View& view_;
  const model::Binding& binding_;
  std::vector<Place> places_;
};

/// Flattens a lineage: a row an edge, and a row an object at the end of it.
void add_rows(const LineageNode& node, int64_t depth, bool downstream, engine::Rows& rows) {
  const auto add = [&](const std::string& table, const std::string& column, const std::string& kind,
                       const model::LineageObject* object) {
    rows.rows.push_back(
        {depth, node.place.table, engine::text_or_null(node.place.column), engine::text_or_null(table),
         engine::text_or_null(column), kind, object ? Cell{object->key} : Cell{},
         object ? engine::text_or_null(object->field) : Cell{}, object ? Cell{object->drop} : Cell{}});
  };
  for (const auto& input : node.inputs)
    add(input.place.table, input.place.column, model::name_of_how(input.how), nullptr);
  if (!node.repeated)
    for (const auto& origin : node.deciders)
      if (!origin.is_value()) add(origin.table, origin.column, model::name_of_how(origin.how), nullptr);
  if (!downstream && !node.repeated)
    for (const auto& object : node.objects) add("", "", "object", &object);
  for (const auto& input : node.inputs) add_rows(input, depth + 1, downstream, rows);
}

}  // namespace

engine::Rows rows_of(const LineageNode& root, bool downstream) {
  engine::Rows rows;
  const char* other = downstream ? "to_" : "from_";
  rows.columns = {{"depth", "BIGINT", true},
                  {"table", "VARCHAR"},
                  {"column", "VARCHAR"},
                  {std::string(other) + "table", "VARCHAR"},
                  {std::string(other) + "column", "VARCHAR"},
                  {"kind", "VARCHAR"},
                  {"object", "VARCHAR"},
                  {"field", "VARCHAR"},
                  {"drop", "VARCHAR"}};
  add_rows(root, 0, downstream, rows);
  return rows;
}

Result<Json> lineage_of(Project& project, const std::map<std::string, std::string>& parameters) {
  RH_ASSIGN(const auto definitions, project.definitions());
  const auto parameter = [&](const char* name) {
    const auto found = parameters.find(name);
    return found == parameters.end() ? std::string() : found->second;
  };
  const std::string name = parameter("measure");
  const std::string column = parameter("column");
  if (name.empty() == column.empty())
    return fail(ErrorKind::kUsage, "lineage is asked for one measure or one column",
                "/api/lineage?measure=NAME or /api/lineage?column=TABLE.COLUMN");
  const View* view = name.empty() ? nullptr : definitions->view_of(name);
  if (!name.empty() && view == nullptr)
    return fail(ErrorKind::kUsage, fmt::format("there is no measure '{}'", name.substr(0, 100)),
                did_you_mean(name, definitions->measure_names()));

  RH_ASSIGN(const auto bound, project.bound());
  const std::lock_guard lock(bound->mutex);
  Json answer = Json::object();
  std::vector<Place> places;
  if (view != nullptr) {
    MeasureColumns columns(*view, *bound->binding);
    std::string sql = fmt::format("select {} from {}", columns.add(*view->measure(name)), view->fact);
    if (!view->where.empty()) sql += " where " + view->where;
    columns.add_columns(view->where);
    places = columns.places();
    answer = {{"measure", name}, {"view", view->name}, {"fact", view->fact}, {"sql", sql}};
  } else {
    RH_ASSIGN(const Place place, bound->lineage->find(column));
    places.push_back(place);
    answer = {{"column", place.text()}};
  }
  Json names = Json::array();
  Json trees = Json::array();
  for (const auto& place : places) {
    names.push_back(place.text());
    trees.push_back(to_json(rows_of(bound->lineage->upstream(place), false)));
  }
  answer["places"] = std::move(names);
  answer["columns"] = std::move(trees);
  return answer;
}

}  // namespace reelhouse::project
