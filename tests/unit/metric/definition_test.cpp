#include "matchers.hpp"
#include "metric/shop.hpp"

namespace reelhouse::metric {
namespace {

using testing::HasSubstr;

class DefinitionTest : public ShopTest {
 protected:
  std::string error_after(const std::string& what, const std::string& by) const {
    std::string text = kShop;
    const size_t at = text.find(what);
    EXPECT_NE(at, std::string::npos) << what;
    write("shop.yml", text.replace(at, what.size(), by));
    const auto found = definitions();
    return found ? "no error" : found.error().to_string();
  }
};

TEST_F(DefinitionTest, ReadsJoinsOutOfExpressions) {
  const auto found = definitions();
  ASSERT_THAT(found, IsOk());
  const View& view = found->views.at(0);
  EXPECT_THAT(view.dimension("kind")->joins, testing::ElementsAre("kind"));
  EXPECT_EQ(view.dimension("tag")->bridge, "tagged");
  EXPECT_TRUE(view.measure("stock")->closing);
  EXPECT_FALSE(view.measure("stock")->additive());
  EXPECT_EQ(found->view_of("amount"), &view);
}

TEST_F(DefinitionTest, AnAbsentFolderHasNoViews) {
  const auto found = load_definitions(folder_ / "nothing");
  ASSERT_THAT(found, IsOk());
  EXPECT_TRUE(found->views.empty());
}

TEST_F(DefinitionTest, RefusesWithFileLineAndWay) {
  EXPECT_THAT(error_after("dimensions:", "dimension:"), HasSubstr("shop.yml:"));
  EXPECT_THAT(error_after("sql: kind.name", "sql: kindd.name"), HasSubstr("Did you mean kind?"));
  EXPECT_THAT(error_after("[large_sales, sales]", "[large_sale, sales]"), HasSubstr("large_sale"));
  EXPECT_THAT(error_after("sum: fact.amount, closing", "sum: tagged.weight, closing"),
              HasSubstr("over a bridge"));
  EXPECT_THAT(error_after("{count: true}", "{count: true, sum: fact.amount}"), HasSubstr("two things"));
  EXPECT_THAT(error_after("cube: [kind, large]", "cube: [kind, tag]"), HasSubstr("over a bridge"));
  EXPECT_THAT(error_after("  large:", "  month:"), HasSubstr("cannot name a dimension"));
  EXPECT_THAT(error_after("grain: month", "grain: mnth"), HasSubstr("grain"));
}

TEST_F(DefinitionTest, AMeasureHasOneView) {
  std::string other = kShop;
  other.replace(other.find("view: sale"), 10, "view: again");
  write("zz.yml", other);
  const auto found = definitions();
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().to_string(), HasSubstr("measure 'amount' is also in view 'sale'"));
}

}  // namespace
}  // namespace reelhouse::metric
