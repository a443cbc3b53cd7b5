#pragma once

#include <string>
#include <vector>

#include "catalog/profile.hpp"
#include "catalog/sources.hpp"

namespace reelhouse::catalog {

/// Names the columns of an object, one a field: column_names(), then the table's aliases. An alias does
/// nothing where a field makes the column's name itself, but that it says which one is meant of several
/// that do: the only one spelled exactly as the alias, or the one of that number (`revenue_2: revenue`).
std::vector<std::string> columns_of(const std::vector<std::string>& fields, const SourceTable* declared);

/// Says which declared column two fields make that hold different values, and how to say which is meant;
/// "" when there is none. Columns that are not declared get a number, and nothing is said.
std::string ambiguous_columns(const ObjectProfile& profile, const SourceTable& declared);

}  // namespace reelhouse::catalog
