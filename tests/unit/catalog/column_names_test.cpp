#include <gmock/gmock.h>

#include "catalog/profile.hpp"

namespace reelhouse::catalog {
namespace {

using ::testing::ElementsAre;

TEST(ColumnNames, TurnsAFieldIntoSnakeCase) {
  EXPECT_EQ(column_name("User ID"), "user_id");
  EXPECT_EQ(column_name("primaryTitle"), "primary_title");
  EXPECT_EQ(column_name("isAdult"), "is_adult");
  EXPECT_EQ(column_name("HTTPServer"), "http_server");
  EXPECT_EQ(column_name("userID"), "user_id");
  EXPECT_EQ(column_name("top10Rank"), "top10_rank");
  EXPECT_EQ(column_name("country_iso2"), "country_iso2");
  EXPECT_EQ(column_name("Price (EUR)"), "price_eur");
  EXPECT_EQ(column_name(" a - b "), "a_b");
  EXPECT_EQ(column_name(""), "column");
  EXPECT_EQ(column_name("???"), "column");
  EXPECT_EQ(column_name("2nd"), "_2nd");
  EXPECT_EQ(column_name("_object"), "object");
  EXPECT_EQ(column_name("größe"), "gr_e");
}

TEST(ColumnNames, KeepsTheNamesOfAnObjectApart) {
  EXPECT_THAT(column_names({"a", "b", "A", "a"}), ElementsAre("a", "b", "a_2", "a_3"));
  EXPECT_THAT(column_names({"a", "a", "a_2"}), ElementsAre("a", "a_3", "a_2"));
  EXPECT_THAT(column_names({"", ""}), ElementsAre("column", "column_2"));
  EXPECT_THAT(column_names({}), ElementsAre());
}

}  // namespace
}  // namespace reelhouse::catalog
