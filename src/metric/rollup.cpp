#include "metric/rollup.hpp"

#include <algorithm>
#include <vector>

#include "metric/cube.hpp"

namespace reelhouse::metric {
namespace {

using engine::quote_name;

constexpr size_t kMostTables = 200;  ///< of a view
constexpr int64_t kSmaller = 2;      ///< a table that is not at least so many times smaller is not kept

}  // namespace

/// Takes a place for the dimensions; true when their table has to be made now.
bool Rollups::begin(const std::set<std::string>& dimensions, Place& place) {
  const std::lock_guard lock(mutex_);
  const auto found = places_.find(dimensions);
  if (found != places_.end()) {
    place = found->second;
    return false;
  }
  const bool full = places_.size() >= kMostTables || (cube_rows_ >= 0 && rows_ >= cube_rows_);
  if (full) return false;
  place.table = fmt::format("memory.main.{}", quote_name(fmt::format("cube_{}_{}", view_.name, ++number_)));
  places_.emplace(dimensions, place);
  return true;
}

std::string Rollups::table_for(engine::Session& session, const std::set<std::string>& dimensions) {
  Place place;
  if (begin(dimensions, place)) {
    const auto made = make(session, place.table, dimensions);
    place.made = made.value_or(false);
    const std::lock_guard lock(mutex_);
    // What was interrupted is tried again by the next who asks.
    if (!made && made.error().kind == ErrorKind::kInterrupted)
      places_.erase(dimensions);
    else
      places_[dimensions] = place;
  }
  return place.made ? place.table : cube_name(view_);
}

/// Makes a table; false when it is not worth keeping. Errors: kQuery, kInterrupted, kFull.
Result<bool> Rollups::make(engine::Session& session, const std::string& table,
                           const std::set<std::string>& dimensions) {
  RH_ASSIGN(const auto shape, session.query(fmt::format("select * from {} limit 0", cube_name(view_))));
  std::vector<std::string> keys;
  std::vector<std::string> values;
  for (const auto& column : shape.columns) {
    const std::string name = quote_name(column.name);
    const bool is_sort = column.name.ends_with("__sort");
    const std::string whose = is_sort ? column.name.substr(0, column.name.size() - 6) : column.name;
    const bool is_dimension = view_.dimension(whose) != nullptr;
    if (is_dimension && !dimensions.contains(whose)) continue;
    if (is_sort && is_dimension)
      values.push_back(fmt::format("min({0}) as {0}", name));
    else if (is_dimension || column.name == "date")
      keys.push_back(name);
    else
      values.push_back(fmt::format("{0}({1}) as {1}", column.type == "DOUBLE" ? "fsum" : "sum", name));
  }
  // Sums of whole numbers are wider; all keep the types that they have in the cube.
  std::string cast;
  for (const auto& column : shape.columns)
    if (column.type == "BIGINT" &&
        std::ranges::find(values, fmt::format("sum({0}) as {0}", quote_name(column.name))) != values.end())
      cast += fmt::format("{0}cast({1} as bigint) as {1}", cast.empty() ? "" : ", ", quote_name(column.name));
  std::string sql = fmt::format("select {}{}{}\nfrom {}", fmt::join(keys, ", "), keys.empty() ? "" : ", ",
                                fmt::join(values, ", "), cube_name(view_));
  if (!keys.empty()) sql += "\ngroup by all";
  if (!cast.empty()) sql = fmt::format("select * replace ({}) from (\n{}\n)", cast, sql);
  RH_ASSIGN(const auto cube, session.query("select count(*) from " + cube_name(view_)));
  const int64_t all = cube.integer(0, 0);
  {
    const std::lock_guard lock(mutex_);
    cube_rows_ = all;
  }
  RH_TRY(session.execute(fmt::format("create table {} as\n{}", table, sql)));
  RH_ASSIGN(const auto counted, session.query("select count(*) from " + table));
  const int64_t rows = counted.integer(0, 0);
  if (rows * kSmaller > all) {
    RH_TRY(session.execute("drop table " + table));
    return false;
  }
  const std::lock_guard lock(mutex_);
  rows_ += rows;
  return true;
}

}  // namespace reelhouse::metric
