#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.hpp"

namespace reelhouse::model {

/// How a column of an input bears on a column of a result; a set of these is a bit mask.
enum How : uint16_t {
  kValue = 1,     ///< its own value flows in
  kCase = 2,      ///< it chooses between values
  kFilter = 4,    ///< it decides which rows there are
  kJoin = 8,      ///< it decides which rows meet
  kGroup = 16,    ///< it decides which rows are put together
  kOrder = 32,    ///< it decides the order, and with it what a limit or a first value takes
  kWindow = 64,   ///< it decides which other rows a window sees
  kExpand = 128,  ///< a list or number in it decides how many rows come of one
  kRows = 256,    ///< which rows its table has
};

/// Names the ways of a mask: "value", "filter, join".
std::string name_of_how(uint16_t how);

/// A column of an input; `column` is empty for the rows of the table as such.
struct Origin {
  std::string table;  ///< "stg_user", "raw.user", "seed.plan"
  std::string column;
  uint16_t how = kValue;

  bool is_value() const { return (how & kValue) != 0; }
  bool operator==(const Origin&) const = default;
};

/// Where the columns of a SELECT come from. What decides all rows alike stands in `rows` only.
struct PlanOrigins {
  std::vector<std::vector<Origin>> columns;  ///< by output column: values, and what decides it alone
  std::vector<Origin> rows;                  ///< what decides which rows there are
  std::string approximate;  ///< names what was not understood: origins may be too many, never too few
};

/// Follows every column through a logical plan as Session::plan_of returns it, from the tables that are
/// read to the result. An operator that is not known gives its result all columns of its inputs.
PlanOrigins origins_of_plan(const Json& plan);

}  // namespace reelhouse::model
