#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace reelhouse::metric {

/// Steps of a calendar, finest first.
enum class Grain { kDay, kWeek, kMonth, kQuarter, kYear };
const char* name_of(Grain grain);
std::optional<Grain> grain_named(const std::string& name);

/// A table reached from the fact, or from another join, over a key that is unique there.
struct Join {
  std::string name;
  std::string table;
  std::string from;    ///< the join whose column is the key; empty = the fact (or the bridge)
  std::string column;  ///< the key on the near side
  std::string key;     ///< the key on the far side
  std::string place;   ///< file:line
};

/// A many-to-many table between the fact and a dimension table.
struct Bridge {
  std::string name;
  std::string table;
  std::string column;  ///< of the fact
  std::string key;     ///< of the bridge, equal to `column`
  std::string weight;  ///< column; a fact row's weights sum to 1
  std::string where;   ///< condition on the bridge's columns; empty = all
  std::string place;   ///< file:line
};

/// What a measure can be cut and filtered by.
struct Dimension {
  std::string name;
  std::string label;
  std::string description;
  std::string type = "text";       ///< text, number, flag
  std::string sql;                 ///< expression; columns are written join.column, or fact.column
  std::string sort;                ///< expression to sort members by; empty = the member itself
  std::vector<std::string> joins;  ///< names of the joins that `sql` and `sort` read, upstream first
  std::string bridge;              ///< name of the bridge it is reached over; empty = none
  std::string place;               ///< file:line
};

/// How a measure is made of the fact's rows.
struct Measure {
  enum class Kind { kSum, kCount, kCountDistinct, kMean, kMedian, kRatio };
  std::string name;
  std::string label;
  std::string description;
  std::string format = "number";  ///< number, money, percent, rating, hours, days, years
  std::string unit;               ///< "USD", "votes"; what the tile says it counts
  Kind kind = Kind::kCount;
  std::string sql;    ///< expression, columns written as in Dimension::sql; empty for kCount and kRatio
  std::string where;  ///< rows that count; empty = all
  std::vector<std::string> joins;  ///< that `sql` and `where` read, upstream first
  std::string numerator;           ///< kRatio: names of measures of the same view
  std::string denominator;
  bool closing = false;  ///< over several periods, that of the last finished one (MRR)
  std::string unknown;   ///< SELECT of one text: why it cannot be known; null or no row = it can
  /// SELECT of one date: the first period of which it is known, for its expression is null before; empty or null =
  /// all are. A ratio has that of its parts.
  std::string known_from;
  std::string needs;  ///< table without whose dataset it cannot be known; empty = none
  /// Of a sum, what the published tables say of its type. What adding fractions up in another order changes
  /// lies behind these digits, and is rounded off: the same question has the same answer.
  struct SumType {
    int decimals = 0;          ///< digits behind the point; 0 = whole numbers
    bool is_floating = false;  ///< DOUBLE; else a DECIMAL, which only a cube adds up as a fraction
  } sum_type = {};

  /// True when its parts can be added up: rows of an answer sum to its total.
  bool additive() const { return (kind == Kind::kSum || kind == Kind::kCount) && !closing; }
};

/// The dates of a view.
struct Time {
  std::string sql;  ///< DATE expression, columns written as in Dimension::sql
  std::vector<std::string> joins;
  std::string label;
  Grain grain = Grain::kMonth;  ///< the finest; a fact row's date is the first day of such a period
  std::string known_until;      ///< SELECT of one date: the last day that the data covers; empty = unsaid
};

struct Hierarchy {
  std::string name;
  std::vector<std::string> levels;  ///< names of dimensions, coarsest first
  std::string place;                ///< file:line
};

/// A SELECT with a name, for `known_until`, `known_from`, `unknown` and `note`.
struct NamedStatement {
  std::string name;
  std::string sql;
  std::string place;  ///< file:line
};

/// What a view may share with others: how dimension tables are reached, and what they are cut by.
struct Parts {
  std::vector<Join> joins;
  std::vector<Bridge> bridges;
  std::vector<Dimension> dimensions;
  std::vector<Hierarchy> hierarchies;
  std::vector<NamedStatement> statements;

  const Join* join(const std::string& wanted) const;
  const Bridge* bridge(const std::string& wanted) const;
  const Dimension* dimension(const std::string& wanted) const;
  const Hierarchy* hierarchy(const std::string& wanted) const;
  const NamedStatement* statement(const std::string& wanted) const;
};

/// Dimensions (without bridges) by which the sums of a view are kept ready, with its dates.
struct Cube {
  std::vector<std::string> dimensions;
};

/// A fact with what it can be cut by (its own parts first, then those that it uses) and what can be measured
/// on it.
struct View : Parts {
  std::string name;
  std::string label;
  std::string description;
  std::string fact;
  std::string where;  ///< rows of the fact that belong to it; empty = all
  std::string note;   ///< SELECT of one text that goes with every answer; null or no row = nothing to say
  std::optional<Time> time;
  std::vector<Measure> measures;
  std::optional<Cube> cube;
  std::string file;  ///< where it is written

  const Measure* measure(const std::string& wanted) const;
};

/// All metric views of a project. A measure's name is unique among them.
struct Definitions {
  std::vector<View> views;

  /// Finds the view of a measure; null when there is none.
  const View* view_of(const std::string& measure) const;
  std::vector<std::string> measure_names() const;
};

/// Reads every .yml of a folder, and those of its `shared/` that they use; an absent folder has no views.
/// Errors: kProject with file, line and near miss; kPermission.
Result<Definitions> load_definitions(const std::filesystem::path& folder);

}  // namespace reelhouse::metric
