#include "metric/compiler.hpp"

#include <algorithm>

#include "metric/cube.hpp"
#include "metric/joins.hpp"
#include "metric/statement_writer.hpp"

namespace reelhouse::metric {

using engine::quote_name;

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
  return shape.cube ? write_over_cube(query, shape) : write_over_fact(query, shape);
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
