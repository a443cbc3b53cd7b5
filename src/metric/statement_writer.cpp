#include "metric/statement_writer.hpp"

#include <algorithm>
#include <set>

namespace reelhouse::metric {

using engine::quote_name;

std::vector<const Measure*> parts_of(const View& view, const Measure& measure) {
  if (measure.kind != Measure::Kind::kRatio) return {&measure};
  return {view.measure(measure.numerator), view.measure(measure.denominator)};
}

bool has_null(const std::vector<engine::Cell>& cells) {
  return std::ranges::any_of(cells,
                             [](const auto& cell) { return std::holds_alternative<std::monostate>(cell); });
}

Statement StatementWriter::write() {
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
    columns += fmt::format("  {} as is_other,\n", is_other(*query_.axes[*shape_.top_axis].dimension));
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

std::string StatementWriter::bind(engine::Cell cell) {
  values_.push_back(std::move(cell));
  return fmt::format("${}", values_.size());
}

std::string StatementWriter::bind(Day day) {
  return fmt::format("cast({} as date)", bind(engine::Cell{text_of(day)}));
}

std::string StatementWriter::bind_list(const std::vector<engine::Cell>& cells) {
  std::string list;
  for (const auto& cell : cells)
    if (!std::holds_alternative<std::monostate>(cell)) list += (list.empty() ? "" : ", ") + bind(cell);
  return list;
}

std::string StatementWriter::in_top(const std::string& expression) {
  const std::string list = bind_list(shape_.top);
  std::string sql = list.empty() ? "false" : fmt::format("coalesce({} in ({}), false)", expression, list);
  if (has_null(shape_.top)) sql = fmt::format("({} or {} is null)", sql, expression);
  return sql;
}

std::string StatementWriter::topped(size_t i, const std::string& expression) {
  if (shape_.top_axis != i || !shape_.other) return expression;
  return fmt::format("case when {} then {} end", in_top(expression), expression);
}

std::string StatementWriter::axis(size_t i) {
  const Axis& asked = query_.axes[i];
  if (asked.dimension != nullptr) return axis_of(i, *asked.dimension);
  if (asked.grain == view_.time->grain) return time();
  return fmt::format("cast(date_trunc('{}', {}) as date)", name_of(asked.grain), time());
}

std::string StatementWriter::axis_of(size_t i, const Dimension& dimension) {
  return topped(i, column_of(dimension));
}

std::string StatementWriter::axis_sort(size_t i) const {
  const Dimension* dimension = query_.axes[i].dimension;
  if (dimension == nullptr || dimension->sort.empty()) return "null";
  return fmt::format("min({})", sort_of(*dimension));
}

std::string StatementWriter::is_other(const Dimension& dimension) {
  return "not " + in_top(column_of(dimension));
}

bool StatementWriter::all_closing() const {
  return std::ranges::all_of(shape_.measures, [](const Measure* measure) { return measure->closing; });
}

std::string StatementWriter::in_closing() {
  std::string list;
  for (const Day day : shape_.closing) list += (list.empty() ? "" : ", ") + bind(day);
  return fmt::format("{} in ({})", time(), list);
}

std::string StatementWriter::filter_of(const Measure& measure) {
  std::vector<std::string> parts;
  if (const std::string rows = rows_of(measure); !rows.empty()) parts.push_back(rows);
  if (measure.closing && !shape_.closing.empty() && !all_closing()) parts.push_back(in_closing());
  if (parts.empty()) return "";
  return fmt::format(" filter (where {})", fmt::join(parts, " and "));
}

std::string StatementWriter::value(const Measure& measure) {
  if (measure.kind != Measure::Kind::kRatio) return value_of(measure);
  in_ratio_ = true;
  const std::string numerator = value(*view_.measure(measure.numerator));
  const std::string denominator = value(*view_.measure(measure.denominator));
  in_ratio_ = false;
  return tidy_ratio(fmt::format("cast({} as double) / nullif({}, 0)", numerator, denominator));
}

std::string StatementWriter::none_is_zero(const Measure& measure, const std::string& sum) {
  if (measure.kind != Measure::Kind::kCount && measure.where.empty()) return sum;
  return fmt::format("coalesce({}, 0)", sum);
}

std::string StatementWriter::rounded(const std::string& sum, int decimals) const {
  return in_ratio_ ? sum : fmt::format("round({}, {})", sum, decimals);
}

std::string StatementWriter::tidy_ratio(const std::string& ratio) {
  return fmt::format("round({}, 12)", ratio);
}

std::string StatementWriter::test(const std::string& expression, const Filter& filter) {
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

std::vector<std::string> StatementWriter::conditions() {
  std::vector<std::string> found;
  if (const std::string rows = rows_of_view(); !rows.empty()) found.push_back(rows);
  if (shape_.dates.from) found.push_back(fmt::format("{} >= {}", time(), bind(*shape_.dates.from)));
  if (shape_.dates.to) found.push_back(fmt::format("{} <= {}", time(), bind(*shape_.dates.to)));
  if (!shape_.closing.empty() && all_closing()) found.push_back(in_closing());
  for (const auto& condition : query_.conditions)
    found.push_back(test_of(*condition.dimension, condition.filter));
  if (shape_.top_axis && !shape_.other && !shape_.total)
    found.push_back(in_top(column_of(*query_.axes[*shape_.top_axis].dimension)));
  return found;
}

std::string StatementWriter::order() {
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

}  // namespace reelhouse::metric
