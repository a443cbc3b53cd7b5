// What the end-to-end tests have published to a server that they started: many small versions, fast.
#include <cstdlib>
#include <iostream>

#include "matchers.hpp"
#include "warehouse/fixture.hpp"

namespace reelhouse::warehouse {
namespace {

std::string variable(const char* name, const char* otherwise = "") {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : value;
}

using ServerRole = WarehouseTest;

/// Publishes versions whose tables `sale` and `refund` hold the version's mark in every row; says a line
/// for each.
TEST_F(ServerRole, PublishMany) {
  const std::string location = variable("REELHOUSE_TEST_SERVER");
  if (location.empty()) GTEST_SKIP() << "a role that the end-to-end tests start";
  const int count = std::atoi(variable("REELHOUSE_TEST_COUNT", "50").c_str());
  const int first = std::atoi(variable("REELHOUSE_TEST_FIRST", "1").c_str());
  constexpr uint64_t kRows = 300;
  const WarehouseOptions options{
      location, folder_ / "cache", "reelhouse", "",
      std::chrono::milliseconds(std::atoi(variable("REELHOUSE_TEST_PATIENCE", "200").c_str()))};
  const auto warehouse = open_warehouse(options).value();
  for (int mark = first; mark < first + count; ++mark) {
    const std::string rows = fmt::format("select i as id, {} as amount from range({}) as t(i)", mark, kRows);
    auto sale = table("sale", rows, kRows);
    auto refund = table("refund", rows, kRows);
    sale.fingerprint = refund.fingerprint = std::to_string(mark);
    sale.primary_key = refund.primary_key = {"id"};
    refund.foreign_keys = {{"id", "sale", "id"}};
    const auto version = warehouse->publish({sale, refund}, fmt::format("run-{}", mark), 5, clock_);
    ASSERT_THAT(version, IsOk());
    std::cout << "published " << version->number;
    for (const auto& remark : version->remarks) std::cout << " | " << remark;
    std::cout << std::endl;
  }
}

/// Publishes a large fact and a dimension once, for the benchmark; says the seconds that it took.
TEST_F(ServerRole, PublishLarge) {
  const std::string location = variable("REELHOUSE_TEST_SERVER");
  const auto rows = static_cast<uint64_t>(std::atoll(variable("REELHOUSE_TEST_ROWS").c_str()));
  if (location.empty() || rows == 0) GTEST_SKIP() << "a role that the benchmark starts";
  constexpr uint64_t kMembers = 1000;
  auto dimension = table(
      "dim_kind", fmt::format("select i as kind_key, 'kind ' || i as name from range({}) as t(i)", kMembers),
      kMembers);
  auto fact = table("fct_sale",
                    fmt::format("select i as sale_key, (i * 7919) % {} as kind_key, date '2020-01-01' + "
                                "(i % 1500)::integer as sold, ((i % 99991) / 100)::decimal(18,2) as amount, "
                                "i % 7 = 0 as is_new, 'customer ' || (i % 250007) as customer "
                                "from range({}) as t(i)",
                                kMembers, rows),
                    rows);
  dimension.primary_key = {"kind_key"};
  fact.primary_key = {"sale_key"};
  fact.foreign_keys = {{"kind_key", "dim_kind", "kind_key"}};
  const auto warehouse =
      open_warehouse({location, folder_ / "cache", "reelhouse", "", std::chrono::seconds(5)}).value();
  const auto begun = std::chrono::steady_clock::now();
  const auto version = warehouse->publish({dimension, fact}, "bench", 5, clock_);
  ASSERT_THAT(version, IsOk());
  std::cout << "seconds " << std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count()
            << std::endl;
}

}  // namespace
}  // namespace reelhouse::warehouse
