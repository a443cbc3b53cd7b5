#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "warehouse/postgresql/connection.hpp"

namespace reelhouse::warehouse::postgresql {

/// How long readers may be kept waiting where they read the current version's tables.
inline constexpr std::chrono::milliseconds kShortWait{40};

/// Writes a block for the server that runs statements which lock what others read, waiting no longer than
/// `bound`, and a quarter of deadlock_timeout, for all of them together: readers queue behind a lock that is
/// waited for, and one that waits in a circle with us is ended by the server once deadlock_timeout is over.
/// What took too long fails with 55P03, and the transaction with it.
std::string locking_block(const Connection& connection, const std::vector<std::string>& statements,
                          std::chrono::milliseconds bound);

}  // namespace reelhouse::warehouse::postgresql
