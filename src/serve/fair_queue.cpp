#include "serve/fair_queue.hpp"

#include <algorithm>

namespace reelhouse::serve {

void FairQueue::Round::push(Task task) {
  const auto place = places.find(task.client);
  if (place != places.end()) {
    place->second->second.push_back(std::move(task));
    return;
  }
  const std::string client = task.client;
  clients.emplace_back(client, std::deque<Task>{});
  clients.back().second.push_back(std::move(task));
  places[client] = std::prev(clients.end());
}

FairQueue::Task FairQueue::Round::pop() {
  const auto first = clients.begin();
  Task task = std::move(first->second.front());
  first->second.pop_front();
  if (first->second.empty()) {
    places.erase(first->first);
    clients.erase(first);
  } else {
    clients.splice(clients.end(), clients, first);
  }
  return task;
}

size_t FairQueue::Round::waiting_of(const std::string& client) const {
  const auto place = places.find(client);
  return place == places.end() ? 0 : place->second->second.size();
}

FairQueue::FairQueue(size_t threads, size_t capacity, size_t per_client)
    : slow_at_once_(std::max<size_t>(threads, 2) - 1), capacity_(capacity), per_client_(per_client) {
  for (size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

FairQueue::~FairQueue() {
  stop();
}

bool FairQueue::push(Task task) {
  {
    const std::lock_guard lock(mutex_);
    auto& lane = round(task.lane);
    if (stopping_ || waiting_ >= capacity_ || lane.waiting_of(task.client) >= per_client_) return false;
    ++waiting_;
    lane.push(std::move(task));
  }
  wake_.notify_one();
  return true;
}

bool FairQueue::can_run(Lane lane) const {
  if (round(lane).clients.empty()) return false;
  return lane == Lane::kQuick || round(lane).running < slow_at_once_;
}

void FairQueue::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [&] { return stopping_ || can_run(Lane::kQuick) || can_run(Lane::kSlow); });
    if (stopping_) return;
    // The lanes take turns, so that neither waits for the other to be empty.
    const Lane other = last_ == Lane::kQuick ? Lane::kSlow : Lane::kQuick;
    const Lane lane = can_run(other) ? other : last_;
    last_ = lane;
    Task task = round(lane).pop();
    --waiting_;
    if (task.cancel && task.cancel->cancelled()) continue;
    ++round(lane).running;
    const auto entry = running_.insert(running_.end(), task.cancel);
    lock.unlock();
    task.run();
    task = {};
    lock.lock();
    running_.erase(entry);
    --round(lane).running;
    if (lane == Lane::kSlow) wake_.notify_one();
  }
}

void FairQueue::nudge() {
  std::vector<std::shared_ptr<Cancel>> running;
  {
    const std::lock_guard lock(mutex_);
    running.assign(running_.begin(), running_.end());
  }
  for (const auto& cancel : running)
    if (cancel) cancel->nudge();
}

void FairQueue::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const auto& cancel : running_)
      if (cancel) cancel->cancel();
  }
  wake_.notify_all();
  while (running() > 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    nudge();
  }
  for (auto& thread : threads_)
    if (thread.joinable()) thread.join();
  threads_.clear();
}

size_t FairQueue::waiting() const {
  const std::lock_guard lock(mutex_);
  return waiting_;
}

size_t FairQueue::running() const {
  const std::lock_guard lock(mutex_);
  return running_.size();
}

}  // namespace reelhouse::serve
