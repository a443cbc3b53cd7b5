#include "catalog/foreign.hpp"

#include <gmock/gmock.h>

namespace reelhouse::catalog {
namespace {

using ::testing::Eq;
using ::testing::Optional;

TEST(Foreign, KnowsWhatProgramsLeaveBehind) {
  for (const auto* name :
       {"users.csv.part", "users.csv.crdownload", "users.csv.TMP", "~$users.xlsx", "users.csv~",
        "users.csv.bak", "Thumbs.db", "users.csv:Zone.Identifier", "Desktop.ini"})
    EXPECT_TRUE(foreign_reason(std::string("shop/drop=2024-01-01/") + name)) << name;
  EXPECT_TRUE(foreign_reason("shop/_temporary/0/part-0.csv"));
  for (const auto* name : {"users.csv", "temp.csv", "old.csv", "part.csv", "my.download.csv", ".part"})
    EXPECT_FALSE(foreign_reason(std::string("shop/") + name)) << name;
  EXPECT_FALSE(foreign_reason("_shop/users.csv"));
}

TEST(Foreign, FindsTheOriginalOfACopy) {
  for (const auto* name :
       {"Copy of a b.csv", "a b - Copy.csv", "a b - Copy (2).csv", "a b (1).csv", "a b(12).csv",
        "a b copy.csv", "a b copy 3.csv", "a b - Kopie.csv", "Kopie von a b.csv", "a b - copia.csv",
        "a b - C\xc3\xb3pia.csv", "a b - COPY.csv"})
    EXPECT_THAT(original_of_copy(name), Optional(Eq("a b.csv"))) << name;
  EXPECT_THAT(original_of_copy("a (1).csv.gz"), Optional(Eq("a.csv.gz")));
  for (const auto* name :
       {"a.csv", "copy.csv", "(1).csv", "a (2021).csv", "copyright.csv", "a (final).csv", "photocopy.csv"})
    EXPECT_EQ(original_of_copy(name), std::nullopt) << name;
}

}  // namespace
}  // namespace reelhouse::catalog
