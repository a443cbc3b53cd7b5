#pragma once

#include <string>

#include "base/result.hpp"
#include "warehouse/postgresql/location.hpp"

namespace reelhouse::warehouse::postgresql {

/// Makes an Error of a connection that could not be made, in libpq's words without secrets.
Error connect_failure(const Location& location, const std::string& message, bool needs_password);

/// Makes an Error of a statement that the server refused.
Error statement_failure(const Location& location, const std::string& state, const std::string& message,
                        const std::string& detail, const std::string& hint);

}  // namespace reelhouse::warehouse::postgresql
