#include "warehouse/postgresql/workers.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <thread>

namespace reelhouse::warehouse::postgresql {

size_t connections_at_once() {
  constexpr unsigned kFewest = 2;
  constexpr unsigned kMost = 4;
  return std::clamp(std::thread::hardware_concurrency(), kFewest, kMost);
}

std::string purpose_of(const std::string& doing) {
  std::array<char, 64> host{};
  (void)::gethostname(host.data(), host.size() - 1);
  return fmt::format("reelhouse {} on {} (process {})", doing, host.data(), ::getpid());
}

Result<> work(const Location& location, const std::string& purpose, size_t connections, const Job& begin,
              const std::vector<Job>& jobs) {
  std::atomic<bool> stop = false;
  std::atomic<size_t> next = 0;
  std::mutex mutex;
  std::optional<Error> first;
  const auto run = [&]() -> Result<> {
    RH_ASSIGN(const auto connection, Connection::open(location, purpose));
    connection->stop_on(&stop);
    RH_TRY(begin(*connection));
    for (size_t job = next++; job < jobs.size() && !stop; job = next++) RH_TRY(jobs[job](*connection));
    return {};
  };
  std::vector<std::thread> threads;
  for (size_t i = 0; i < std::min(connections, jobs.size()); ++i)
    threads.emplace_back([&] {
      if (auto done = run(); !done) {
        const std::lock_guard lock(mutex);
        if (!first) first = std::move(done).error();
        stop = true;
      }
    });
  for (auto& thread : threads) thread.join();
  if (first) return fail(std::move(*first));
  return {};
}

}  // namespace reelhouse::warehouse::postgresql
