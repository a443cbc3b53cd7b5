#pragma once

#include <string>

#include "base/result.hpp"
#include "warehouse/versions.hpp"

namespace reelhouse::warehouse::postgresql {

/// The schemas of one warehouse in a database.
struct Names {
  std::string fixed;   ///< reelhouse: views with the tables' plain names, for BI tools
  std::string reader;  ///< the role that may read

  std::string meta() const { return fixed + "_meta"; }  ///< what versions there are, and which is current
  std::string data() const { return fixed + "_data"; }  ///< tables named by fingerprint
  std::string version(int number) const;                ///< reelhouse_v000014: views of one version
  /// Names the advisory lock that a publisher holds.
  int64_t lock() const;
  /// The comment that marks a schema as ours.
  std::string mark() const { return "reelhouse: versions of " + fixed + ", layout 1"; }
};

/// Errors: kUsage (a schema's name that is not lower case letters, digits and '_', or too long).
Result<Names> make_names(const WarehouseOptions& options);

/// Names the data table of a build: "fct_title__1a2b3c4d5e6f", 63 bytes at most. Other rows or keys under
/// the same fingerprint make another name.
std::string data_name(const PublishedTable& table);

/// Names a constraint or an index after what it is on, 63 bytes at most, always the same.
std::string object_name(const std::string& kind, const std::string& on, const std::string& told_apart_by);

}  // namespace reelhouse::warehouse::postgresql
