#pragma once

#include <optional>
#include <random>
#include <string>
#include <vector>

#include "catalog/format.hpp"

namespace reelhouse::test {

/// How a table is written to a file.
struct Writing {
  char delimiter = ',';
  char quote = '"';
  std::string line_end = "\n";
  catalog::Encoding encoding = catalog::Encoding::kUtf8;
  bool mark = false;
  bool always_quote = false;
  bool last_line_end = true;

  /// Draws one of all ways that the reader promises to read.
  static Writing draw(std::mt19937& random);
  std::string describe() const;
};

/// A table of random text with a header and one row for which every cell is known.
class DrawnTable {
 public:
  using Cell = std::optional<std::string>;
  DrawnTable(unsigned seed, size_t rows);

  const std::vector<std::string>& names() const { return names_; }
  const std::vector<std::vector<Cell>>& rows() const { return rows_; }
  /// Writes it; cells that the writing cannot express are changed in the table first.
  std::string written(const Writing& writing);

 private:
  std::vector<std::string> names_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace reelhouse::test
