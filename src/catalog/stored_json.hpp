#pragma once

#include <string>
#include <vector>

#include "base/json.hpp"
#include "catalog/catalog.hpp"

namespace reelhouse::catalog {

/// Render and read what the catalog's file keeps as JSON. Text that is not valid UTF-8 is mended on
/// the way in. The readers' errors: kDamaged.
std::string stored(const ObjectProfile& profile);
std::string stored(const std::vector<CatalogColumn>& columns);
std::string stored(const std::vector<Change>& changes);
Result<ObjectProfile> profile_from(const std::string& text);
Result<std::vector<CatalogColumn>> columns_from(const std::string& text);
Result<std::vector<Change>> changes_from(const std::string& text);

}  // namespace reelhouse::catalog
