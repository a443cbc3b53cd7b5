#pragma once

#include <cstddef>
#include <functional>

#include "base/result.hpp"

namespace reelhouse::lake::s3 {

/// Calls `act` with 0 to `count` - 1, on up to `threads` threads of which the caller's is one, and returns when
/// all have ended. After an error no further call begins; the first error is returned.
Result<> each_part(size_t count, size_t threads, const std::function<Result<>(size_t)>& act);

}  // namespace reelhouse::lake::s3
