#pragma once

#include <map>
#include <string>
#include <vector>

#include "catalog/catalog.hpp"

namespace reelhouse::catalog {

/// How the values of one column of one object are written, and how that is known.
struct Convention {
  std::vector<std::string> words;  ///< "month_first", "decimal_comma", "EUR", "day_serial", "undecided"
  std::string evidence;            ///< for people: "1,490 of 2,500 values prove it"
  std::string undecided;           ///< what is not known, for people; empty when all is decided
};

/// The conventions of one object by column; columns that are written in one way only are left out.
using ObjectConventions = std::map<std::string, Convention>;

/// Decides for each object of a table, in their order. A column of an object is judged by its own values; where
/// they prove nothing by the other date columns of the object, by the column in all other objects of the
/// table, whatever their order, and by what the source declares. What still has two readings is undecided.
/// `declared` may be null.
std::vector<ObjectConventions> decide_conventions(const CatalogTable& table, const SourceTable* declared);

/// Renders them as the column _convention of the raw table: ";join_date=month_first;fee=decimal_comma;".
std::string to_text(const ObjectConventions& conventions);

}  // namespace reelhouse::catalog
