#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/clock.hpp"
#include "serve/http_server.hpp"

namespace reelhouse::serve {

/// Writes one line of JSON for each exchange, from a thread of its own: a full pipe or a slow disk makes
/// lines be dropped (and counted), and nobody wait. No parameters, headers or bodies are written.
class AccessLog {
 public:
  /// Opens "-" (standard error), "none" or a file, to whose end lines are added. `clock` must outlive it.
  /// Errors: kPermission, kNotFound and others of the file.
  static Result<std::unique_ptr<AccessLog>> open(const std::string& place, const Clock& clock);
  ~AccessLog();
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  void write(const Exchange& exchange);
  uint64_t dropped() const { return dropped_; }

 private:
  AccessLog(int descriptor, bool owned, const Clock& clock);
  void work();
  bool write_line(const std::string& line);

  int descriptor_;
  bool owned_;
  const Clock& clock_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::string> lines_;
  std::atomic<bool> stopping_ = false;
  std::atomic<uint64_t> dropped_ = 0;
  std::thread thread_;
};

}  // namespace reelhouse::serve
