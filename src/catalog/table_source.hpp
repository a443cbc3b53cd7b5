#pragma once

#include <memory>

#include "catalog/catalog.hpp"
#include "engine/row_source.hpp"

namespace reelhouse::catalog {

/// Makes the rows of a catalog table readable to an engine: every column of the table and every one
/// that the source declares, all as text (types are the models' business), null where an object lacks
/// it or the field is empty or \N, also those of its path's folders (path_columns.hpp); and
///   _object VARCHAR  key of the object in the lake
///   _line   BIGINT   physical line of the record's first character (row number in Parquet), from 1
///   _drop   DATE     the drop it was delivered in
///   _convention VARCHAR  how the object's columns are written (catalog/conventions.hpp)
/// Delivers exactly the records that the crawl counted as delivered. Several workers read: objects side
/// by side, and one large object as one inflating and others parsing.
/// `declared` may be null; a table that is not in the lake is a CatalogTable without objects.
/// The scan fails with kBusy when an object changed since the crawl, kDamaged when it cannot be decoded.
std::shared_ptr<engine::RowSource> make_table_source(const lake::ObjectStore& lake, CatalogTable table,
                                                     const SourceTable* declared);

}  // namespace reelhouse::catalog
