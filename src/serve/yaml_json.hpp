#pragma once

#include <string>

#include "base/json.hpp"
#include "base/result.hpp"

namespace reelhouse::serve {

/// Turns YAML into JSON: plain scalars that look like numbers, true, false or null become those, quoted
/// ones stay text; keys keep their order. Errors: kProject with `name` and the line.
Result<Json> yaml_to_json(const std::string& text, const std::string& name);

}  // namespace reelhouse::serve
