#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

namespace reelhouse {

/// Shows how far a long step is, on standard error: a bar that redraws itself on a terminal after
/// two seconds, a plain line every ten seconds otherwise (and nothing for a step that ends sooner).
/// Thread-safe; one bar at a time is drawn, the newest step's.
class Progress {
 public:
  /// Starts a step. `total` is in `unit` ("rows", "bytes"); 0 when unknown.
  Progress(std::string step, uint64_t total, std::string unit);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  void add(uint64_t amount) { done_.fetch_add(amount, std::memory_order_relaxed); }
  void set_total(uint64_t total) { total_ = total; }

  /// Silences every bar of this process (--quiet).
  static void set_quiet(bool quiet);

 private:
  friend class ProgressPainter;
  std::string step_;
  std::string unit_;
  std::atomic<uint64_t> total_;
  std::atomic<uint64_t> done_{0};
  int64_t started_ms_;
};

}  // namespace reelhouse
