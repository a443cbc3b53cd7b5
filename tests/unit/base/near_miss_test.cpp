#include "base/near_miss.hpp"

#include <gtest/gtest.h>

namespace reelhouse {
namespace {

const std::vector<std::string> kTables = {"dim_user", "dim_plan", "fct_subscription",
                                          "fct_subscription_month"};

TEST(NearMiss, FindsTheNearestName) {
  EXPECT_EQ(near_miss("dim_usr", kTables), "dim_user");
  EXPECT_EQ(near_miss("DIM_PLAN", kTables), "dim_plan");
  EXPECT_EQ(near_miss("fct_subscripton", kTables), "fct_subscription");
  EXPECT_EQ(near_miss("fct_subscription_moth", kTables), "fct_subscription_month");
}

TEST(NearMiss, FindsNothingWhenNothingIsNear) {
  EXPECT_EQ(near_miss("weather", kTables), std::nullopt);
  EXPECT_EQ(near_miss("", kTables), std::nullopt);
  EXPECT_EQ(near_miss("dim_user", {}), std::nullopt);
}

TEST(NearMiss, RendersTheHint) {
  EXPECT_EQ(did_you_mean("dim_usr", kTables), "Did you mean dim_user?");
  EXPECT_EQ(did_you_mean("weather", kTables, "List them."), "List them.");
}

}  // namespace
}  // namespace reelhouse
