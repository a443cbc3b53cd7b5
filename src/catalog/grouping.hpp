#pragma once

#include <string>
#include <vector>

#include "catalog/aliases.hpp"
#include "catalog/crawled_object.hpp"
#include "catalog/sources.hpp"

namespace reelhouse::catalog {

/// A table that the catalog holds already; grouping leaves it its name and its objects.
struct KnownTable {
  std::string name;
  std::string dataset;
  std::vector<std::string> columns;
  std::vector<std::string> objects;  ///< keys
};

/// Gives every object that could be read its table, or the reason why it has none.
///
/// An object that a declaration claims belongs there, provided that it has the declared columns.
/// Others stay in the table that the catalog has them in; new ones join the table of their dataset
/// with which they share at least 70 % of all columns, or whose columns contain theirs or the other
/// way round, whatever the order; else they found a new table. Nothing depends on the order of
/// `objects` beyond the older drop coming first.
void group_objects(std::vector<CrawledObject>& objects, const std::vector<Source>& sources,
                   const std::vector<KnownTable>& known);

/// Returns the columns of a table: the union over its objects (oldest drop first), in the order of
/// the newest, with summed profiles and the type that holds all values.
std::vector<CatalogColumn> merge_columns(const std::vector<CatalogObject>& objects,
                                         const SourceTable* declared);

}  // namespace reelhouse::catalog
