#include "catalog/drop_pattern.hpp"

#include <gmock/gmock.h>

#include "catalog/crawl_fakes.hpp"
#include "catalog/layout.hpp"
#include "matchers.hpp"

namespace reelhouse::catalog {
namespace {

using ::testing::HasSubstr;

/// The day that a pattern finds in a name, "no day", or "no match".
std::string found(const char* pattern, const std::string& name) {
  const auto result = DropPattern::parse(pattern).value().find(name);
  if (!result.matches) return "no match";
  return result.day ? to_iso(*result.day) : "no day";
}

TEST(DropPattern, FindsTheDayInNames) {
  EXPECT_EQ(found("users_%Y%m%d.csv", "users_20240229.csv"), "2024-02-29");
  EXPECT_EQ(found("users_%Y%m%d.csv", "sub/USERS_20240229.CSV.gz"), "2024-02-29");
  EXPECT_EQ(found("%d.%m.%Y*", "29.02.2024 users.csv"), "2024-02-29");
  EXPECT_EQ(found("*%Y-%m*", "users-2024-02.csv"), "2024-02-01");
  EXPECT_EQ(found("%Y/*", "2024/users.csv"), "2024-01-01");
  EXPECT_EQ(found("*_%Y%m%d_*", "a_1_20240229_7.csv"), "2024-02-29");
  EXPECT_EQ(found("5%%_%Y?.csv", "5%_2024x.csv"), "2024-01-01");
  EXPECT_EQ(found("users_%Y%m%d.csv", "users_20230229.csv"), "no day");
  EXPECT_EQ(found("users_%Y%m%d.csv", "users_2024022.csv"), "no match");
  EXPECT_EQ(found("users_%Y%m%d.csv", "users_final.csv"), "no match");
  EXPECT_EQ(found("users_%Y%m%d", "users_20240229.csv"), "no match");
}

TEST(DropPattern, RefusesWhatNamesNoDay) {
  for (const auto& [text, why] :
       std::initializer_list<std::pair<const char*, const char*>>{{"users.csv", "has no %Y"},
                                                                  {"%Y%d", "has %d and no %m"},
                                                                  {"%Y%Y", "has %Y twice"},
                                                                  {"%Y%H", "has the code %H"},
                                                                  {"%Y%", "ends with a %"},
                                                                  {"", "has no %Y"}}) {
    EXPECT_THAT(DropPattern::parse(text), IsError(ErrorKind::kProject)) << text;
    EXPECT_THAT(DropPattern::parse(text).error().message, HasSubstr(why));
  }
}

TEST(DropPattern, PlacesObjects) {
  auto table = declared_table("sale", "shop", "sale*", {"id"});
  table.drop_pattern = DropPattern::parse("sale_%Y%m%d*").value();
  const std::vector<Source> sources = {declared_source("shop", {table})};
  const auto placed = [&](const std::string& key) {
    return place_objects({{key, 1, "e", Time(std::chrono::hours(24))}}, {}, sources).objects.at(0);
  };
  EXPECT_EQ(placed("raw/shop/sale_20240229.csv").drop, day(2024, 2, 29));
  EXPECT_TRUE(placed("raw/shop/sale_20240229.csv").is_dated());
  EXPECT_EQ(placed("raw/shop/drop=2024-02-29.2/sale_20240229.csv").delivery, 2);
  EXPECT_EQ(placed("raw/shop/drop=2024-02-29/sale.csv").problem, "");
  EXPECT_FALSE(placed("raw/shop/other.csv").is_dated());
  EXPECT_EQ(placed("raw/shop/other.csv").problem, "");
  EXPECT_THAT(placed("raw/shop/drop=2024-03-01/sale_20240229.csv").problem,
              HasSubstr("its folder says 2024-03-01 and its name 2024-02-29"));
  EXPECT_THAT(placed("raw/shop/sale_20240230.csv").problem, HasSubstr("there is no such day"));
  EXPECT_THAT(placed("raw/shop/sale.csv").problem, HasSubstr("does not match the drop_pattern sale_%Y%m%d*"));
}

}  // namespace
}  // namespace reelhouse::catalog
