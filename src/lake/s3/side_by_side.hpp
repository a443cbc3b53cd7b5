#pragma once

#include <span>
#include <string>

#include "base/md5.hpp"
#include "lake/http/transport.hpp"

namespace reelhouse::lake::s3 {

/// Adds a piece of a file to an MD5. Threads that do so at the same time meet: one of them hashes all
/// their pieces side by side, which takes little longer than one. The first waits for others about as long as
/// hashing alone takes, at most 0.1 s. Errors: kUnavailable; kBusy when the file ends before the piece does.
Result<> hash_side_by_side(Md5& md5, const FilePiece& piece, const std::string& name);

/// A piece of a file and the MD5 that it is added to.
struct HashedPiece {
  Md5 md5;
  FilePiece piece;
};

/// Adds each piece to its own MD5, eight at a time, in the caller's thread. Each MD5 stands between blocks.
/// Errors: as hash_side_by_side.
Result<> hash_together(std::span<HashedPiece> pieces, const std::string& name);

}  // namespace reelhouse::lake::s3
