#include "serve/live.hpp"

#include <gmock/gmock.h>

#include "matchers.hpp"
#include "serve/fakes.hpp"

namespace reelhouse::serve {
namespace {

using namespace std::chrono_literals;

class LiveTest : public testing::Test {
 protected:
  Live::Source source() {
    Live::Source made;
    made.poll = 5ms;
    made.retry = 50ms;
    made.current = [this]() -> Result<std::optional<int>> {
      const int number = current_;
      return number == 0 ? std::optional<int>() : std::optional<int>(number);
    };
    made.open = [this]() -> Result<std::shared_ptr<const metric::Snapshot>> {
      ++opens_;
      if (damaged_) return fail(ErrorKind::kDamaged, "the file is damaged");
      return std::make_shared<FakeSnapshot>(current_);
    };
    made.opened = [this](int version) { opened_ = version; };
    made.failed = [this](const Error&) { ++failures_; };
    return made;
  }
  static bool eventually(const std::function<bool()>& condition) {
    for (int i = 0; i < 500; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(10ms);
    }
    return false;
  }

  std::atomic<int> current_ = 0;
  std::atomic<bool> damaged_ = false;
  std::atomic<int> opens_ = 0;
  std::atomic<int> opened_ = 0;
  std::atomic<int> failures_ = 0;
};

TEST_F(LiveTest, WaitsForTheFirstVersion) {
  Live live(source());
  EXPECT_THAT(live.lease(), IsError(ErrorKind::kUnavailable));
  live.start();
  EXPECT_TRUE(eventually([&] { return failures_ == 1; }));
  EXPECT_THAT(live.problem()->message, testing::HasSubstr("nothing is published"));
  EXPECT_THAT(live.lease(), HasMessage("nothing is published"));
  current_ = 7;
  EXPECT_TRUE(eventually([&] { return opened_ == 7; }));
  EXPECT_FALSE(live.problem());
  EXPECT_EQ(live.lease()->snapshot().version().number, 7);
  EXPECT_EQ(failures_, 1);
}

TEST_F(LiveTest, KeepsTheOldVersionForWhoStillAsks) {
  current_ = 1;
  Live live(source());
  live.start();
  ASSERT_TRUE(eventually([&] { return opened_ == 1; }));
  std::weak_ptr<const metric::Snapshot> old = live.snapshot();
  {
    const auto lease = live.lease();
    current_ = 2;
    ASSERT_TRUE(eventually([&] { return opened_ == 2; }));
    EXPECT_EQ(lease->snapshot().version().number, 1);
    EXPECT_EQ(live.lease()->snapshot().version().number, 2);
    EXPECT_FALSE(old.expired());
  }
  EXPECT_TRUE(eventually([&] { return old.expired(); }));
}

TEST_F(LiveTest, UsesSessionsAgain) {
  current_ = 1;
  Live live(source());
  live.start();
  ASSERT_TRUE(eventually([&] { return opened_ == 1; }));
  for (int i = 0; i < 10; ++i) EXPECT_THAT(live.lease(), IsOk());
  EXPECT_EQ(std::static_pointer_cast<const FakeSnapshot>(live.snapshot())->connected(), 1);
}

TEST_F(LiveTest, StaysWithTheOldVersionWhenTheNewOneIsDamaged) {
  current_ = 1;
  Live live(source());
  live.start();
  ASSERT_TRUE(eventually([&] { return opened_ == 1; }));
  damaged_ = true;
  current_ = 2;
  ASSERT_TRUE(eventually([&] { return failures_ == 1; }));
  EXPECT_EQ(live.snapshot()->version().number, 1);
  EXPECT_EQ(live.problem()->kind, ErrorKind::kDamaged);
  damaged_ = false;
  EXPECT_TRUE(eventually([&] { return opened_ == 2; }));
  EXPECT_FALSE(live.problem());
  EXPECT_EQ(failures_, 1);
}

}  // namespace
}  // namespace reelhouse::serve
