#include "lake/s3/each_part.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

namespace reelhouse::lake::s3 {

Result<> each_part(size_t count, size_t threads, const std::function<Result<>(size_t)>& act) {
  std::atomic<size_t> next = 0;
  std::atomic<bool> stop = false;
  std::mutex mutex;
  Result<> outcome;
  const auto work = [&] {
    for (size_t i = next++; i < count && !stop; i = next++) {
      auto acted = act(i);
      if (acted) continue;
      stop = true;
      const std::lock_guard lock(mutex);
      if (outcome) outcome = std::move(acted);
    }
  };
  {
    std::vector<std::jthread> workers;
    for (size_t i = 1; i < std::min(threads, count); ++i) workers.emplace_back(work);
    work();
  }
  return outcome;
}

}  // namespace reelhouse::lake::s3
