#include "lake/s3/each_part.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <vector>

namespace reelhouse::lake::s3 {
namespace {

TEST(EachPart, DoesEveryPartOnce) {
  for (const size_t threads : {size_t{0}, size_t{1}, size_t{4}, size_t{200}}) {
    std::vector<std::atomic<int>> done(100);
    ASSERT_TRUE(each_part(done.size(), threads, [&](size_t i) -> Result<> {
      ++done[i];
      return {};
    }));
    for (const auto& times : done) EXPECT_EQ(times, 1) << threads;
  }
  EXPECT_TRUE(each_part(0, 4, [](size_t) -> Result<> { return fail(ErrorKind::kInternal, "no part"); }));
}

TEST(EachPart, WorksOnSeveralAtATime) {
  std::barrier meeting(3);
  EXPECT_TRUE(each_part(3, 3, [&](size_t) -> Result<> {
    meeting.arrive_and_wait();  // would wait for ever on fewer threads
    return {};
  }));
}

TEST(EachPart, BeginsNothingAfterAnError) {
  size_t calls = 0;
  const auto outcome = each_part(10, 1, [&](size_t i) -> Result<> {
    ++calls;
    if (i < 3) return {};
    return fail(ErrorKind::kFull, fmt::format("part {}", i));
  });
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message, "part 3");
  EXPECT_EQ(calls, 4U);
}

}  // namespace
}  // namespace reelhouse::lake::s3
