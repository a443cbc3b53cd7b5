#pragma once

#include <filesystem>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "metric/definition.hpp"

namespace reelhouse::serve {

/// Reads the pages of a project, one a .yml of `folder`, in the order of the files' names, as the list
/// that /api/dashboards shows. Every name is held against the metric views: an unknown key, chart,
/// measure or dimension, or a dimension that a measure's view does not have, goes to `problems`
/// (kProject: file, line, near miss) and its page is left out. An absent folder has no pages.
Json load_dashboards(const std::filesystem::path& folder, const metric::Definitions& definitions,
                     std::vector<Error>& problems);

/// The same, but stops at the first problem. Errors: kProject, kPermission.
Result<Json> load_dashboards(const std::filesystem::path& folder, const metric::Definitions& definitions);

}  // namespace reelhouse::serve
