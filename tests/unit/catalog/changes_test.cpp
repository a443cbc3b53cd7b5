#include "catalog/changes.hpp"

#include <gmock/gmock.h>

#include "catalog/stored_json.hpp"

namespace reelhouse::catalog {
namespace {

// These names stand in catalogs, receipts and what scripts read: none may change.
TEST(ChangeKinds, KeepTheirNames) {
  const std::vector<std::string> names = {"new table",      "gone table",     "new column",
                                          "gone column",    "changed type",   "new object",
                                          "changed object", "deleted object", "uploaded again (same content)",
                                          "empty object",   "unreadable"};
  std::vector<std::string> told;
  for (int i = 0; i <= static_cast<int>(ChangeKind::kUnreadable); ++i) {
    const auto kind = static_cast<ChangeKind>(i);
    told.emplace_back(name_of(kind));
    EXPECT_EQ(change_kind(told.back()), kind);
  }
  EXPECT_EQ(told, names);
  EXPECT_EQ(change_kind("new"), std::nullopt);
}

TEST(ChangeKinds, ComeBackAsTheyWereStored) {
  const std::vector<Change> changes = {{ChangeKind::kNewColumn, "shop", "price", "DOUBLE"},
                                       {ChangeKind::kUploadedAgain, "", "raw/shop/a.csv", ""}};
  EXPECT_EQ(
      stored(changes),
      R"json([["new column","shop","price","DOUBLE"],["uploaded again (same content)","","raw/shop/a.csv",""]])json");
  const auto read = changes_from(stored(changes));
  ASSERT_TRUE(read) << read.error().to_string();
  ASSERT_EQ(read->size(), 2U);
  EXPECT_EQ((*read)[0].what, ChangeKind::kNewColumn);
  EXPECT_EQ((*read)[1].what, ChangeKind::kUploadedAgain);
  EXPECT_EQ((*read)[1].subject, "raw/shop/a.csv");
}

TEST(ChangeKinds, ACatalogWithAnUnknownOneIsDamaged) {
  const auto read = changes_from(R"([["renamed column","shop","price","cost"]])");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, ErrorKind::kDamaged);
  EXPECT_THAT(read.error().message, testing::HasSubstr("'renamed column' is no change"));
}

}  // namespace
}  // namespace reelhouse::catalog
