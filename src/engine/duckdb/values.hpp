#pragma once

#include <duckdb.h>

#include <string>
#include <vector>

#include "engine/engine.hpp"

namespace reelhouse::engine::duckdb {

/// True for the types that `append_chunk` reads itself; a statement casts the others to VARCHAR first.
bool is_plain(duckdb_type type);
/// Spells a type as SQL does: DECIMAL(18,2), VARCHAR, BIGINT[].
std::string type_name(duckdb_logical_type type);
bool is_numeric(duckdb_type type);
/// Appends a chunk's rows; every column must be of a plain type.
void append_chunk(duckdb_data_chunk chunk, Rows& rows);
/// Binds a cell to parameter `index` (from 1).
bool bind_cell(duckdb_prepared_statement statement, idx_t index, const Cell& cell);

}  // namespace reelhouse::engine::duckdb
