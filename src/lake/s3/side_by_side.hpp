#pragma once

#include <string>

#include "lake/s3/http.hpp"
#include "lake/s3/md5.hpp"

namespace reelhouse::lake::s3 {

/// Adds a piece of a file to an MD5. Threads that do so at the same time meet: one of them hashes all
/// their pieces side by side, which takes little longer than one. The first waits up to `patience` for
/// others. Errors: kUnavailable; kBusy when the file ends before the piece does.
Result<> hash_side_by_side(Md5& md5, const FilePiece& piece, const std::string& name, Milliseconds patience);

/// How long company is worth waiting for: about as long as hashing alone takes.
Milliseconds patience_for(uint64_t bytes);

}  // namespace reelhouse::lake::s3
