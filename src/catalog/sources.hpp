#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "catalog/format.hpp"

namespace reelhouse::catalog {

/// A table that the project expects in the lake, as sources/<dataset>.yml declares it:
///
///   dataset: shop                    # the folder raw/shop
///   description: ...
///   optional: true                   # false: a lake without it cannot be built
///   missing: "Without the shop files there are no orders ..."   # told to who asks for what it feeds
///   unreadable: error                # or warn: go on without an object that cannot be read
///   tables:
///     shop_order:
///       files: orders.*.tsv*     # glob on the object's name below the drop; default *
///       description: ...
///       columns: [order_id, customer, amount]      # column names that models rely on
///       optional_columns: [x]        # used where present, null elsewhere
///       aliases: {id: order_id}  # other spellings of a column that a drop may use
///       quote: none                  # also delimiter, header, encoding: fix what the content leaves open
///       min_rows_of_previous: 0.5    # a newer drop with a smaller share of rows stops the publish
struct SourceTable {
  std::string name;
  std::string dataset;
  std::string files = "*";
  std::string description;
  std::vector<std::string> columns;
  std::vector<std::string> optional_columns;
  std::vector<std::pair<std::string, std::string>> aliases;  ///< (spelling in a drop, column)
  FormatOverride format;
  double min_rows_of_previous = 0.5;
  std::string where;  ///< file:line of its declaration
};

struct Source {
  std::string dataset;
  std::string description;
  bool optional = false;
  bool unreadable_is_error = true;
  std::string missing;
  std::vector<SourceTable> tables;
  std::string where;
};

/// Reads every sources/*.yml of a project, sorted by dataset. Errors: kProject with file and line.
Result<std::vector<Source>> load_sources(const std::filesystem::path& project);

}  // namespace reelhouse::catalog
