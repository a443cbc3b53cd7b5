#pragma once

#include <nlohmann/json.hpp>

namespace reelhouse {

/// JSON that keeps the order in which keys were written: receipts and answers read better.
using Json = nlohmann::ordered_json;

}  // namespace reelhouse
