#include "base/interrupt.hpp"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <map>
#include <mutex>
#include <thread>

namespace reelhouse {
namespace {

std::atomic<bool> flag{false};
std::atomic<bool> had_signal{false};
std::mutex actions_mutex;
std::map<uint64_t, std::function<void()>> actions;
uint64_t next_id = 0;

}  // namespace

bool interrupted() {
  return flag.load(std::memory_order_relaxed);
}

void clear_interrupt() {
  flag = false;
}

bool signalled() {
  return had_signal;
}

void request_interrupt() {
  flag = true;
  const std::lock_guard lock(actions_mutex);
  for (const auto& [id, action] : actions) action();
}

void catch_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::thread([set] {
    while (true) {
      int signal = 0;
      if (sigwait(&set, &signal) != 0) return;
      if (had_signal.exchange(true)) ::_exit(130);
      request_interrupt();
    }
  }).detach();
}

OnInterrupt::OnInterrupt(std::function<void()> action) {
  const std::lock_guard lock(actions_mutex);
  id_ = next_id++;
  actions.emplace(id_, std::move(action));
}

OnInterrupt::~OnInterrupt() {
  const std::lock_guard lock(actions_mutex);
  actions.erase(id_);
}

}  // namespace reelhouse
