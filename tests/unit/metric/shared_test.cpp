#include <gmock/gmock.h>

#include <fstream>

#include "lake/temporary_folder.hpp"
#include "metric/definition.hpp"

namespace reelhouse::metric {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;

constexpr const char* kCountry = R"(joins:
  country: {table: dim_country, column: country_key}
dimensions:
  country: {label: Country, sql: country.name}
  region: {label: Region, sql: country.region}
hierarchies:
  place: [region, country]
)";

constexpr const char* kBuyer = R"(uses: country
joins:
  plan: {table: dim_plan, column: plan_key}
dimensions:
  plan: {label: Plan, sql: plan.name, sort: plan.rank}
statements:
  paid_until: select max(day) from fct_sale
)";

constexpr const char* kSale = R"(view: sale
uses: buyer
fact: fct_sale
time: {sql: month.date, grain: month, known_until: paid_until}
joins:
  month: {table: dim_date, column: month_key, key: date_key}
dimensions:
  size: {label: Size, type: number, sql: fact.size}
measures:
  amount: {sum: fact.amount, unknown: paid_until}
cube: all
)";

/// metrics/ with a view that uses shared/buyer.yml, which uses shared/country.yml.
class SharedTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(folder_.path() / "shared");
    write("shared/country.yml", kCountry);
    write("shared/buyer.yml", kBuyer);
    write("sale.yml", kSale);
  }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_.path() / name) << text;
  }
  /// Writes the view anew with one line in place of another.
  void change(std::string text, const std::string& what, const std::string& by) const {
    const size_t at = text.find(what);
    ASSERT_NE(at, std::string::npos) << what;
    write("sale.yml", text.replace(at, what.size(), by));
  }
  View view() const {
    const auto found = load_definitions(folder_.path());
    if (found) return found->views.at(0);
    ADD_FAILURE() << found.error().to_string();
    return {};
  }
  Error refused() const {
    const auto found = load_definitions(folder_.path());
    EXPECT_FALSE(found);
    return found ? Error{} : found.error();
  }

  test::TemporaryFolder folder_;
};

template <typename T>
std::vector<std::string> names(const std::vector<T>& things) {
  std::vector<std::string> found;
  for (const auto& thing : things) found.push_back(thing.name);
  return found;
}

TEST_F(SharedTest, AViewHoldsItsOwnPartsAndThenThoseThatItUses) {
  const View sale = view();
  EXPECT_THAT(names(sale.joins), ElementsAre("month", "plan", "country"));
  EXPECT_THAT(names(sale.dimensions), ElementsAre("size", "plan", "country", "region"));
  EXPECT_THAT(names(sale.hierarchies), ElementsAre("place"));
  EXPECT_EQ(sale.dimension("plan")->sort, "plan.rank");
  EXPECT_THAT(sale.dimension("region")->joins, ElementsAre("country"));
  EXPECT_THAT(sale.dimension("region")->place, EndsWith("shared/country.yml:5"));
}

TEST_F(SharedTest, NamesStandForStatements) {
  EXPECT_EQ(view().time->known_until, "select max(day) from fct_sale");
  EXPECT_EQ(view().measure("amount")->unknown, "select max(day) from fct_sale");
  change(kSale, "known_until: paid_until", "known_until: paid_untill");
  EXPECT_THAT(refused().to_string(), AllOf(HasSubstr("sale.yml:4"), HasSubstr("'paid_untill' is not known"),
                                           HasSubstr("Did you mean paid_until?")));
}

TEST_F(SharedTest, AllIsEveryDimensionOfACubeThatNoBridgeReaches) {
  write("shared/tag.yml",
        "bridges:\n  tagged: {table: bridge_tag, column: sale_key, weight: weight}\n"
        "dimensions:\n  tag: {sql: tagged.tag}\n");
  change(kSale, "uses: buyer", "uses: [tag, buyer]");
  EXPECT_THAT(view().cube->dimensions, ElementsAre("size", "plan", "country", "region"));
}

TEST_F(SharedTest, AListTakesTheseDimensionsWithoutHierarchies) {
  change(kSale, "uses: buyer", "uses: {buyer: [country, plan]}");
  const View sale = view();
  EXPECT_THAT(names(sale.dimensions), ElementsAre("size", "country", "plan"));
  EXPECT_THAT(names(sale.joins), ElementsAre("month", "plan", "country"));
  EXPECT_TRUE(sale.hierarchies.empty());
  change(kSale, "uses: buyer", "uses: {buyer: all}");
  EXPECT_THAT(names(view().hierarchies), ElementsAre("place"));
}

TEST_F(SharedTest, AFileThatComesOverTwoWaysCountsOnce) {
  change(kSale, "uses: buyer", "uses: [country, buyer]");
  EXPECT_THAT(names(view().dimensions), ElementsAre("size", "country", "region", "plan"));
}

TEST_F(SharedTest, AJoinMayComeFromOneThatIsUsed) {
  change(kSale, "joins:\n",
         "joins:\n  continent: {table: dim_continent, from: country, column: continent_key}\n");
  EXPECT_THAT(names(view().joins), ElementsAre("country", "continent", "month", "plan"));
}

TEST_F(SharedTest, RefusesWhatIsNotThereWithTheNearMiss) {
  change(kSale, "uses: buyer", "uses: buyr");
  EXPECT_THAT(refused().to_string(), AllOf(HasSubstr("sale.yml:2"), HasSubstr("no file shared/buyr.yml"),
                                           HasSubstr("Did you mean buyer?")));
  change(kSale, "uses: buyer", "uses: {buyer: [plan, regoin]}");
  EXPECT_THAT(refused().to_string(),
              AllOf(HasSubstr("sale.yml:2"), HasSubstr("shared/buyer.yml has no dimension 'regoin'"),
                    HasSubstr("Did you mean region?")));
  change(kSale, "uses: buyer", "uses: {buyer: plan}");
  EXPECT_THAT(refused().hint, HasSubstr("buyer: [a, b]"));
  change(kSale, "uses: buyer", "uses: [buyer, buyer]");
  EXPECT_THAT(refused().message, HasSubstr("used twice"));
  change(kSale, "uses: buyer", "uses: {buyer: [plan, plan]}");
  EXPECT_THAT(refused().message, HasSubstr("listed twice"));
}

TEST_F(SharedTest, RefusesANameThatIsWrittenInBoth) {
  change(kSale, "  size:", "  plan: {sql: fact.plan}\n  size:");
  EXPECT_THAT(refused().to_string(),
              AllOf(HasSubstr("sale.yml:8"), HasSubstr("dimension 'plan' is written here"),
                    HasSubstr("shared/buyer.yml:5, which is used")));
  change(kSale, "  month:", "  country: {table: dim_place, column: place_key}\n  month:");
  EXPECT_THAT(refused().message, HasSubstr("join 'country' is written here"));
  write("shared/seller.yml", "dimensions:\n  region: {sql: fact.region}\n");
  change(kSale, "uses: buyer", "uses: [buyer, seller]");
  EXPECT_THAT(refused().to_string(), AllOf(HasSubstr("sale.yml:2"), HasSubstr("'region' would come from"),
                                           HasSubstr("country.yml:5"), HasSubstr("seller.yml:2")));
}

TEST_F(SharedTest, RefusesACircle) {
  write("shared/country.yml", std::string("uses: [buyer]\n") + kCountry);
  EXPECT_THAT(refused().to_string(),
              AllOf(HasSubstr("in a circle: buyer -> country -> buyer"), HasSubstr("country.yml:1")));
  write("shared/country.yml", std::string("uses: country\n") + kCountry);
  EXPECT_THAT(refused().message, HasSubstr("country -> country"));
}

TEST_F(SharedTest, RefusesAMistakeInAFileThatNothingUses) {
  write("shared/spare.yml", "measures:\n  a: {count: true}\n");
  EXPECT_THAT(refused().to_string(), AllOf(HasSubstr("spare.yml:1"), HasSubstr("unknown key 'measures'")));
  write("shared/spare.yml", "dimensions:\n  a: {sql: month.name}\n");
  EXPECT_THAT(refused().to_string(), AllOf(HasSubstr("spare.yml:2"), HasSubstr("join 'month' is not known")));
  write("shared/spare.yml", "statements:\n  a: b\n");
  EXPECT_THAT(refused().message, HasSubstr("is no SELECT"));
}

}  // namespace
}  // namespace reelhouse::metric
