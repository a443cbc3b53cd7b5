#include "base/clock.hpp"

#include <gtest/gtest.h>

namespace reelhouse {
namespace {

using namespace std::chrono;

TEST(ClockTest, RendersUtc) {
  const Time time = sys_days{year{2026} / 7 / 19} + 6h + 12min + 5ms;
  EXPECT_EQ(to_iso(time), "2026-07-19T06:12:00.005Z");
  EXPECT_EQ(to_iso(Time(milliseconds(-1))), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(to_iso(Date(year{987} / 1 / 2)), "0987-01-02");
}

TEST(ClockTest, ReadsCalendarDaysAndNothingElse) {
  Date date;
  ASSERT_TRUE(parse_date("2024-02-29", date));
  EXPECT_EQ(date, Date(year{2024} / 2 / 29));
  for (const char* text :
       {"2023-02-29", "2024-13-01", "2024-00-10", "2024-1-01", "2024/01/01", " 2024-01-01", "2024-01-01 ",
        "-123-01-01", "2024--1-01", "+202-01-01", "20240101", "", "2024-01-0x"})
    EXPECT_FALSE(parse_date(text, date)) << text;
}

TEST(ClockTest, MachineTimeIsNow) {
  const auto difference = system_clock::now() - SystemClock().now();
  EXPECT_LT(abs(difference), 5s);
}

}  // namespace
}  // namespace reelhouse
