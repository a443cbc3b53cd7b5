#pragma once

#include <optional>
#include <string>

#include "lake/s3/client.hpp"

namespace reelhouse::lake::s3 {

/// Metadata that tells one write from every other, so that a writer whose answer was lost can see whether
/// the object is its own.
inline constexpr const char* kWriteMark = "x-amz-meta-reelhouse-write";
std::string new_write_mark();
/// The object's ETag when it carries this mark. Errors: kPermission, kUnavailable, kInterrupted.
Result<std::optional<std::string>> etag_of_marked(const Client& client, const std::string& key,
                                                  const std::string& mark);

/// What the server stored of a piece.
struct StoredPiece {
  std::string etag;
  std::string md5;           ///< of what was read, as bytes
  bool etag_is_md5 = false;  ///< the ETag was compared with it
};

/// Sends a piece of a file as the body of `request`, with its SHA-256 and MD5, which the server checks,
/// and compares the ETag that comes back.
tl::expected<StoredPiece, Failure> put_piece(const Client& client, Request request, const FilePiece& piece,
                                             const std::string& file_name);

}  // namespace reelhouse::lake::s3
