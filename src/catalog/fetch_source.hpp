#pragma once

#include <string>

#include "base/yaml.hpp"
#include "lake/fetch/fetch.hpp"

namespace reelhouse::catalog {

/// Reads the key `fetch` of a source (its form: lake/fetch/fetch.hpp). Errors: kProject with file and line.
Result<lake::FetchSource> read_fetch(const Yaml& yaml, const std::string& dataset);

}  // namespace reelhouse::catalog
