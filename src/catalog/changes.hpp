#pragma once

#include <map>
#include <string>
#include <vector>

#include "catalog/crawled_object.hpp"

namespace reelhouse::catalog {

/// Says how the columns of a table differ from those that the catalog held (by name; their order
/// does not count): new column, gone column, changed type. Empty = the same schema.
std::vector<Change> schema_changes(const CatalogTable& before, const CatalogTable& after);

/// Says what became of each object: new, changed, deleted, uploaded again, empty, unreadable.
/// `before` is by key; `ignored` holds "key (reason)", as the crawl reports it.
std::vector<Change> object_changes(const std::map<std::string, CrawledObject>& before,
                                   const std::vector<CrawledObject>& after,
                                   const std::vector<std::string>& ignored);

/// The change that stands for a whole table: kNewTable or kGoneTable.
Change new_table(const CatalogTable& table, bool declared);
Change gone_table(const CatalogTable& table);

}  // namespace reelhouse::catalog
