#pragma once

#include <vector>

#include "model/checks.hpp"

namespace reelhouse::model {

/// Judges what lies in the lake and that no declared table takes up: files in a declared dataset's folder that
/// match no `files` glob (an error when one is in a newer drop than all that the dataset's tables have), and
/// folders that are named almost as a declared dataset. A check a source, and one for the folders.
std::vector<CheckResult> check_unclaimed(const Project& project,
                                         const std::vector<catalog::CatalogTable>& tables);

}  // namespace reelhouse::model
