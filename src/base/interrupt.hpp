#pragma once

#include <cstdint>
#include <functional>
#include <memory>

namespace reelhouse {

/// True once SIGINT or SIGTERM came (or `request_interrupt` was called); long loops look at it.
bool interrupted();
void request_interrupt();
/// Forgets an interrupt that was dealt with, so that it does not stop what comes next.
void clear_interrupt();
/// True once a signal came, also when the interrupt was cleared since.
bool signalled();

/// Catches SIGINT and SIGTERM from now on: the first sets `interrupted()` and calls every callback
/// (from a thread of its own, so that they may lock); a second one ends the process at once.
void catch_signals();

/// Calls `action` when an interrupt comes, until destroyed.
class OnInterrupt {
 public:
  explicit OnInterrupt(std::function<void()> action);
  ~OnInterrupt();
  OnInterrupt(const OnInterrupt&) = delete;
  OnInterrupt& operator=(const OnInterrupt&) = delete;

 private:
  uint64_t id_;
};

}  // namespace reelhouse
