#include <algorithm>
#include <set>

#include "app/answers.hpp"
#include "base/near_miss.hpp"

namespace reelhouse::app {
namespace {

using metric::Measure;
using metric::View;
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

}  // namespace

Result<Json> lineage_of(const Settings& settings, const metric::Definitions& definitions,
                        const std::map<std::string, std::string>& parameters) {
  const auto parameter = [&](const char* name) {
    const auto found = parameters.find(name);
    return found == parameters.end() ? std::string() : found->second;
  };
  const std::string name = parameter("measure");
  const std::string column = parameter("column");
  if (name.empty() == column.empty())
    return fail(ErrorKind::kUsage, "lineage is asked for one measure or one column",
                "/api/lineage?measure=NAME or /api/lineage?column=TABLE.COLUMN");
  const View* view = name.empty() ? nullptr : definitions.view_of(name);
  if (!name.empty() && view == nullptr)
    return fail(ErrorKind::kUsage, fmt::format("there is no measure '{}'", name.substr(0, 100)),
                did_you_mean(name, definitions.measure_names()));

  RH_ASSIGN(const auto tables, known_tables(settings));
  std::vector<Error> problems;
  const model::Project project = model::load_project(settings.project, problems);
  RH_ASSIGN(const auto binding, model::Binding::bind(project, tables, problems));
  model::Lineage lineage(binding, tables);
  Json answer = Json::object();
  std::vector<Place> places;
  if (view != nullptr) {
    MeasureColumns columns(*view, binding);
    std::string sql = fmt::format("select {} from {}", columns.add(*view->measure(name)), view->fact);
    if (!view->where.empty()) sql += " where " + view->where;
    columns.add_columns(view->where);
    places = columns.places();
    answer = {{"measure", name}, {"view", view->name}, {"fact", view->fact}, {"sql", sql}};
  } else {
    RH_ASSIGN(const Place place, lineage.find(column));
    places.push_back(place);
    answer = {{"column", place.text()}};
  }
  Json names = Json::array();
  Json trees = Json::array();
  for (const auto& place : places) {
    names.push_back(place.text());
    trees.push_back(to_json(rows_of(lineage.upstream(place), false)));
  }
  answer["places"] = std::move(names);
  answer["columns"] = std::move(trees);
  return answer;
}

}  // namespace reelhouse::app
