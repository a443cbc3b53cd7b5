#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "metric/definition.hpp"

namespace reelhouse::serve {

/// The words that a page may use. openapi.yaml has them too, for who asks; a test holds the two equal.
struct PageWords {
  std::vector<std::string> page_keys;
  std::vector<std::string> tile_keys;
  std::vector<std::string> kpi_keys;
  std::vector<std::string> filter_keys;
  std::vector<std::string> sort_keys;
  std::vector<std::string> measure_charts;   ///< of the measures and dimensions of their tile
  std::vector<std::string> pipeline_charts;  ///< of the pipeline as a whole
  std::vector<std::string> other_charts;
  std::vector<std::string> grains;
  std::vector<std::string> comparisons;

  std::vector<std::string> charts() const;  ///< of every kind
};
PageWords page_words();

/// Reads the pages of a project, one a .yml of `folder`, in the order of the files' names, as the list
/// that /api/dashboards shows. Every name is held against the metric views: an unknown key, chart,
/// measure or dimension, or a dimension that a measure's view does not have, goes to `problems`
/// (kProject: file, line, near miss) and its page is left out. An absent folder has no pages; a page
/// without tiles has an empty list of them.
Json load_dashboards(const std::filesystem::path& folder, const metric::Definitions& definitions,
                     std::vector<Error>& problems);

/// The same, but stops at the first problem. Errors: kProject, kPermission.
Result<Json> load_dashboards(const std::filesystem::path& folder, const metric::Definitions& definitions);

}  // namespace reelhouse::serve
