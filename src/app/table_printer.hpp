#pragma once

#include <memory>

#include "app/output.hpp"

namespace reelhouse::app {

/// Prints rows as an aligned table; see RowPrinter.
std::unique_ptr<RowPrinter> make_table_printer(const Screen& screen);

}  // namespace reelhouse::app
