#include "workflow/alert/freshness.hpp"

#include <gmock/gmock.h>

#include <algorithm>

namespace reelhouse::workflow {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;
using testing::ElementsAre;
using testing::IsEmpty;

const Time kCheckedAt = std::chrono::sys_days{std::chrono::year{2026} / 11 / 22} + 6h;

catalog::CatalogObject object(const std::string& dataset, Time modified, Date drop) {
  catalog::CatalogObject made;
  made.info.modified = modified;
  made.dataset = dataset;
  made.drop = drop;
  return made;
}

Date day_before(int count) {
  return Date(std::chrono::floor<days>(kCheckedAt) - days(count));
}

model::Model sql_model(const std::string& name, const std::string& folder, const std::string& sql) {
  model::Model made;
  made.name = name;
  made.file = "models/" + folder + "/" + name + ".sql";
  made.folder = folder;
  made.sql = sql;
  return made;
}

/// shop (required, 2 days) and extra (optional, 2 days); stg_shop <- shop, fct_sale <- stg_shop and extra.
class FreshnessOfAShop : public testing::Test {
 protected:
  FreshnessOfAShop() {
    for (const char* name : {"extra", "shop"}) {
      catalog::Source source;
      source.dataset = name;
      source.max_age = days(2);
      source.optional = source.dataset == "extra";
      catalog::SourceTable table;
      table.name = source.dataset + "_row";
      table.dataset = name;
      table.columns = {"a"};
      source.tables = {table};
      project_.sources.push_back(source);
    }
    project_.models = {
        sql_model("dim_other", "marts", "select 1 as a"),
        sql_model("fct_sale", "marts", "select s.a from stg_shop s join raw.extra_row e on s.a = e.a"),
        sql_model("stg_shop", "staging", "select a from raw.shop_row")};
    project_.models[1].max_age = days(3);
  }

  void put(const std::string& dataset, Time modified, Date drop) {
    catalog::CatalogTable table;
    table.name = dataset + "_row";
    table.dataset = dataset;
    table.objects = {object(dataset, modified, drop)};
    tables_.push_back(table);
  }

  std::map<std::string, Freshness> found() {
    const auto standing = standing_of(project_, tables_);
    if (!standing) throw std::runtime_error(standing.error().to_string());
    std::map<std::string, Freshness> by_name;
    for (auto& each : freshness_of(project_, *standing, arrivals_of(tables_, until_), kCheckedAt))
      by_name[each.name] = each;
    return by_name;
  }

  model::Project project_;
  std::vector<catalog::CatalogTable> tables_;
  std::optional<Time> until_;
};

TEST_F(FreshnessOfAShop, FollowsModelsToTheirDatasets) {
  const auto standing = standing_of(project_, tables_).value();
  EXPECT_THAT(standing.datasets_of.at("fct_sale"), ElementsAre("extra", "shop"));
  EXPECT_THAT(standing.datasets_of.at("stg_shop"), ElementsAre("shop"));
  EXPECT_THAT(standing.datasets_of.at("dim_other"), IsEmpty());
  EXPECT_THAT(standing.tables_of.at("shop"), ElementsAre("fct_sale"));
}

TEST_F(FreshnessOfAShop, IsLateOnlyWhenOlderThanPromised) {
  put("shop", kCheckedAt - days(2), day_before(9));
  EXPECT_FALSE(found().at("shop").late);
  tables_.front().objects.front().info.modified -= 1ms;
  const auto shop = found().at("shop");
  EXPECT_TRUE(shop.late);
  EXPECT_EQ(shop.age, days(2));
  EXPECT_THAT(shop.tables, ElementsAre("fct_sale"));
}

TEST_F(FreshnessOfAShop, CountsTheNewestObjectOfAll) {
  put("shop", kCheckedAt - days(9), day_before(9));
  put("shop", kCheckedAt - 1h, day_before(10));
  tables_.back().name = "other";
  EXPECT_EQ(found().at("shop").newest, kCheckedAt - 1h);
  project_.sources[1].age_of_drop = true;
  EXPECT_EQ(found().at("shop").newest, Time(std::chrono::sys_days(day_before(9))));
}

TEST_F(FreshnessOfAShop, AModelIsAsOldAsItsOldestDataset) {
  put("shop", kCheckedAt - 1h, day_before(0));
  put("extra", kCheckedAt - days(4), day_before(4));
  const auto sale = found().at("fct_sale");
  EXPECT_EQ(sale.newest, kCheckedAt - days(4));
  EXPECT_TRUE(sale.late);
  EXPECT_FALSE(sale.is_dataset);
  EXPECT_FALSE(found().contains("stg_shop"));  // promises nothing
}

TEST_F(FreshnessOfAShop, AnAbsentDatasetIsLateUnlessOptional) {
  put("shop", kCheckedAt - 1h, day_before(0));
  EXPECT_FALSE(found().at("extra").late);
  EXPECT_FALSE(found().at("extra").newest);
  EXPECT_FALSE(found().at("fct_sale").late);
  tables_.clear();
  put("extra", kCheckedAt - 1h, day_before(0));
  EXPECT_TRUE(found().at("shop").late);
  EXPECT_TRUE(found().at("fct_sale").late);
}

TEST_F(FreshnessOfAShop, AVersionHoldsOnlyWhatCameBeforeItsRun) {
  put("shop", kCheckedAt - 1h, day_before(0));
  until_ = kCheckedAt - 2h;
  EXPECT_TRUE(found().at("shop").late);
  until_ = kCheckedAt - 1h;
  EXPECT_FALSE(found().at("shop").late);
}

TEST_F(FreshnessOfAShop, TheFutureIsNotLate) {
  put("shop", kCheckedAt + days(400), day_before(-400));
  EXPECT_EQ(found().at("shop").age, 0s);
  EXPECT_FALSE(found().at("shop").late);
}

TEST_F(FreshnessOfAShop, RendersForThePages) {
  put("shop", kCheckedAt - days(3), day_before(3));
  EXPECT_EQ(to_json(found().at("shop")).dump(),
            R"({"name":"shop","kind":"dataset","newest":"2026-11-19T06:00:00.000Z","age_seconds":259200,)"
            R"("max_age_seconds":172800,"late":true,"tables":["fct_sale"]})");
  project_.sources[0].max_age = 0s;
  EXPECT_EQ(to_json(found().at("extra")).dump(),
            R"({"name":"extra","kind":"dataset","newest":null,"age_seconds":null,"max_age_seconds":null,)"
            R"("late":false,"tables":["fct_sale"]})");
}

}  // namespace
}  // namespace reelhouse::workflow
