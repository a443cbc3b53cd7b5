#pragma once

#include <string>

#include "engine/engine.hpp"
#include "metric/definition.hpp"

namespace reelhouse::metric {

/// Writes one left join on the key that is unique on its far side; `base` is what a join without a `from`
/// comes from: the fact, or a bridge.
inline std::string left_join(const Join& join, const std::string& base = "fact") {
  using engine::quote_name;
  return fmt::format("left join {0} as {1} on {1}.{2} = {3}.{4}", quote_name(join.table),
                     quote_name(join.name), quote_name(join.key),
                     quote_name(join.from.empty() ? base : join.from), quote_name(join.column));
}

}  // namespace reelhouse::metric
