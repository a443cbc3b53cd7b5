#include "base/result.hpp"

#include <cerrno>
#include <cstring>

namespace reelhouse {

const char* name_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kUsage:
      return "usage";
    case ErrorKind::kProject:
      return "project";
    case ErrorKind::kNotFound:
      return "not_found";
    case ErrorKind::kPermission:
      return "permission";
    case ErrorKind::kDamaged:
      return "damaged";
    case ErrorKind::kUnavailable:
      return "unavailable";
    case ErrorKind::kFull:
      return "full";
    case ErrorKind::kBusy:
      return "busy";
    case ErrorKind::kCheckFailed:
      return "check_failed";
    case ErrorKind::kQuery:
      return "query";
    case ErrorKind::kInterrupted:
      return "interrupted";
    case ErrorKind::kInternal:
      return "internal";
  }
  return "internal";
}

std::string Error::to_string() const {
  std::string text = where.empty() ? message : where + ": " + message;
  if (!hint.empty()) text += "\n  " + hint;
  return text;
}

Error system_error(const std::string& doing, const std::string& path, int error_number) {
  Error error{ErrorKind::kUnavailable, doing + ": " + std::strerror(error_number), "", path};
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
      error.kind = ErrorKind::kNotFound;
      error.hint = "Check the path.";
      break;
    case EACCES:
    case EPERM:
    case EROFS:
      error.kind = ErrorKind::kPermission;
      error.hint = "Check who may read and write it.";
      break;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      error.kind = ErrorKind::kFull;
      error.hint = "Free space there, then run again.";
      break;
    default:
      break;
  }
  return error;
}

}  // namespace reelhouse
