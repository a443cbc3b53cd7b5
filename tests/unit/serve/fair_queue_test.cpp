#include "serve/fair_queue.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <thread>

#include <future>

namespace reelhouse::serve {
namespace {

using namespace std::chrono_literals;
using Lane = FairQueue::Lane;

/// Holds a queue's only thread until it is opened.
class Gate {
 public:
  void close(FairQueue& queue) {
    std::promise<void> entered;
    auto inside = entered.get_future();
    queue.push({"gate", Lane::kQuick, nullptr, [this, &entered] {
                  entered.set_value();
                  opened_.get_future().wait();
                }});
    inside.wait();
  }
  void open() { opened_.set_value(); }

 private:
  std::promise<void> opened_;
};

/// Collects what ran, in order, and waits for so many.
class ServedOrder {
 public:
  std::function<void()> note(const std::string& name) {
    return [this, name] {
      const std::lock_guard lock(mutex_);
      names_.push_back(name);
      wake_.notify_all();
    };
  }
  std::vector<std::string> wait_for(size_t count) {
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, 10s, [&] { return names_.size() >= count; });
    return names_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::string> names_;
};

TEST(FairQueue, GivesEachClientItsTurn) {
  ServedOrder order;
  Gate gate;
  FairQueue queue(1, 100, 100);
  gate.close(queue);
  for (int i = 0; i < 5; ++i) queue.push({"greedy", Lane::kQuick, nullptr, order.note("greedy")});
  queue.push({"modest", Lane::kQuick, nullptr, order.note("modest")});
  queue.push({"late", Lane::kQuick, nullptr, order.note("late")});
  EXPECT_EQ(queue.waiting(), 7);
  gate.open();
  EXPECT_THAT(order.wait_for(7),
              testing::ElementsAre("greedy", "modest", "late", "greedy", "greedy", "greedy", "greedy"));
}

TEST(FairQueue, LetsTheLanesTakeTurns) {
  ServedOrder order;
  Gate gate;
  FairQueue queue(1, 100, 100);
  gate.close(queue);
  for (int i = 0; i < 2; ++i) queue.push({"a", Lane::kQuick, nullptr, order.note("quick")});
  for (int i = 0; i < 2; ++i) queue.push({"b", Lane::kSlow, nullptr, order.note("slow")});
  gate.open();
  EXPECT_THAT(order.wait_for(4), testing::ElementsAre("slow", "quick", "slow", "quick"));
}

TEST(FairQueue, KeepsAThreadForQuickWork) {
  ServedOrder order;
  std::promise<void> release;
  const auto released = release.get_future().share();
  FairQueue queue(2, 100, 100);
  for (int i = 0; i < 4; ++i) queue.push({"slow", Lane::kSlow, nullptr, [released] { released.wait(); }});
  queue.push({"quick", Lane::kQuick, nullptr, order.note("quick")});
  EXPECT_THAT(order.wait_for(1), testing::ElementsAre("quick"));
  // The quick work is over a moment after its note; the other thread may be about to begin.
  for (int i = 0; i < 500 && (queue.running() != 1 || queue.waiting() != 3); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(queue.running(), 1);
  EXPECT_EQ(queue.waiting(), 3);
  release.set_value();
}

TEST(FairQueue, RefusesWhatItCannotHold) {
  Gate gate;
  FairQueue queue(1, 3, 2);
  gate.close(queue);
  EXPECT_TRUE(queue.push({"a", Lane::kQuick, nullptr, [] {}}));
  EXPECT_TRUE(queue.push({"a", Lane::kQuick, nullptr, [] {}}));
  EXPECT_FALSE(queue.push({"a", Lane::kQuick, nullptr, [] {}}));
  EXPECT_TRUE(queue.push({"b", Lane::kQuick, nullptr, [] {}}));
  EXPECT_FALSE(queue.push({"c", Lane::kQuick, nullptr, [] {}}));
  gate.open();
}

TEST(FairQueue, DropsCancelledWorkAndStopsRunningWork) {
  ServedOrder order;
  Gate gate;
  FairQueue queue(1, 100, 100);
  gate.close(queue);
  const auto gone = std::make_shared<Cancel>();
  queue.push({"a", Lane::kQuick, gone, order.note("gone")});
  const auto running = std::make_shared<Cancel>();
  std::promise<void> begun;  // outlived by no work: the queue is stopped below
  queue.push({"b", Lane::kQuick, running, [&] {
                std::promise<void> interrupted;
                std::atomic<int> calls = 0;
                // As a statement that had not begun when the first interrupt came.
                running->set_hook([&] {
                  if (++calls == 2) interrupted.set_value();
                });
                begun.set_value();
                interrupted.get_future().wait();
                running->set_hook({});
                order.note("interrupted")();
              }});
  gone->cancel();
  gate.open();
  begun.get_future().wait();
  queue.stop();
  EXPECT_THAT(order.wait_for(1), testing::ElementsAre("interrupted"));
  EXPECT_FALSE(queue.push({"c", Lane::kQuick, nullptr, [] {}}));
}

}  // namespace
}  // namespace reelhouse::serve
