#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/digest.hpp"
#include "lake/http/transport.hpp"

namespace reelhouse::lake::s3 {

/// One checksum that a server states about an object's whole content.
struct Check {
  DigestKind kind;
  std::string text;     ///< as the server renders it
  bool is_hex = false;  ///< ETags are hexadecimal, x-amz-checksum-* are base64

  bool holds(const Digest& digest) const;
};

/// Reads what an answer about a whole object lets one verify: the ETag when it is the content's MD5 (not
/// of a multipart upload, not encrypted with a key of KMS or the customer's), and one x-amz-checksum-*.
std::vector<Check> checks_of(const HttpResponse& head);

/// True when the answer's ETag is made from the content's MD5: of all of it, or of its parts.
bool etag_is_of_content(const HttpResponse& head);

/// Number of parts that a multipart ETag names ("...-12"); 0 for others.
uint64_t parts_of_etag(const std::string& etag);

/// The ETag that S3 gives to an upload of these parts: MD5 of the parts' MD5s, and their number.
std::string multipart_etag(const std::vector<std::string>& md5_of_parts);

/// Verifies a piece of a file; MD5 by hash_side_by_side. Errors: as read_piece.
Result<bool> all_hold(const std::vector<Check>& checks, const FilePiece& piece, const std::string& name);

/// Reads a whole piece of a file to where there is room for it. Errors: as read_piece.
Result<> read_at(const FilePiece& piece, const std::string& name, std::byte* into);

/// Reads a piece of a file front to back. Errors: kUnavailable; kBusy when it ends before.
Result<> read_piece(const FilePiece& piece, const std::string& name,
                    const std::function<void(std::span<const std::byte>)>& take);

}  // namespace reelhouse::lake::s3
