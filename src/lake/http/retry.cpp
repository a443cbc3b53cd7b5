#include "lake/http/retry.hpp"

#include <algorithm>
#include <mutex>
#include <random>
#include <thread>

#include "base/interrupt.hpp"

namespace reelhouse::lake {
namespace {

class SystemTiming final : public Timing {
 public:
  Time now() const override { return SystemClock().now(); }

  Milliseconds elapsed() const override {
    return std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now().time_since_epoch());
  }

  bool wait(Milliseconds time) override {
    const Milliseconds end = elapsed() + time;
    while (!interrupted()) {
      const Milliseconds left = end - elapsed();
      if (left.count() <= 0) return true;
      std::this_thread::sleep_for(std::min(left, Milliseconds(50)));
    }
    return false;
  }

  double chance() override {
    const std::lock_guard lock(mutex_);
    return std::uniform_real_distribution<double>(0, 1)(random_);
  }

 private:
  std::mutex mutex_;
  std::mt19937_64 random_{std::random_device{}()};
};

}  // namespace

std::shared_ptr<Timing> make_system_timing() {
  return std::make_shared<SystemTiming>();
}

Retry::Next Retry::again(int attempts, Milliseconds at_least) {
  ++failed_;
  if (failed_ >= attempts) return Next::kGiveUp;
  double bound = static_cast<double>(policy_.first.count());
  for (int i = 1; i < failed_ && bound < static_cast<double>(policy_.longest.count()); ++i) bound *= 2;
  bound = std::min(bound, static_cast<double>(policy_.longest.count()));
  auto pause = Milliseconds(static_cast<int64_t>(bound * timing_.chance()));
  pause = std::max(pause, std::min(at_least, policy_.longest));
  if (pause >= left()) return Next::kGiveUp;
  return timing_.wait(pause) ? Next::kTry : Next::kInterrupted;
}

void Retry::progressed() {
  failed_ = 0;
  begun_ = timing_.elapsed();
}

}  // namespace reelhouse::lake
