#pragma once

#include <string>

namespace reelhouse::catalog {

/// Makes a table's name out of a file's (path below the drop): no extension, date or part number,
/// in snake_case; the name of its folder when nothing is left of its own, "" when nothing is left
/// at all.
std::string table_stem(const std::string& name);

}  // namespace reelhouse::catalog
