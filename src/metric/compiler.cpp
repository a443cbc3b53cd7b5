#include "metric/compiler.hpp"

#include <algorithm>
#include <set>

#include "metric/cube.hpp"
#include "metric/joins.hpp"

namespace reelhouse::metric {
namespace {

using engine::quote_name;

/// The measures whose own expressions a statement computes: a ratio's parts stand for it.
std::vector<const Measure*> parts_of(const View& view, const Measure& measure) {
  if (measure.kind != Measure::Kind::kRatio) return {&measure};
  return {view.measure(measure.numerator), view.measure(measure.denominator)};
}

class Writer {
 public:
  Writer(const Resolved& query, const Shape& shape) : query_(query), view_(*query.view), shape_(shape) {}

  Statement write() {
    find_weights();
    std::string columns;
    std::vector<std::string> groups;
    std::string sorts;
    if (!shape_.total)
      for (size_t i = 0; i < query_.axes.size(); ++i) {
        const std::string name = quote_name(query_.axes[i].name);
        columns += fmt::format("  {} as {},\n", axis(i), name);
        groups.push_back(std::to_string(groups.size() + 1));
        sorts += fmt::format(",\n  {} as {}", axis_sort(i), quote_name(query_.axes[i].name + "__sort"));
      }
    if (shape_.other && !shape_.total) {
      columns += fmt::format("  {} as is_other,\n", is_other());
      groups.push_back(std::to_string(groups.size() + 1));
    }
    std::string measures;
    for (const Measure* measure : shape_.measures)
      measures += fmt::format("{}  {} as {}", measures.empty() ? "" : ",\n", value(*measure),
                              quote_name(measure->name));
    std::string sql = "select\n" + columns + measures + sorts + "\nfrom " + from();
    const std::string where = fmt::format("{}", fmt::join(conditions(), "\n  and "));
    if (!where.empty()) sql += "\nwhere " + where;
    if (!groups.empty()) sql += fmt::format("\ngroup by {}", fmt::join(groups, ", "));
    if (!shape_.total) sql += order();
    if (shape_.limit > 0) sql += fmt::format("\nlimit {}", shape_.limit);
    return {std::move(sql), std::move(values_)};
  }

 private:
  std::string bind(engine::Cell cell) {
    values_.push_back(std::move(cell));
    return fmt::format("${}", values_.size());
  }
  std::string bind(Day day) { return fmt::format("cast({} as date)", bind(engine::Cell{text_of(day)})); }
  std::string bind_list(const std::vector<engine::Cell>& cells) {
    std::string list;
    for (const auto& cell : cells)
      if (!std::holds_alternative<std::monostate>(cell)) list += (list.empty() ? "" : ", ") + bind(cell);
    return list;
  }

  std::string time() const {
    return shape_.cube ? "fact.\"date\"" : fmt::format("cast({} as date)", view_.time->sql);
  }
  std::string member(const Dimension& dimension) const {
    return shape_.cube ? "fact." + quote_name(dimension.name) : dimension.sql;
  }
  static std::string folded(const std::string& bridge) { return quote_name("by_" + bridge); }
  static std::string folded(const Dimension& dimension) {
    return folded(dimension.bridge) + "." + quote_name(dimension.name);
  }
  static std::string folded_sort(const Dimension& dimension) {
    return folded(dimension.bridge) + "." + quote_name(dimension.name + "__sort");
  }

  bool is_bridged(const Axis& axis) const {
    return axis.dimension != nullptr && !axis.dimension->bridge.empty();
  }

  static bool has_null(const std::vector<engine::Cell>& cells) {
    return std::ranges::any_of(cells,
                               [](const auto& cell) { return std::holds_alternative<std::monostate>(cell); });
  }

  /// The condition that a member stands for itself among the top.
  std::string in_top(const std::string& expression) {
    const std::string list = bind_list(shape_.top);
    std::string sql = list.empty() ? "false" : fmt::format("coalesce({} in ({}), false)", expression, list);
    if (has_null(shape_.top)) sql = fmt::format("({} or {} is null)", sql, expression);
    return sql;
  }

  std::string topped(size_t i, const std::string& expression) {
    if (shape_.top_axis != i || !shape_.other) return expression;
    return fmt::format("case when {} then {} end", in_top(expression), expression);
  }

  std::string axis(size_t i) {
    const Axis& asked = query_.axes[i];
    if (asked.dimension == nullptr) {
      if (asked.grain == view_.time->grain) return time();
      return fmt::format("cast(date_trunc('{}', {}) as date)", name_of(asked.grain), time());
    }
    if (is_bridged(asked)) return folded(*asked.dimension);
    return topped(i, member(*asked.dimension));
  }

  std::string axis_sort(size_t i) {
    const Axis& asked = query_.axes[i];
    if (asked.dimension == nullptr) return "null";
    if (asked.dimension->sort.empty()) return "null";
    if (is_bridged(asked)) return fmt::format("min({})", folded_sort(*asked.dimension));
    if (shape_.cube) return fmt::format("min(fact.{})", quote_name(asked.dimension->name + "__sort"));
    return fmt::format("min({})", asked.dimension->sort);
  }

  std::string is_other() {
    const Axis& asked = query_.axes[*shape_.top_axis];
    if (is_bridged(asked))
      return fmt::format("coalesce({}.is_other, {})", folded(asked.dimension->bridge), !has_null(shape_.top));
    return "not " + in_top(member(*asked.dimension));
  }

  /// The bridges that axes are reached over, each once.
  std::vector<std::string> bridges() const {
    std::vector<std::string> found;
    for (const auto& asked : query_.axes)
      if (is_bridged(asked) && std::ranges::find(found, asked.dimension->bridge) == found.end())
        found.push_back(asked.dimension->bridge);
    return found;
  }

  /// Bridged axes by weight: the product of their bridges' weights, in which a row counts.
  void find_weights() {
    if (shape_.overlapping || shape_.cube) return;
    for (const auto& bridge : bridges())
      weight_ += (weight_.empty() ? "" : " * ") + fmt::format("coalesce({}.weight, 1)", folded(bridge));
  }

  bool all_closing() const {
    return std::ranges::all_of(shape_.measures, [](const Measure* measure) { return measure->closing; });
  }

  std::string in_closing() {
    std::string list;
    for (const Day day : shape_.closing) list += (list.empty() ? "" : ", ") + bind(day);
    return fmt::format("{} in ({})", time(), list);
  }

  std::string filter_of(const Measure& measure) {
    std::vector<std::string> parts;
    if (!measure.where.empty() && !shape_.cube) parts.push_back("(" + measure.where + ")");
    if (measure.closing && !shape_.closing.empty() && !all_closing()) parts.push_back(in_closing());
    if (parts.empty()) return "";
    return fmt::format(" filter (where {})", fmt::join(parts, " and "));
  }

  std::string cube_value(const Measure& measure) {
    const std::string filter = filter_of(measure);
    const auto column = [&](const std::string& suffix) {
      const bool fractions = measure.sum_type.decimals > 0 || suffix == "__sum";
      return fmt::format("{}(fact.{}){}", fractions ? "fsum" : "sum", quote_name(measure.name + suffix),
                         filter);
    };
    if (measure.kind == Measure::Kind::kMean)
      return tidy_ratio(fmt::format("{} / nullif({}, 0)", column("__sum"), column("__count")));
    const std::string sum = none_is_zero(measure, column(""));
    return measure.sum_type.decimals > 0 ? rounded(sum, measure.sum_type.decimals) : sum;
  }

  /// A count of nothing is 0, and so is a sum over rows none of which was meant; a sum of unknown values
  /// stays unknown.
  static std::string none_is_zero(const Measure& measure, const std::string& sum) {
    if (measure.kind != Measure::Kind::kCount && measure.where.empty()) return sum;
    return fmt::format("coalesce({}, 0)", sum);
  }

  /// Takes off what adding up thirds leaves behind (fsum, which carries the error along, leaves almost
  /// nothing); a ratio is made of sums that keep it.
  std::string rounded(const std::string& sum, int decimals = 6) const {
    return in_ratio_ ? sum : fmt::format("round({}, {})", sum, decimals);
  }
  /// The same for what is divided: its last digits depend on the order in which rows were added up.
  static std::string tidy_ratio(const std::string& ratio) { return fmt::format("round({}, 12)", ratio); }

  std::string plain_value(const Measure& measure) {
    const std::string filter = filter_of(measure);
    switch (measure.kind) {
      case Measure::Kind::kSum: {
        const bool weighted = !weight_.empty();
        const std::string one = weighted ? fmt::format("({}) * {}", measure.sql, weight_) : measure.sql;
        const bool fractions = weighted || measure.sum_type.is_floating;
        const std::string sum =
            none_is_zero(measure, fmt::format("{}({}){}", fractions ? "fsum" : "sum", one, filter));
        return fractions ? rounded(sum) : sum;
      }
      case Measure::Kind::kCount:
        if (!weight_.empty())
          return rounded(none_is_zero(measure, fmt::format("fsum({}){}", weight_, filter)));
        return "count(*)" + filter;
      case Measure::Kind::kMean:
        if (!weight_.empty())
          return tidy_ratio(fmt::format(
              "fsum(({0}) * {1}){2} / nullif(fsum(case when ({0}) is not null then {1} end){2}, 0)",
              measure.sql, weight_, filter));
        return tidy_ratio(fmt::format("favg({}){}", measure.sql, filter));
      case Measure::Kind::kMedian:
        return fmt::format("median({}){}", measure.sql, filter);
      case Measure::Kind::kCountDistinct:
        return fmt::format("count(distinct {}){}", measure.sql, filter);
      case Measure::Kind::kRatio:
        break;
    }
    return "null";
  }

  std::string value(const Measure& measure) {
    if (measure.kind != Measure::Kind::kRatio)
      return shape_.cube ? cube_value(measure) : plain_value(measure);
    in_ratio_ = true;
    const std::string numerator = value(*view_.measure(measure.numerator));
    const std::string denominator = value(*view_.measure(measure.denominator));
    in_ratio_ = false;
    return tidy_ratio(fmt::format("cast({} as double) / nullif({}, 0)", numerator, denominator));
  }

  /// What a bridge's tables hold of one dimension, ready for a where clause of its own.
  std::string bridge_tables(const Dimension& dimension) const {
    const Bridge& bridge = *view_.bridge(dimension.bridge);
    return quote_name(bridge.table) + " as " + quote_name(bridge.name) +
           joins(dimension.joins, bridge.name, "    ");
  }

  /// Picks a bridge's own rows: those that any of the filters over it is about.
  std::string bridge_condition(const Bridge& bridge) {
    std::vector<std::string> any;
    for (const auto& condition : query_.conditions)
      if (condition.dimension->bridge == bridge.name && condition.filter.kind != Filter::Kind::kNotIn)
        any.push_back(test(condition.dimension->sql, condition.filter));
    std::vector<std::string> all;
    if (!bridge.where.empty()) all.push_back("(" + bridge.where + ")");
    if (!any.empty()) all.push_back(fmt::format("({})", fmt::join(any, " or ")));
    return fmt::format("{}", fmt::join(all, " and "));
  }

  /// What the axes and filters over a bridge read besides the bridge itself.
  std::vector<std::string> joins_of(const Bridge& bridge) const {
    std::vector<std::string> names;
    for (const auto& asked : query_.axes)
      if (is_bridged(asked) && asked.dimension->bridge == bridge.name)
        names.insert(names.end(), asked.dimension->joins.begin(), asked.dimension->joins.end());
    for (const auto& condition : query_.conditions)
      if (condition.dimension->bridge == bridge.name)
        names.insert(names.end(), condition.dimension->joins.begin(), condition.dimension->joins.end());
    return names;
  }

  /// Joins a bridge, folded to a row for a row of the fact and the members of all axes over it.
  std::string fold(const Bridge& bridge) {
    const std::string name = quote_name(bridge.name);
    std::string sql = fmt::format("\nleft join (\n  select {}.{} as key", name, quote_name(bridge.key));
    size_t groups = 1;
    std::string sorts;
    for (size_t i = 0; i < query_.axes.size() && !shape_.total; ++i) {
      const Axis& asked = query_.axes[i];
      if (!is_bridged(asked) || asked.dimension->bridge != bridge.name) continue;
      const Dimension& dimension = *asked.dimension;
      sql += fmt::format(", {} as {}", topped(i, dimension.sql), quote_name(dimension.name));
      ++groups;
      if (shape_.top_axis == i && shape_.other) {
        sql += fmt::format(", not {} as is_other", in_top(dimension.sql));
        ++groups;
      }
      if (!dimension.sort.empty())
        sorts += fmt::format(", min({}) as {}", dimension.sort, quote_name(dimension.name + "__sort"));
    }
    sql += fmt::format("{}, fsum({}.{}) as weight\n  from {} as {}{}", sorts, name, quote_name(bridge.weight),
                       quote_name(bridge.table), name, joins(joins_of(bridge), bridge.name, "    "));
    if (const auto where = bridge_condition(bridge); !where.empty()) sql += "\n  where " + where;
    sql += "\n  group by 1";
    for (size_t group = 2; group <= groups; ++group) sql += fmt::format(", {}", group);
    return sql +
           fmt::format("\n) as {0} on {0}.key = fact.{1}", folded(bridge.name), quote_name(bridge.column));
  }

  /// Writes left joins in the view's order; `base` is what they begin at: the fact, or a bridge.
  std::string joins(const std::vector<std::string>& wanted, const std::string& base,
                    const std::string& indent) const {
    std::string sql;
    for (const auto& join : view_.joins) {
      if (std::ranges::find(wanted, join.name) == wanted.end()) continue;
      sql += "\n" + indent + left_join(join, base);
    }
    return sql;
  }

  bool uses_time() const {
    return (query_.time_axis() && !shape_.total) || shape_.dates.from || shape_.dates.to ||
           !shape_.closing.empty();
  }

  std::string from() {
    if (shape_.cube) return (shape_.table.empty() ? cube_name(view_) : shape_.table) + " as fact";
    std::vector<std::string> wanted;
    const auto add = [&](const std::vector<std::string>& names) {
      wanted.insert(wanted.end(), names.begin(), names.end());
    };
    if (!shape_.total)
      for (const auto& asked : query_.axes)
        if (asked.dimension != nullptr && asked.dimension->bridge.empty()) add(asked.dimension->joins);
    for (const auto& condition : query_.conditions)
      if (condition.dimension->bridge.empty()) add(condition.dimension->joins);
    for (const Measure* measure : shape_.measures)
      for (const Measure* part : parts_of(view_, *measure)) add(part->joins);
    if (view_.time && uses_time()) add(view_.time->joins);
    std::string sql = quote_name(view_.fact) + " as fact" + joins(wanted, "fact", "");
    if (!(shape_.total && shape_.overlapping))
      for (const auto& bridge : bridges()) sql += fold(*view_.bridge(bridge));
    return sql;
  }

  std::string plain_test(const Condition& condition) {
    if (shape_.cube) return cube_test(*condition.dimension, condition.filter);
    return test(member(*condition.dimension), condition.filter);
  }

  /// Tests a member in the cube. Texts are enumerations there: comparing their numbers takes a third of the
  /// time that comparing words does. A word that is no member becomes null, which equals nothing.
  std::string cube_test(const Dimension& dimension, const Filter& filter) {
    const bool listed = filter.kind == Filter::Kind::kIn || filter.kind == Filter::Kind::kNotIn;
    if (dimension.type != "text" || !listed) return test(member(dimension), filter);
    std::string list;
    for (const auto& cell : filter.values)
      if (!std::holds_alternative<std::monostate>(cell))
        list += fmt::format("{}try_cast({} as {})", list.empty() ? "" : ", ", bind(cell),
                            member_type(view_, dimension));
    std::string sql =
        list.empty() ? "false" : fmt::format("coalesce({} in ({}), false)", member(dimension), list);
    if (has_null(filter.values)) sql = fmt::format("({} or {} is null)", sql, member(dimension));
    return filter.kind == Filter::Kind::kIn ? sql : fmt::format("not {}", sql);
  }

  std::string test(const std::string& expression, const Filter& filter) {
    const bool null = has_null(filter.values);
    switch (filter.kind) {
      case Filter::Kind::kIn: {
        const std::string list = bind_list(filter.values);
        if (list.empty()) return null ? fmt::format("({}) is null", expression) : "false";
        if (null) return fmt::format("(({0}) in ({1}) or ({0}) is null)", expression, list);
        return fmt::format("({}) in ({})", expression, list);
      }
      case Filter::Kind::kNotIn: {
        const std::string list = bind_list(filter.values);
        if (list.empty()) return null ? fmt::format("({}) is not null", expression) : "true";
        if (null) return fmt::format("({}) not in ({})", expression, list);
        return fmt::format("(({0}) not in ({1}) or ({0}) is null)", expression, list);
      }
      case Filter::Kind::kRange: {
        std::string sql;
        if (!std::holds_alternative<std::monostate>(filter.from))
          sql = fmt::format("({}) >= {}", expression, bind(filter.from));
        if (!std::holds_alternative<std::monostate>(filter.to))
          sql += fmt::format("{}({}) <= {}", sql.empty() ? "" : " and ", expression, bind(filter.to));
        return sql.empty() ? "true" : sql;
      }
      case Filter::Kind::kSearch:
        return fmt::format("contains(lower(strip_accents(cast(({}) as varchar))), lower(strip_accents({})))",
                           expression, bind(filter.values.front()));
    }
    return "true";
  }

  /// Picks whole rows of the fact by their members over a bridge. A row without any has the unknown one.
  std::string bridge_test(const Condition& condition) {
    const Dimension& dimension = *condition.dimension;
    const Bridge& bridge = *view_.bridge(dimension.bridge);
    Filter filter = condition.filter;
    const bool without = filter.kind == Filter::Kind::kNotIn;
    if (without) filter.kind = Filter::Kind::kIn;
    const auto keys = [&](const std::string& where) {
      return fmt::format("select {}.{} from {}{}", quote_name(bridge.name), quote_name(bridge.key),
                         bridge_tables(dimension), where.empty() ? "" : "\n    where " + where);
    };
    const std::string own = bridge.where.empty() ? "" : "(" + bridge.where + ")";
    std::string sql = fmt::format("fact.{} in (\n    {})", quote_name(bridge.column),
                                  keys((own.empty() ? "" : own + " and ") + test(dimension.sql, filter)));
    if (filter.kind == Filter::Kind::kIn && has_null(filter.values))
      sql = fmt::format("({}\n  or fact.{} not in (\n    {}))", sql, quote_name(bridge.column), keys(own));
    return without ? fmt::format("not ({})", sql) : sql;
  }

  std::vector<std::string> conditions() {
    std::vector<std::string> found;
    if (!view_.where.empty() && !shape_.cube) found.push_back("(" + view_.where + ")");
    if (shape_.dates.from) found.push_back(fmt::format("{} >= {}", time(), bind(*shape_.dates.from)));
    if (shape_.dates.to) found.push_back(fmt::format("{} <= {}", time(), bind(*shape_.dates.to)));
    if (!shape_.closing.empty() && all_closing()) found.push_back(in_closing());
    for (const auto& condition : query_.conditions)
      found.push_back(condition.dimension->bridge.empty() ? plain_test(condition) : bridge_test(condition));
    if (shape_.top_axis && !shape_.other && !shape_.total) {
      const Dimension& dimension = *query_.axes[*shape_.top_axis].dimension;
      found.push_back(in_top(dimension.bridge.empty() ? member(dimension) : folded(dimension)));
    }
    return found;
  }

  std::string order() {
    std::vector<std::string> by;
    std::set<std::string> named;
    const auto add_axis = [&](const Axis& asked, bool descending) {
      named.insert(asked.name);
      const char* way = descending ? " desc nulls last" : " nulls last";
      if (asked.dimension != nullptr && !asked.dimension->sort.empty())
        by.push_back(quote_name(asked.name + "__sort") + way);
      by.push_back(quote_name(asked.name) + way);
    };
    if (shape_.other) by.emplace_back("is_other");
    for (const auto& sort : shape_.sort) {
      const auto asked = std::ranges::find(query_.axes, sort.by, &Axis::name);
      if (asked != query_.axes.end()) {
        add_axis(*asked, sort.descending);
      } else if (std::ranges::any_of(shape_.measures, [&](const Measure* m) { return m->name == sort.by; })) {
        by.push_back(quote_name(sort.by) + (sort.descending ? " desc nulls last" : " nulls last"));
      }
    }
    if (shape_.sort.empty()) {
      if (const auto time_axis = query_.time_axis()) add_axis(query_.axes[*time_axis], false);
      for (const auto& asked : query_.axes)
        if (asked.dimension != nullptr && !asked.dimension->sort.empty()) add_axis(asked, false);
      if (!shape_.measures.empty())
        by.push_back(quote_name(shape_.measures.front()->name) + " desc nulls last");
    }
    for (const auto& asked : query_.axes)
      if (named.insert(asked.name).second) by.push_back(quote_name(asked.name) + " nulls last");
    return by.empty() ? "" : fmt::format("\norder by {}", fmt::join(by, ", "));
  }

  const Resolved& query_;
  const View& view_;
  const Shape& shape_;
  std::vector<engine::Cell> values_;
  std::string weight_;
  bool in_ratio_ = false;
};

}  // namespace

bool fits_cube(const Resolved& query, const std::vector<const Measure*>& measures) {
  const View& view = *query.view;
  if (!view.cube) return false;
  const auto holds = [&](const Dimension* dimension) {
    return dimension == nullptr ||
           std::ranges::find(view.cube->dimensions, dimension->name) != view.cube->dimensions.end();
  };
  for (const auto& axis : query.axes)
    if (!holds(axis.dimension)) return false;
  for (const auto& condition : query.conditions)
    if (!holds(condition.dimension)) return false;
  for (const Measure* measure : measures)
    for (const Measure* part : parts_of(view, *measure))
      if (part->kind != Measure::Kind::kSum && part->kind != Measure::Kind::kCount &&
          part->kind != Measure::Kind::kMean)
        return false;
  return true;
}

Statement compile(const Resolved& query, const Shape& shape) {
  return Writer(query, shape).write();
}

std::string periods_statement(const View& view, bool cube) {
  if (cube)
    return fmt::format("select distinct \"date\" from {} where \"date\" is not null order by 1",
                       cube_name(view));
  std::string sql = fmt::format("select distinct cast({} as date) as \"date\"\nfrom {} as fact",
                                view.time->sql, quote_name(view.fact));
  for (const auto& join : view.joins)
    if (std::ranges::find(view.time->joins, join.name) != view.time->joins.end())
      sql += "\n" + left_join(join);
  sql += fmt::format("\nwhere cast({} as date) is not null", view.time->sql);
  if (!view.where.empty()) sql += fmt::format(" and ({})", view.where);
  return sql + "\norder by 1";
}

}  // namespace reelhouse::metric
