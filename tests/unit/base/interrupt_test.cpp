#include "base/interrupt.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>

namespace reelhouse {
namespace {

using namespace std::chrono_literals;

// The flag stays for the life of a process: each case has a process of its own.
class Interrupt : public testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(Interrupt, CallsTheActionsOfThoseWhoLive) {
  const auto act = [] {
    std::atomic<int> called = 0;
    {
      const OnInterrupt gone([&] { called += 100; });
    }
    const OnInterrupt here([&] { called += 1; });
    if (interrupted()) ::_exit(9);
    request_interrupt();
    ::_exit(interrupted() && called == 1 ? 0 : 1);
  };
  EXPECT_EXIT(act(), testing::ExitedWithCode(0), "");
}

TEST_F(Interrupt, ASignalSetsTheFlagAndASecondOneEndsTheProcess) {
  const auto act = [](int signal) {
    catch_signals();
    std::atomic<bool> called = false;
    const OnInterrupt here([&] { called = true; });
    ::kill(::getpid(), signal);
    while (!called || !interrupted()) std::this_thread::sleep_for(1ms);
    ::kill(::getpid(), SIGINT);
    std::this_thread::sleep_for(10s);
    ::_exit(1);
  };
  EXPECT_EXIT(act(SIGINT), testing::ExitedWithCode(130), "");
  EXPECT_EXIT(act(SIGTERM), testing::ExitedWithCode(130), "");
}

}  // namespace
}  // namespace reelhouse
