#pragma once

#include <optional>
#include <string>

namespace reelhouse::catalog {

/// Says why a file is no delivery by its path below raw/: unfinished ("x.csv.part"), a backup, a lock or a
/// mark of another program; nothing for one that may be a delivery.
std::optional<std::string> foreign_reason(const std::string& path);

/// The file's name that a copy was made of, where a name is one that desktops and browsers give to copies:
/// "Copy of x.csv", "x - Copy (2).csv", "x (1).csv", "x copy.csv", and in some other languages; nothing for others.
std::optional<std::string> original_of_copy(const std::string& name);

}  // namespace reelhouse::catalog
