#include "metric/cube.hpp"

#include <algorithm>
#include <vector>

#include "metric/joins.hpp"

namespace reelhouse::metric {
namespace {

using engine::quote_name;

/// Writes a cube in two steps: the fact's rows are added up by the keys of small tables and by members of
/// all others; then the small tables are joined, and the few rows that are left are added up again.
class CubeWriter {
 public:
  CubeWriter(const View& view, const std::set<std::string>& small) : view_(view), small_(small) {}

  std::string write(const std::string& table) {
    for (const auto& name : view_.cube->dimensions) {
      const Dimension& dimension = *view_.dimension(name);
      add(name, dimension.sql, dimension.sort, dimension.joins);
    }
    if (view_.time) add("date", fmt::format("cast({} as date)", view_.time->sql), "", view_.time->joins);
    for (const auto& measure : view_.measures) add(measure);
    for (const auto& join : view_.joins)
      if (late_.contains(join.name))
        inner_.push_back(fmt::format("fact.{} as {}", quote_name(join.column), key_of(join)));
    std::string sql = fmt::format(
        "create table {} as\nselect\n  {},\n  {}{}\nfrom (\n  select {}, {}{}\n  from {} as fact{}", table,
        fmt::join(outer_, ",\n  "), fmt::join(outer_sums_, ",\n  "), outer_sorts_, fmt::join(inner_, ", "),
        fmt::join(inner_sums_, ", "), inner_sorts_, quote_name(view_.fact), early_joins());
    if (!view_.where.empty()) sql += fmt::format("\n  where {}", view_.where);
    sql += fmt::format("\n  group by {}\n) as fact", numbers(inner_.size()));
    for (const auto& join : view_.joins)
      if (late_.contains(join.name))
        sql += fmt::format("\nleft join {0} as {1} on {1}.{2} = fact.{3}", quote_name(join.table),
                           quote_name(join.name), quote_name(join.key), key_of(join));
    return sql + fmt::format("\ngroup by {}", numbers(outer_.size()));
  }

 private:
  static std::string key_of(const Join& join) { return quote_name(join.name + "__key"); }
  static std::string numbers(size_t count) {
    std::string list;
    for (size_t i = 1; i <= count; ++i) list += (i == 1 ? "" : ", ") + std::to_string(i);
    return list;
  }

  /// Joins straight from the fact to a small table, in an expression that reads nothing else.
  bool is_late(const std::string& sql, const std::vector<std::string>& joins) const {
    return !joins.empty() && sql.find("fact.") == std::string::npos &&
           std::ranges::all_of(joins, [&](const auto& name) {
             const Join& join = *view_.join(name);
             return join.from.empty() && small_.contains(join.table);
           });
  }

  void add(const std::string& name, const std::string& sql, const std::string& sort,
           const std::vector<std::string>& joins) {
    const std::string quoted = quote_name(name);
    const std::string sorted = quote_name(name + "__sort");
    if (is_late(sql + sort, joins)) {
      outer_.push_back(fmt::format("{} as {}", sql, quoted));
      if (!sort.empty()) outer_sorts_ += fmt::format(",\n  min({}) as {}", sort, sorted);
      late_.insert(joins.begin(), joins.end());
      return;
    }
    inner_.push_back(fmt::format("{} as {}", sql, quoted));
    outer_.push_back(fmt::format("fact.{}", quoted));
    if (!sort.empty()) {
      inner_sorts_ += fmt::format(", min({}) as {}", sort, sorted);
      outer_sorts_ += fmt::format(",\n  min(fact.{0}) as {0}", sorted);
    }
    early_.insert(joins.begin(), joins.end());
  }

  void add(const Measure& measure) {
    const std::string filter = measure.where.empty() ? "" : fmt::format(" filter (where {})", measure.where);
    const bool fractions = measure.sum_type.is_floating || measure.kind == Measure::Kind::kMean;
    const char* sum = fractions ? "fsum" : "sum";
    const auto column = [&](const std::string& sql, const std::string& name) {
      inner_sums_.push_back(fmt::format("{}{} as {}", sql, filter, quote_name(name)));
      outer_sums_.push_back(fmt::format("{0}(fact.{1}) as {1}", sum, quote_name(name)));
    };
    switch (measure.kind) {
      case Measure::Kind::kSum:
        column(fmt::format("{}({})", sum, measure.sql), measure.name);
        break;
      case Measure::Kind::kCount:
        column("count(*)", measure.name);
        break;
      case Measure::Kind::kMean:
        column(fmt::format("{}({})", sum, measure.sql), measure.name + "__sum");
        column(fmt::format("count({})", measure.sql), measure.name + "__count");
        break;
      default:
        return;
    }
    early_.insert(measure.joins.begin(), measure.joins.end());
  }

  std::string early_joins() const {
    std::string sql;
    for (const auto& join : view_.joins)
      if (early_.contains(join.name)) sql += "\n  " + left_join(join);
    return sql;
  }

  const View& view_;
  const std::set<std::string>& small_;
  std::vector<std::string> outer_, outer_sums_, inner_, inner_sums_;
  std::string outer_sorts_, inner_sorts_;
  std::set<std::string> early_, late_;
};

}  // namespace

std::string cube_statement(const View& view, const std::set<std::string>& small, const std::string& table) {
  return CubeWriter(view, small).write(table);
}

std::string member_type(const View& view, const Dimension& dimension) {
  return "memory.main." + quote_name(fmt::format("{}_{}", view.name, dimension.name));
}

std::string cube_name(const View& view) {
  return "memory.main." + quote_name("cube_" + view.name);
}

Result<> make_cube(engine::Session& session, const View& view, const std::set<std::string>& small) {
  const std::string raw = "memory.main." + quote_name("raw_" + view.name);
  RH_TRY(session.execute(cube_statement(view, small, raw)));
  RH_ASSIGN(const auto shape, session.query(fmt::format("select * from {} limit 0", raw)));
  std::vector<std::string> columns;
  for (const auto& column : shape.columns) {
    const std::string name = quote_name(column.name);
    const Dimension* dimension = view.dimension(column.name);
    if (dimension != nullptr && dimension->type == "text") {
      const std::string type = member_type(view, *dimension);
      RH_TRY(session.execute(
          fmt::format("create type {0} as enum (select cast({1} as varchar) from {2} where {1} is not null "
                      "group by 1 order by 1)",
                      type, name, raw)));
      columns.push_back(fmt::format("cast(cast({0} as varchar) as {1}) as {0}", name, type));
    } else if (column.type.starts_with("DECIMAL")) {
      columns.push_back(fmt::format("cast({0} as double) as {0}", name));
    } else if (column.type == "HUGEINT") {
      columns.push_back(fmt::format("cast({0} as bigint) as {0}", name));
    } else {
      columns.push_back(name);
    }
  }
  RH_TRY(session.execute(
      fmt::format("create table {} as select {} from {}", cube_name(view), fmt::join(columns, ", "), raw)));
  return session.execute("drop table " + raw);
}

}  // namespace reelhouse::metric
