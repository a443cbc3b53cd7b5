#pragma once

#include <functional>
#include <vector>

#include "base/progress.hpp"
#include "lake/object_store.hpp"

namespace reelhouse::lake::s3 {

/// Brings one object; a large one may use several connections of its own.
using Fetch = std::function<Result<>(const ObjectInfo& info, Progress* progress)>;

/// Brings objects: the large ones a few at a time, then the small ones by `threads`. What fails
/// for one object is passed over; a full disk, an interrupt, and a server that does not answer several
/// times running end it. Errors: kFull, kInterrupted, kUnavailable.
Result<> prefetch_all(std::vector<ObjectInfo> objects, size_t threads, const Fetch& fetch);

}  // namespace reelhouse::lake::s3
