#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "catalog/crawled_object.hpp"

namespace reelhouse::catalog {

/// Reads one object whole; profile_object outside of tests.
using ObjectProfiler =
    std::function<Result<ObjectProfile>(const std::filesystem::path& file, const std::string& file_name,
                                        const FormatOverride& fixed, int threads, Progress* progress)>;

/// Reads the given objects: the small ones side by side, each large one with all threads. Fills in
/// profile and rejects, or read_problem: one object that cannot be read does not stop the others. One
/// that was written after it was listed is read as it is now, and its info becomes that version's.
/// `threads` 0 = one a core.
/// Errors: kInterrupted; kFull (no space for a copy of an object); kUnavailable (the lake is out of reach).
Result<> read_objects(const lake::ObjectStore& lake, std::vector<CrawledObject*> objects, int threads,
                      const ObjectProfiler& profiler);

/// Opens a catalog that reads objects by `profiler`. Errors: as open_catalog(file).
Result<std::unique_ptr<Catalog>> open_catalog(const std::filesystem::path& file, ObjectProfiler profiler);

}  // namespace reelhouse::catalog
