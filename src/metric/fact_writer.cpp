#include <algorithm>

#include "metric/joins.hpp"
#include "metric/statement_writer.hpp"

namespace reelhouse::metric {
namespace {

using engine::quote_name;

bool is_bridged(const Axis& axis) {
  return axis.dimension != nullptr && !axis.dimension->bridge.empty();
}

std::string folded(const std::string& bridge) {
  return quote_name("by_" + bridge);
}

class FactWriter final : public StatementWriter {
 public:
  FactWriter(const Resolved& query, const Shape& shape) : StatementWriter(query, shape) {
    if (shape_.overlapping) return;
    for (const auto& bridge : bridges())
      weight_ += (weight_.empty() ? "" : " * ") + fmt::format("coalesce({}.weight, 1)", folded(bridge));
  }

 private:
  std::string time() const override { return fmt::format("cast({} as date)", view_.time->sql); }

  std::string column_of(const Dimension& dimension) const override {
    if (dimension.bridge.empty()) return dimension.sql;
    return folded(dimension.bridge) + "." + quote_name(dimension.name);
  }

  std::string sort_of(const Dimension& dimension) const override {
    if (dimension.bridge.empty()) return dimension.sort;
    return folded(dimension.bridge) + "." + quote_name(dimension.name + "__sort");
  }

  /// Over a bridge the members are folded, the top among them, before they are joined.
  std::string axis_of(size_t i, const Dimension& dimension) override {
    if (dimension.bridge.empty()) return StatementWriter::axis_of(i, dimension);
    return column_of(dimension);
  }

  std::string is_other(const Dimension& dimension) override {
    if (dimension.bridge.empty()) return StatementWriter::is_other(dimension);
    return fmt::format("coalesce({}.is_other, {})", folded(dimension.bridge), !has_null(shape_.top));
  }

  std::string rows_of_view() const override { return view_.where.empty() ? "" : "(" + view_.where + ")"; }
  std::string rows_of(const Measure& measure) const override {
    return measure.where.empty() ? "" : "(" + measure.where + ")";
  }

  std::string test_of(const Dimension& dimension, const Filter& filter) override {
    if (dimension.bridge.empty()) return test(dimension.sql, filter);
    return bridge_test(dimension, filter);
  }

  std::string value_of(const Measure& measure) override {
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

  std::string from() override {
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

  /// The bridges that axes are reached over, each once.
  std::vector<std::string> bridges() const {
    std::vector<std::string> found;
    for (const auto& asked : query_.axes)
      if (is_bridged(asked) && std::ranges::find(found, asked.dimension->bridge) == found.end())
        found.push_back(asked.dimension->bridge);
    return found;
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

  /// Picks whole rows of the fact by their members over a bridge. A row without any has the unknown one.
  std::string bridge_test(const Dimension& dimension, Filter filter) {
    const Bridge& bridge = *view_.bridge(dimension.bridge);
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

  std::string
      weight_;  ///< bridged axes by weight: the product of their bridges' weights, in which a row counts
};

}  // namespace

Statement write_over_fact(const Resolved& query, const Shape& shape) {
  return FactWriter(query, shape).write();
}

}  // namespace reelhouse::metric
