#pragma once

#include <string_view>

#include "base/result.hpp"

namespace reelhouse::catalog {

/// Names what other kind of file the first bytes give away ("a ZIP archive"); empty when none.
std::string_view foreign_kind(std::string_view head);

/// True when text holds more control characters than damage explains.
bool looks_binary(std::string_view text);

/// True for JSON that is one document over the whole file (an array, or an object over several lines)
/// instead of one object a line. `text` begins with '{' or '['.
bool is_one_json_document(std::string_view text);

/// The error for content that is none of the formats. `what`: "a ZIP archive", "binary data".
tl::unexpected<Error> not_understood(std::string_view what, const std::string& file_name);

}  // namespace reelhouse::catalog
