#pragma once

#include <string>

#include "base/result.hpp"
#include "lake/fetch/fetch.hpp"

namespace reelhouse::lake {

/// Makes the Authorization header of a file's requests from its variables or its login file; empty when
/// nothing is declared or set. Errors: kUsage (one of two variables is missing; a login file that does not
/// hold what it should; a line break in a secret), kPermission.
Result<std::string> authorization_of(const FetchFile& file);

/// Says what to set so that a server lets us in; for hints.
std::string login_hint(const FetchFile& file);

}  // namespace reelhouse::lake
