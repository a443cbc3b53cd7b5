#pragma once

#include <string>
#include <string_view>

#include "serve/http.hpp"

namespace reelhouse::serve {

/// Compresses as gzip (RFC 1952); level 1 is the fastest, 9 the smallest.
std::string gzip(std::string_view text, int level);

/// Compresses the body where it is worth it (text of more than 1 KB) and the client takes gzip.
void compress(const Request& request, Response& response);

}  // namespace reelhouse::serve
