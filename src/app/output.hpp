#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"
#include "engine/engine.hpp"

namespace reelhouse::app {

enum class OutputFormat { kTable, kJson, kCsv };

/// Prints rows on standard output piece by piece. Table: aligned, as wide as the terminal (long cells
/// end in '…'; whole when piped), numbers to the right, nulls as an empty dim cell; widths come from the first 1,000 rows. JSON: an array of objects,
/// numbers as numbers, dates YYYY-MM-DD, null as null. CSV: RFC 4180 with a header, null empty.
/// A closed pipe ends the program quietly.
class RowPrinter {
 public:
  virtual ~RowPrinter() = default;
  virtual void print(const engine::Rows& piece) = 0;  ///< the first call fixes the columns
  virtual void finish() = 0;                          ///< ends the array; an empty table prints its header
};
std::unique_ptr<RowPrinter> make_row_printer(OutputFormat format);

/// Prints a whole result.
void print_rows(const engine::Rows& rows, OutputFormat format);

}  // namespace reelhouse::app
