#pragma once

#include <optional>
#include <string>
#include <vector>

namespace reelhouse::model {

/// A table as text; nothing = null.
using TextCell = std::optional<std::string>;
using TextRow = std::vector<TextCell>;

struct ComparedColumn {
  std::string name;
  bool approximate = false;  ///< a floating-point number: equal to nine digits is equal
};

/// How an expected row and a row that came differ. A row alone (the other index is `kNone`) is missing, or
/// was not expected.
struct Difference {
  static constexpr size_t kNone = static_cast<size_t>(-1);
  size_t expected = kNone;
  size_t got = kNone;
  std::vector<size_t> columns;  ///< in which they differ
};

/// Compares rows as a bag, or place by place when `ordered`. What is left over is paired with the row that
/// it is most like, so that a person sees the cell that is wrong; rows that have no value in common stay
/// alone. Differences come in the order of the expected rows, rows not expected last.
std::vector<Difference> compare(const std::vector<ComparedColumn>& columns,
                                const std::vector<TextRow>& expected, const std::vector<TextRow>& got,
                                bool ordered);

}  // namespace reelhouse::model
