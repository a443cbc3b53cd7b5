#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "engine/engine.hpp"
#include "metric/definition.hpp"

namespace reelhouse::metric {

inline constexpr size_t kMostValues = 1000;  ///< of a filter, and members of a top

/// What is wrong with a question.
inline Error usage(std::string message, std::string hint = {}) {
  return Error{ErrorKind::kUsage, std::move(message), std::move(hint), ""};
}

/// A condition on one dimension, or on the view's dates (`dimension` is then "date").
struct Filter {
  enum class Kind { kIn, kNotIn, kRange, kSearch };
  std::string dimension;
  Kind kind = Kind::kIn;
  std::vector<engine::Cell> values;  ///< kIn, kNotIn: members, null among them; kSearch: one text
  engine::Cell from;                 ///< kRange: first, included; null = open
  engine::Cell to;                   ///< kRange: last, included; null = open
};

/// What is asked of one view: every measure belongs to it.
struct Query {
  enum class Compare { kNone, kPrevious, kYear };
  struct Top {
    int count = 0;          ///< 0 = all members
    std::string dimension;  ///< whose members are ranked, by the first measure
    bool other = true;      ///< the rest as one row
  };
  struct Sort {
    std::string by;  ///< a measure or dimension of the query
    bool descending = false;
  };
  std::vector<std::string> measures;
  std::vector<std::string> dimensions;  ///< a grain's name ("month") stands for the view's dates
  std::vector<Filter> filters;
  Compare compare = Compare::kNone;
  std::optional<Grain> last;  ///< only the last finished period of this grain
  std::optional<Top> top;
  std::vector<Sort> sort;  ///< empty = dates upwards, else the dimension's order, else first measure down
  int limit = 0;           ///< 0 = all rows
  bool totals = false;
  bool overlapping = false;  ///< over bridges: each row whole to every member, instead of by weight
};

/// Reads a query as src/serve/openapi.yaml describes it. Names are not looked up yet.
/// Errors: kUsage (unknown key with the near miss, wrong type, too many values).
Result<Query> parse_query(const Json& json);

/// Reads one condition of a command line: "plan = Premium", "country in Spain, 'United States'",
/// "plan != Basic", "title ~ love", "date from 2022-01 to 2022-12", joined by "and".
/// Errors: kUsage with what was not understood.
Result<std::vector<Filter>> parse_where(const std::string& text);

}  // namespace reelhouse::metric
