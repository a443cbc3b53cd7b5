#pragma once

#include <string>
#include <vector>

#include "catalog/catalog.hpp"

namespace reelhouse::catalog {

/// One object on its way through a crawl; each step fills in its part.
struct CrawledObject {
  CatalogObject object;                ///< problem and table are set last
  std::string name;                    ///< below the drop folder
  bool dated = false;                  ///< its path names its drop
  const SourceTable* claim = nullptr;  ///< the declared table whose glob means it
  std::string reading;                 ///< how it is read; another way of reading is another profile
  std::string read_problem;            ///< why its content could not be read
  bool lasting_problem = false;        ///< reading again could not mend it
  bool was_read = false;               ///< in this crawl
  bool has_profile = false;
  std::vector<StructuralReject> rejects;  ///< when was_read
  std::string ignored;                    ///< why it is left out though nothing is wrong with it
  std::string note;                       ///< on its table, for people ("shares 40 % with users: kept apart")
};

/// Puts objects into the order of a table: oldest drop first, then by key.
void sort_objects(std::vector<CatalogObject>& objects);

}  // namespace reelhouse::catalog
