#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "serve/http.hpp"

namespace reelhouse::serve {

/// Runs work on a few threads, one client after the other: who asks for much waits for itself, not the
/// others. Thread-safe.
class FairQueue {
 public:
  /// Slow work (exports, lineage) never takes all the threads.
  enum class Lane { kQuick, kSlow };
  struct Task {
    std::string client;  ///< whose turn it takes
    Lane lane = Lane::kQuick;
    std::shared_ptr<Cancel> cancel;  ///< work cancelled while it waits is dropped without being run
    std::function<void()> run;
  };

  /// Keeps at most `capacity` tasks waiting, of one client at most `per_client`.
  FairQueue(size_t threads, size_t capacity, size_t per_client);
  ~FairQueue();
  FairQueue(const FairQueue&) = delete;
  FairQueue& operator=(const FairQueue&) = delete;

  /// False when there is no room (or after stop).
  bool push(Task task);
  /// Calls the hooks of running work that was cancelled once more.
  void nudge();
  /// Cancels what runs, drops what waits, and joins the threads.
  void stop();
  size_t waiting() const;
  size_t running() const;

 private:
  /// The clients that wait, each with its tasks in order; the front has the next turn.
  struct Round {
    std::list<std::pair<std::string, std::deque<Task>>> clients;
    std::map<std::string, std::list<std::pair<std::string, std::deque<Task>>>::iterator> places;
    size_t running = 0;

    void push(Task task);
    Task pop();
    size_t waiting_of(const std::string& client) const;
  };

  void work();
  bool can_run(Lane lane) const;
  Round& round(Lane lane) { return rounds_[static_cast<size_t>(lane)]; }
  const Round& round(Lane lane) const { return rounds_[static_cast<size_t>(lane)]; }

  const size_t slow_at_once_;
  const size_t capacity_;
  const size_t per_client_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  Round rounds_[2];
  Lane last_ = Lane::kSlow;
  size_t waiting_ = 0;
  std::list<std::shared_ptr<Cancel>> running_;
  std::vector<std::thread> threads_;
};

}  // namespace reelhouse::serve
