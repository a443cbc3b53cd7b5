#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"
#include "engine/engine.hpp"

namespace reelhouse::app {

enum class OutputFormat { kTable, kJson, kCsv };

/// Where rows are printed, and what that place can show.
struct Screen {
  int output = 1;       ///< descriptor of the rows
  int notes = -1;       ///< descriptor of the row count below a table; -1 = none
  size_t width = 0;     ///< columns of the terminal; 0 = not a terminal: nothing is cut
  bool colour = false;  ///< escape sequences are welcome
};

/// Looks at standard output and error: their terminal and its width, NO_COLOR, TERM, COLUMNS.
Screen standard_screen();

/// Prints rows on standard output piece by piece. Table: aligned, as wide as the terminal (long cells
/// end in '…'; whole when piped), numbers to the right and never cut, nulls as an empty cell, control
/// characters shown as `\n`; widths come from the first 1,000 rows. JSON: an array of objects, numbers
/// as numbers (NaN and infinity null), dates YYYY-MM-DD, null as null; a column name that comes twice
/// gets `_1`. CSV: RFC 4180 with a header, lines ending in LF, null empty, empty text `""`.
/// A closed pipe ends the program quietly with 0; a full disk ends it with a message and 1.
class RowPrinter {
 public:
  virtual ~RowPrinter() = default;
  virtual void print(const engine::Rows& piece) = 0;  ///< the first call fixes the columns
  virtual void finish() = 0;                          ///< ends the array; an empty table prints its header
};
std::unique_ptr<RowPrinter> make_row_printer(OutputFormat format);
std::unique_ptr<RowPrinter> make_row_printer(OutputFormat format, const Screen& screen);

/// Prints a whole result.
void print_rows(const engine::Rows& rows, OutputFormat format);

}  // namespace reelhouse::app
