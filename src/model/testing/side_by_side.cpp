#include "model/testing/side_by_side.hpp"

#include <algorithm>
#include <mutex>
#include <optional>
#include <thread>

namespace reelhouse::model {
namespace {

/// Hands out tests one by one, and their outcomes in order.
class TestQueue {
 public:
  TestQueue(const Binding& binding, const std::vector<ModelTest>& tests,
            const std::function<void(const ModelTest&, const TestOutcome&)>& on_outcome)
      : binding_(binding), tests_(tests), on_outcome_(on_outcome), outcomes_(tests.size()) {}

  void work() {
    const auto runner = TestRunner::make(binding_);
    if (!runner) return stop(runner.error());
    while (const ModelTest* test = next()) {
      const auto outcome = (*runner)->run(*test);
      if (!outcome) return stop(outcome.error());
      hand_over(static_cast<size_t>(test - tests_.data()), *outcome);
    }
  }

  Result<> finish() {
    if (error_) return fail(*error_);
    return {};
  }

 private:
  const ModelTest* next() {
    const std::lock_guard lock(mutex_);
    return error_ || next_ == tests_.size() ? nullptr : &tests_[next_++];
  }

  void stop(const Error& error) {
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = error;
  }

  void hand_over(size_t test, const TestOutcome& outcome) {
    const std::lock_guard lock(mutex_);
    outcomes_[test] = outcome;
    for (; told_ < outcomes_.size() && outcomes_[told_]; ++told_)
      on_outcome_(tests_[told_], *outcomes_[told_]);
  }

  const Binding& binding_;
  const std::vector<ModelTest>& tests_;
  const std::function<void(const ModelTest&, const TestOutcome&)>& on_outcome_;
  std::mutex mutex_;
  size_t next_ = 0;
  size_t told_ = 0;
  std::vector<std::optional<TestOutcome>> outcomes_;
  std::optional<Error> error_;
};

}  // namespace

Result<> run_tests(const Binding& binding, const std::vector<ModelTest>& tests, size_t workers,
                   const std::function<void(const ModelTest&, const TestOutcome&)>& on_outcome) {
  TestQueue queue(binding, tests, on_outcome);
  {
    std::vector<std::jthread> threads;
    for (size_t i = 0; i < std::min(workers, tests.size()); ++i)
      threads.emplace_back([&queue] { queue.work(); });
  }
  return queue.finish();
}

}  // namespace reelhouse::model
