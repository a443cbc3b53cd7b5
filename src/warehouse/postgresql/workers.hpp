#pragma once

#include <functional>
#include <string>
#include <vector>

#include "warehouse/postgresql/connection.hpp"

namespace reelhouse::warehouse::postgresql {

using Job = std::function<Result<>(Connection&)>;

/// Does jobs in their order on up to `connections` connections, each of which `begin` has prepared; returns
/// the first error, upon which the other jobs are cancelled. No more connections are made than jobs.
Result<> work(const Location& location, const std::string& purpose, size_t connections, const Job& begin,
              const std::vector<Job>& jobs);

/// How many connections load or read at once on this machine.
size_t connections_at_once();

/// "reelhouse publish on <host> (process 4711)".
std::string purpose_of(const std::string& doing);

}  // namespace reelhouse::warehouse::postgresql
