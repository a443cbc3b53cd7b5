#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "catalog/drop_pattern.hpp"
#include "catalog/format.hpp"
#include "lake/fetch/fetch.hpp"

namespace reelhouse::catalog {

/// What share of the records or values that were delivered may be lost before somebody has to say so.
struct LossLimits {
  double may_lose = 0.05;    ///< above it nothing is published
  double warn_lost = 0.001;  ///< from it on it is told
};

/// A table that the project expects in the lake, as sources/<dataset>.yml declares it:
///
///   dataset: shop                    # the folder raw/shop
///   description: ...
///   optional: true                   # false: a lake without it cannot be built
///   missing: "Without the shop files there are no orders ..."   # told to who asks for what it feeds
///   unreadable: error                # or warn: go on without an object that cannot be read
///   max_age: 8d                      # a promise: older, it is late, which dashboards and alerts tell
///   age_of: arrival                  # of the newest object; or drop: of the newest drop's date
///   fetch: ...                       # where to download it from: lake/fetch/fetch.hpp
///   tables:
///     shop_order:
///       files: orders.*.tsv*         # glob on the object's name below the drop; default *
///       drop_pattern: orders.%Y%m%d.*  # which part of the name is its drop's day, where no folder names it
///       description: ...
///       columns: [order_id, customer, amount]  # column names that models rely on
///       optional_columns: [x]        # used where present, null elsewhere
///       aliases: {id: order_id}      # other spellings of a column that a drop may use; of two fields that
///                                    # make one name, the one that is meant: exactly as spelled, or `id_2`
///       escape: backslash            # \" is a quote in a value; found by itself where only that fits; or none
///       quote: none                  # also delimiter, header, encoding: fix what the content leaves open
///       conventions:                 # what no value of a delivery proves; what its values prove wins
///         ordered_on: day_first      # or month_first
///         amount: [decimal_comma, EUR]  # or decimal_point; a currency other than dollars
///       min_rows_of_previous: 0.5    # a newer drop with a smaller share of rows stops the publish
///       may_lose: 5%                 # a drop, object or column that loses more of its records or values does too
///       warn_lost: 0.1%              # one that loses this much is told
struct SourceTable {
  std::string name;
  std::string dataset;
  std::string files = "*";
  std::string description;
  std::vector<std::string> columns;
  std::vector<std::string> optional_columns;
  std::vector<std::pair<std::string, std::string>> aliases;  ///< (spelling in a drop, column)
  std::vector<std::string> spellings;  ///< of the aliases, one for each, as they are written
  std::vector<std::pair<std::string, std::string>> conventions;  ///< (column, one word of its convention)
  std::optional<DropPattern> drop_pattern;
  FormatOverride format;
  double min_rows_of_previous = 0.5;
  LossLimits limits;
  std::string where;  ///< file:line of its declaration
};

struct Source {
  std::string dataset;
  std::string description;
  bool optional = false;
  bool unreadable_is_error = true;
  std::string missing;
  std::chrono::seconds max_age{0};  ///< promised; 0 = nothing is
  bool age_of_drop = false;         ///< by the newest drop's date, not by when the newest object came
  std::optional<lake::FetchSource> fetch;
  std::vector<SourceTable> tables;
  std::string where;
};

/// Finds the declared table whose `files` glob means an object; the first one wins, null for none.
const SourceTable* find_claim(const std::vector<Source>& sources, const std::string& dataset,
                              const std::string& name);

/// Finds a declared table by its name; null when no source declares it.
const SourceTable* find_table(const std::vector<Source>& sources, const std::string& name);

/// Reads every sources/*.yml of a project, sorted by dataset. Errors: kProject with file and line.
Result<std::vector<Source>> load_sources(const std::filesystem::path& project);

}  // namespace reelhouse::catalog
