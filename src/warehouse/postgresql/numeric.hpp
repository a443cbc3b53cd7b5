#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/chunk.hpp"

namespace reelhouse::warehouse::postgresql {

/// Appends a decimal's binary form (numeric_send in PostgreSQL's numeric.c): counts of base-10000 digits,
/// weight of the first, sign, scale, then the digits, all 16-bit in network order. `value` is the decimal
/// without its point.
void append_numeric(std::string& bytes, engine::Wide value, unsigned scale);

/// Reads the binary form back as digits without the point, with `scale` digits behind it; nothing when it
/// is no finite number, has more digits behind the point, or does not fit.
std::optional<engine::Wide> read_numeric(std::string_view bytes, unsigned scale);

/// Renders a number without its point as text.
std::string decimal_text(engine::Wide value);

}  // namespace reelhouse::warehouse::postgresql
