#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "engine/engine.hpp"
#include "metric/query.hpp"
#include "warehouse/versions.hpp"

namespace reelhouse::metric {

/// One column of an answer.
struct AnswerColumn {
  enum class Kind { kDimension, kMeasure, kBefore };  ///< kBefore: the measure in the period compared with
  std::string name;  ///< of the dimension or measure; kBefore: "<measure>__before"
  std::string label;
  Kind kind = Kind::kDimension;
  std::string type;   ///< dimension: text, number, flag, date; measure: its format
  std::string unit;   ///< measure: its unit
  std::string grain;  ///< dates: day, week, month, quarter, year
  bool additive = false;
};

struct Answer {
  int version = 0;
  std::string view;
  std::vector<AnswerColumn> columns;
  std::vector<std::vector<engine::Cell>> rows;  ///< dates as YYYY-MM-DD, the first day of the period
  std::vector<bool> other;             ///< a row: stands for the members outside the top; may be empty
  size_t top_column = 0;               ///< the column of those members
  std::vector<engine::Cell> totals;    ///< one a column; empty when not asked for
  std::string bridge;                  ///< "weighted", "overlapping" or empty
  std::string known_until;             ///< last day that the data covers; empty = unsaid
  std::string unfinished_from;         ///< rows from this date on are unfinished periods
  std::string period_from, period_to;  ///< what a closing or `last` measure speaks of
  std::string before_from, before_to;  ///< what it is compared with
  std::vector<std::pair<std::string, std::string>> unknown;  ///< measure, why it cannot be known
  std::vector<std::string> notes;  ///< what a reader should know: overlapping, left out
  std::string source;              ///< "cube" or "fact"
  std::string sql;
  double milliseconds = 0;
};
/// A cell for a table or a file, where the rest of a top has a name: "(other)".
engine::Cell named_cell(const Answer& answer, size_t row, size_t column);
/// Renders an answer as src/serve/openapi.yaml describes it.
Json to_json(const Answer& answer);

/// One published version, opened to be asked. Thread-safe; each session from one thread at a time.
class Snapshot {
 public:
  /// Opens the current version and, when asked, makes the cubes.
  /// Errors: kNotFound (nothing is published), kDamaged, kProject (a view that does not fit the tables,
  /// with its file), kInterrupted.
  static Result<std::shared_ptr<const Snapshot>> open(const Definitions& definitions,
                                                      const warehouse::Warehouse& warehouse, bool cubes);
  virtual ~Snapshot() = default;

  virtual const warehouse::Version& version() const = 0;
  virtual Result<std::unique_ptr<engine::Session>> connect() const = 0;
  /// Answers a query; `session` comes from connect().
  /// Errors: kUsage (an unknown name with the near miss, a filter that does not fit), kQuery, kInterrupted.
  virtual Result<Answer> ask(engine::Session& session, const Query& query) const = 0;
  /// Lists views with their dimensions, measures, hierarchies, dates and what cannot be known and why.
  virtual Json describe() const = 0;
};

}  // namespace reelhouse::metric
