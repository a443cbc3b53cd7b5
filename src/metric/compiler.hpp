#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/engine.hpp"
#include "metric/calendar.hpp"
#include "metric/query.hpp"

namespace reelhouse::metric {

/// What an answer's rows stand for: members of a dimension, or periods.
struct Axis {
  std::string name;
  const Dimension* dimension = nullptr;  ///< null = the view's dates
  Grain grain = Grain::kMonth;           ///< of the dates
};

/// A filter whose dimension was found and whose values have its type.
struct Condition {
  const Dimension* dimension = nullptr;
  Filter filter;
};

/// Days that a query is limited to; open where nothing is said.
struct Bounds {
  std::optional<Day> from;
  std::optional<Day> to;
};

/// A query whose names were looked up.
struct Resolved {
  const View* view = nullptr;
  std::vector<Axis> axes;
  std::vector<const Measure*> measures;
  std::vector<Condition> conditions;
  Bounds dates;

  std::optional<size_t> time_axis() const;
  bool uses_bridge() const;  ///< an axis is reached over a bridge
};

/// Looks up the names of a query. `views` outlive the result.
/// Errors: kUsage (unknown measure, dimension, grain with the near miss; measures of two views; a filter
/// that does not fit its dimension).
Result<Resolved> resolve(const Definitions& definitions, const Query& query);

/// How one statement is to be made of a resolved query.
struct Shape {
  bool cube = false;         ///< read the view's cube instead of the fact
  std::string table;         ///< a smaller cube to read instead of the cube; empty = the cube
  bool overlapping = false;  ///< rows whole to every member of a bridge, instead of by weight
  bool total = false;        ///< one row: all axes folded
  Bounds dates;
  std::vector<Day> closing;  ///< the periods that closing measures speak of; empty = every period
  std::vector<const Measure*> measures;
  std::optional<size_t> top_axis;  ///< the axis whose members are limited
  std::vector<engine::Cell> top;   ///< its members that stand for themselves
  bool other = false;              ///< one row for the rest; else the rest is left out
  std::vector<Query::Sort> sort;
  int limit = 0;
};

/// SQL with values bound to $1, $2, ... Its columns: one an axis; when `other`, a flag "is_other"; one a
/// measure; then one an axis to sort by.
struct Statement {
  std::string sql;
  std::vector<engine::Cell> values;
};

/// Tells whether the view's cube holds all that is asked.
bool fits_cube(const Resolved& query, const std::vector<const Measure*>& measures);

/// Writes the statement.
Statement compile(const Resolved& query, const Shape& shape);

/// Writes the statement that lists a view's periods ("date"), from its cube or its fact.
std::string periods_statement(const View& view, bool cube);

}  // namespace reelhouse::metric
