#include "warehouse/postgresql/locks.hpp"

namespace reelhouse::warehouse::postgresql {

std::string locking_block(const Connection& connection, const std::vector<std::string>& statements,
                          std::chrono::milliseconds bound) {
  std::string block = fmt::format(
      "declare began timestamptz := clock_timestamp(); "
      "bound int := least({}, extract(epoch from current_setting('deadlock_timeout')::interval) * 250)::int; "
      "begin ",
      bound.count());
  for (const auto& statement : statements)
    block += fmt::format(
        "perform set_config('lock_timeout', greatest(1, bound - (extract(epoch from clock_timestamp() - "
        "began) * 1000)::int)::text, true); execute {}; ",
        connection.quoted(statement));
  return "do " + connection.quoted(block + "end");
}

}  // namespace reelhouse::warehouse::postgresql
