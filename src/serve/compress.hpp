#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "serve/http.hpp"

namespace reelhouse::serve {

/// Compresses as gzip (RFC 1952); level 1 is the fastest, 9 the smallest.
std::string gzip(std::string_view text, int level);

/// One gzip stream, made piece by piece: what was packed can be unpacked at once.
class GzipStream {
 public:
  GzipStream();
  ~GzipStream();
  GzipStream(const GzipStream&) = delete;
  GzipStream& operator=(const GzipStream&) = delete;
  /// Packs a piece; the last one ends the stream.
  std::string pack(std::string_view piece, bool last);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Compresses the body where it is worth it (text of more than 1 KB) and the client takes gzip.
void compress(const Request& request, Response& response);

}  // namespace reelhouse::serve
