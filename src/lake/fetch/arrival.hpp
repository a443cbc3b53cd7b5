#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lake/fetch/deliveries.hpp"
#include "lake/http/retry.hpp"

namespace reelhouse::lake {

/// Who fetches, and how.
struct Fetching {
  Transport& transport;
  RetryPolicy policy;
  Timing& timing;
  std::filesystem::path work;
};

/// One file of a source, here and checked; or found to be as it was.
struct CheckedFile {
  bool unchanged = false;  ///< its objects are those of the delivery before
  FetchedFile record;
  std::vector<FolderFile> stored;  ///< what becomes objects; empty when unchanged
  std::filesystem::path part;      ///< the download, to be removed when all has arrived
  uint64_t received = 0;           ///< bytes that came over the wire
};

/// Downloads one file unless it is as `before` says, checks it and unpacks it; one that came damaged is
/// downloaded once more. Errors: as fetch().
Result<CheckedFile> fetch_file(const FetchFile& file, const std::string& dataset, const FetchedFile* before,
                               const Fetching& with);

/// Removes what fetch_file kept of a file.
void forget(const CheckedFile& file);

}  // namespace reelhouse::lake
