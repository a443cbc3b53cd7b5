#pragma once

#include <optional>

#include "catalog/block_reader.hpp"
#include "catalog/format.hpp"

namespace reelhouse::catalog {

/// Decides whether the first record of a sample names the fields, and sets has_header and fields of
/// `format`, whose dialect is known. Names are text, not numbers or dates; where every column holds
/// text they must be complete, distinct, short and not occur in their own columns. Without a header
/// there are `usual_fields` fields, column_1 and so on.
/// A preamble is not passed over: the sample begins behind it.
void find_header(const Block& sample, size_t usual_fields, std::optional<bool> fixed, Format& format);

/// True when the first record of a sample can be nothing but a header: complete, distinct names, and below
/// at least one of them nearly all is numbers, dates or times.
bool names_columns_of_other_kinds(const Block& sample, const Format& format);

}  // namespace reelhouse::catalog
