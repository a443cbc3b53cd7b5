#pragma once

#include "base/clock.hpp"
#include "lake/http/transport.hpp"

namespace reelhouse::lake {

/// Time, waiting and chance; tests hand in a fake that waits for nothing.
class Timing : public Clock {
 public:
  /// Time that never jumps, for measuring.
  virtual Milliseconds elapsed() const = 0;
  /// Waits; false when an interrupt came meanwhile.
  virtual bool wait(Milliseconds time) = 0;
  /// Draws a number from 0 to 1, without 1.
  virtual double chance() = 0;
};

std::shared_ptr<Timing> make_system_timing();

/// How often and how long a request is tried.
struct RetryPolicy {
  int attempts = 10;               ///< without getting any further
  int attempts_no_connection = 7;  ///< when nobody answers at the address
  int attempts_unknown_host = 3;   ///< when the host's name is not known
  Milliseconds first{100};         ///< the longest first wait; it doubles
  Milliseconds longest{10'000};    ///< a wait is never longer
  Milliseconds deadline{180'000};  ///< from the first try, or from the last progress
  Milliseconds stall{30'000};      ///< see HttpRequest::stall
};

/// Counts one request's tries and waits between them: full jitter, any time from 0 to a bound that
/// doubles, so that many clients do not come back together.
class Retry {
 public:
  Retry(const RetryPolicy& policy, Timing& timing)
      : policy_(policy), timing_(timing), begun_(timing.elapsed()) {}

  enum class Next { kTry, kGiveUp, kInterrupted };
  /// Waits before the next try, at least `at_least` (a server's Retry-After). kGiveUp when tries or time
  /// are used up.
  Next again(int attempts, Milliseconds at_least = Milliseconds(0));
  /// Forgets the tries so far: the request got further.
  void progressed();
  /// Tries that failed so far.
  int failed() const { return failed_; }
  Milliseconds left() const { return policy_.deadline - (timing_.elapsed() - begun_); }

 private:
  const RetryPolicy& policy_;
  Timing& timing_;
  Milliseconds begun_;
  int failed_ = 0;
};

}  // namespace reelhouse::lake
