#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace reelhouse::project {

/// Changes whenever somebody writes, adds or removes one of these files, or one in these folders: name, inode,
/// size and time of each. Reads no content. What is not there is a state of its own.
std::string stamp_of(const std::vector<std::filesystem::path>& places);

/// Something that is read when it is first asked for, and again when it is asked for under another stamp. Who
/// holds what was read before keeps it. Thread-safe; several who ask at once make one read.
template <typename T>
class Kept {
 public:
  /// Errors: those of `read`; nothing is kept then.
  Result<std::shared_ptr<T>> get(const std::string& stamp,
                                 const std::function<Result<std::shared_ptr<T>>()>& read) {
    const std::lock_guard lock(mutex_);
    if (value_ && stamp == stamp_) return value_;
    value_.reset();
    ++reads_;
    RH_ASSIGN(value_, read());
    stamp_ = stamp;
    return value_;
  }
  /// How often it was read; for tests.
  int reads() const {
    const std::lock_guard lock(mutex_);
    return reads_;
  }

 private:
  mutable std::mutex mutex_;
  std::string stamp_;
  std::shared_ptr<T> value_;
  int reads_ = 0;
};

}  // namespace reelhouse::project
