#pragma once

#include <filesystem>
#include <string>

#include "lake/fetch/part.hpp"
#include "lake/fetch/url.hpp"
#include "lake/http/retry.hpp"

namespace reelhouse::lake {

/// One file to ask a server for.
struct DownloadRequest {
  Url url;
  std::string name;           ///< for people
  std::string authorization;  ///< header for the URL's own host; empty = none
  std::string login_hint;     ///< what to do when we are not let in
  std::string known_etag;     ///< of what we have; asked for only when it differs
  std::string known_last_modified;
  std::filesystem::path part;  ///< where bytes are kept
};

struct Downloaded {
  bool not_modified = false;   ///< the server says that what we have is what it has
  std::filesystem::path file;  ///< the part, whole; still as it was encoded for the transfer
  FileHead head;
  uint64_t received = 0;  ///< bytes that came over the wire
};

/// Downloads a file, going on where an earlier try or process was cut when the file is still the same.
/// Follows redirects within http and https; the login goes to the first host only. Tries again what may pass
/// (429, 5xx, cut, stalled), as often as `policy` says without getting further, and waits as long as a server
/// asks for, up to `policy.longest`.
/// Errors: kUnavailable, kPermission, kNotFound, kDamaged, kFull, kInterrupted.
Result<Downloaded> download(const DownloadRequest& request, Transport& transport, const RetryPolicy& policy,
                            Timing& timing);

/// Reads a small text, such as a list of checksums. Errors: as download.
Result<std::string> download_text(const DownloadRequest& request, Transport& transport,
                                  const RetryPolicy& policy, Timing& timing);

}  // namespace reelhouse::lake
