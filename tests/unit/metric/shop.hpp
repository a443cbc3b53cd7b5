#pragma once

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "matchers.hpp"
#include "metric/snapshot.hpp"
#include "warehouse/folder_warehouse.hpp"

namespace reelhouse::metric {

/// A published shop: six sales over three months, two kinds, and a many-to-many bridge to tags. Sale 1 (10,
/// January) has tags a and b; 2 (20, January) a; 3 (30, February) a, b and c; 4 (40, February) none; 5 (50,
/// March) c; 6 (60, March) b and c, of an unknown kind.
class ShopTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "metric.XXXXXX";
    folder_ = ::mkdtemp(name.data());
    std::filesystem::create_directories(folder_ / "metrics");
    write("shop.yml", kShop);
    warehouse_ = std::make_unique<warehouse::FolderWarehouse>(folder_ / "warehouse");
    const auto published = warehouse_->publish(
        {table("fct_sale",
               "select * from (values (1, 1, date '2024-01-01', 10), (2, 2, date '2024-01-01', 20), "
               "(3, 1, date '2024-02-01', 30), (4, 2, date '2024-02-01', 40), (5, 1, date '2024-03-01', 50), "
               "(6, -1, date '2024-03-01', 60)) as t(sale_key, kind_key, month, amount)",
               6),
         table("dim_kind",
               "select * from (values (1, 'Large', 2), (2, 'Small', 1), (-1, null, 0)) as t(kind_key, name, "
               "rank)",
               3),
         table("bridge_tag",
               "select * from (values (1, 'a', 0.5), (1, 'b', 0.5), (2, 'a', 1), (3, 'a', 0.5), (3, 'b', "
               "0.25), "
               "(3, 'c', 0.25), (5, 'c', 1), (6, 'b', 0.5), (6, 'c', 0.5)) as t(sale_key, tag, weight)",
               9)},
        "run", 5, clock_);
    ASSERT_THAT(published, IsOk());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / "metrics" / name) << text;
  }

  warehouse::PublishedTable table(const std::string& name, const std::string& select, uint64_t rows) const {
    const auto file = folder_ / (name + ".parquet");
    const auto database = engine::open_duckdb({}).value();
    const auto session = database->connect().value();
    const auto done =
        session->execute(fmt::format("copy ({}) to '{}' (format parquet)", select, file.string()));
    EXPECT_THAT(done, IsOk());
    return {name, "f", {file}, "", {}, rows, ""};
  }

  Result<Definitions> definitions() const { return load_definitions(folder_ / "metrics"); }

  Result<Answer> ask(const std::string& json, bool cubes = false) const {
    RH_ASSIGN(const Query query, parse_query(Json::parse(json)));
    RH_ASSIGN(const Definitions found, definitions());
    RH_ASSIGN(const auto snapshot, Snapshot::open(found, *warehouse_, cubes));
    RH_ASSIGN(const auto session, snapshot->connect());
    return snapshot->ask(*session, query);
  }

  /// The rows of an answer as JSON; the error's text when it fails.
  std::string rows(const std::string& json, bool cubes = false) const {
    const auto answer = ask(json, cubes);
    return answer ? to_json(*answer)["rows"].dump() : answer.error().to_string();
  }
  std::string totals(const std::string& json, bool cubes = false) const {
    const auto answer = ask(json, cubes);
    return answer ? to_json(*answer)["totals"].dump() : answer.error().to_string();
  }

  static constexpr const char* kShop = R"(
view: sale
fact: fct_sale
note: "select 'Of ' || count(*) || ' sales none is unknown.' from fct_sale having count(*) > 0"
time: {sql: fact.month, label: Month, grain: month, known_until: "select date '2024-03-15'"}
bridges:
  tagged: {table: bridge_tag, column: sale_key, weight: weight}
joins:
  kind: {table: dim_kind, column: kind_key}
dimensions:
  kind: {label: Kind, sql: kind.name, sort: kind.rank}
  tag: {label: Tag, sql: tagged.tag}
  large: {label: Large, type: flag, sql: fact.amount >= 30}
  size: {label: Size, type: number, sql: fact.amount}
measures:
  amount: {sum: fact.amount, format: money, unit: EUR}
  sales: {count: true}
  large_sales: {count: true, where: fact.amount >= 30}
  mean_amount: {mean: fact.amount}
  median_amount: {median: fact.amount}
  kinds: {count_distinct: fact.kind_key}
  stock: {sum: fact.amount, closing: true}
  share_large: {ratio: [large_sales, sales], format: percent}
  cents: {sum: 'cast(fact.amount * 0.01 as decimal(9, 2))', format: money}
  thirds: {sum: "fact.amount / 30.0"}
  mean_third: {mean: "fact.amount / 30.0"}
  secret: {count: true, unknown: "select 'nobody counted'"}
  watched: {label: Watched, sum: "case when fact.month >= date '2024-02-01' then fact.amount end", known_from: "select date '2024-02-01'"}
  share_watched: {label: Share watched, ratio: [watched, sales]}
  always: {label: Always, count: true, known_from: "select date '2024-01-01' where false"}
cube: [kind, large]
)";

  std::filesystem::path folder_;
  std::unique_ptr<warehouse::Warehouse> warehouse_;
  SystemClock clock_;
};

}  // namespace reelhouse::metric
