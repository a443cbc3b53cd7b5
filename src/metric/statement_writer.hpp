#pragma once

#include <string>
#include <vector>

#include "metric/compiler.hpp"

namespace reelhouse::metric {

/// Lists the measures whose own expressions a statement computes: a ratio's parts stand for it.
std::vector<const Measure*> parts_of(const View& view, const Measure& measure);

/// Tells whether "nothing" is among the values.
bool has_null(const std::vector<engine::Cell>& cells);

/// Writes what a statement over a fact and one over its cube have in common; what they read, and how a
/// measure is made of it, is theirs. A writer writes one statement: values are bound as they come.
class StatementWriter {
 public:
  StatementWriter(const Resolved& query, const Shape& shape)
      : query_(query), view_(*query.view), shape_(shape) {}
  virtual ~StatementWriter() = default;
  StatementWriter(const StatementWriter&) = delete;
  StatementWriter& operator=(const StatementWriter&) = delete;

  Statement write();

 protected:
  /// The view's dates.
  virtual std::string time() const = 0;
  /// A dimension as a row shows it, and what its members are sorted by.
  virtual std::string column_of(const Dimension& dimension) const = 0;
  virtual std::string sort_of(const Dimension& dimension) const = 0;
  /// An axis; members outside its top are null where one row stands for them.
  virtual std::string axis_of(size_t i, const Dimension& dimension);
  /// The flag of the row for all outside the top.
  virtual std::string is_other(const Dimension& dimension);
  /// A measure that is no ratio.
  virtual std::string value_of(const Measure& measure) = 0;
  /// Conditions of the view and of a measure on the rows; empty where they are met already.
  virtual std::string rows_of_view() const = 0;
  virtual std::string rows_of(const Measure& measure) const = 0;
  virtual std::string test_of(const Dimension& dimension, const Filter& filter) = 0;
  virtual std::string from() = 0;

  std::string bind(engine::Cell cell);
  std::string bind_list(const std::vector<engine::Cell>& cells);
  /// The condition that a member stands for itself among the top.
  std::string in_top(const std::string& expression);
  std::string topped(size_t i, const std::string& expression);
  std::string filter_of(const Measure& measure);
  std::string test(const std::string& expression, const Filter& filter);

  /// A count of nothing is 0, and so is a sum over rows none of which was meant; a sum of unknown values
  /// stays unknown.
  static std::string none_is_zero(const Measure& measure, const std::string& sum);
  /// Takes off what adding up thirds leaves behind (fsum, which carries the error along, leaves almost
  /// nothing); a ratio is made of sums that keep it.
  std::string rounded(const std::string& sum, int decimals = 6) const;
  /// The same for what is divided: its last digits depend on the order in which rows were added up.
  static std::string tidy_ratio(const std::string& ratio);

  const Resolved& query_;
  const View& view_;
  const Shape& shape_;

 private:
  std::string bind(Day day);
  std::string axis(size_t i);
  std::string axis_sort(size_t i) const;
  bool all_closing() const;
  std::string in_closing();
  std::string value(const Measure& measure);
  std::vector<std::string> conditions();
  std::string order();

  std::vector<engine::Cell> values_;
  bool in_ratio_ = false;
};

/// Writes statements over the fact, its joins and bridges.
Statement write_over_fact(const Resolved& query, const Shape& shape);
/// Writes statements over the view's cube, or a smaller one.
Statement write_over_cube(const Resolved& query, const Shape& shape);

}  // namespace reelhouse::metric
