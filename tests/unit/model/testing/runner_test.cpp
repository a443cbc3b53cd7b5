#include "model/testing/runner.hpp"

#include "base/interrupt.hpp"
#include "model/small_project.hpp"
#include "model/testing/check.hpp"

namespace reelhouse::model {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// Three models in a row, the first with rules and a seed.
class TestRunnerTest : public testing::Test {
 protected:
  void SetUp() override {
    files_.source("orders", "order_id, amount, plan")
        .write("seeds/plan.csv", "plan_name,rank\nBasic,1\n")
        .model("staging/stg_order",
               "select try_cast(o.order_id as int) as order_id, parse_money(o.amount) as amount, "
               "cast(p.rank as int) as rank, o.amount as _was_amount, o._object, o._line, o._drop "
               "from raw.orders as o left join seed.plan as p on p.plan_name = o.plan",
               "reject:\n  - {column: amount, when: amount is null, reason: is no amount, value: "
               "_was_amount}\n"
               "repairs:\n  - {kind: sign, column: amount, when: \"_was_amount like '$%'\", was: "
               "_was_amount, now: amount}\n")
        .model("marts/int_total",
               "-- materialized: view\nselect rank, sum(amount) as total from stg_order group by rank")
        .model("marts/fct_total",
               "select count(*) as n, max(total) as total, 0.1 + 0.2e0 as x from int_total");
  }

  /// Runs the tests of a file, and returns what differs in each.
  std::vector<std::vector<std::string>> run(const std::string& file, const std::string& yaml) {
    files_.write("models/" + file + ".tests.yml", yaml);
    project_ = files_.load();
    std::vector<Error> problems;
    tests_ = load_tests(project_, problems);
    binding_ = std::move(*Binding::bind(project_, undeclared_tables(project_, tests_), problems));
    EXPECT_TRUE(check_tests(*binding_, tests_, problems));
    EXPECT_THAT(texts_of(problems), IsEmpty());
    runner_ = std::move(*TestRunner::make(*binding_));
    std::vector<std::vector<std::string>> differences;
    for (const auto& test : tests_) {
      const auto outcome = runner_->run(test);
      EXPECT_TRUE(outcome) << outcome.error().to_string();
      EXPECT_EQ(outcome->passed, outcome->differences.empty());
      differences.push_back(outcome->differences);
    }
    return differences;
  }

  SmallProject files_;
  Project project_;
  std::vector<ModelTest> tests_;
  std::optional<Binding> binding_;
  std::unique_ptr<TestRunner> runner_;
};

TEST_F(TestRunnerTest, BuildsWithRulesSeedsAndThePlaceOfEachRow) {
  EXPECT_THAT(
      run("staging/stg_order",
          "tests:\n"
          "  - name: one\n"
          "    given:\n"
          "      raw.orders:\n"
          "        - {order_id: 1, amount: $1.50, plan: Basic}\n"
          "        - {order_id: 2, amount: free}\n"
          "        - {order_id: 3, amount: 2, _drop: 2024-05-01, _line: 9, _object: raw/x}\n"
          "    expect:\n"
          "      - {order_id: 3, amount: 2, rank: null, _object: raw/x, _line: 9, _drop: 2024-05-01}\n"
          "      - {order_id: 1, amount: 1.5, rank: 1, _object: raw/orders/drop=2024-01-01/given, "
          "_line: 1, _drop: 2024-01-01}\n"
          "    rejects:\n"
          "      - {column: amount, reason: is no amount, value: free, line: 2}\n"
          "    repairs:\n"
          "      - {kind: sign, was: $1.50, now: 1.50, line: 1}\n"),
      ElementsAre(IsEmpty()));
}

TEST_F(TestRunnerTest, TellsEveryDifference) {
  const auto differences = run("staging/stg_order",
                               "tests:\n"
                               "  - name: one\n"
                               "    given:\n"
                               "      raw.orders:\n"
                               "        - {order_id: 1, amount: $1}\n"
                               "        - {order_id: 2, amount: free}\n"
                               "    expect:\n"
                               "      - {order_id: 1, amount: 2}\n"
                               "      - {order_id: 7, amount: 7}\n"
                               "    repairs: []\n");
  ASSERT_EQ(differences.size(), 1U);
  EXPECT_THAT(
      differences[0],
      ElementsAre("expect, line 8: the row differs\n    amount: expected '2.00'\n            got      "
                  "'1.00'",
                  "expect, line 9: the row did not come\n    order_id: '7'\n    amount: '7.00'",
                  HasSubstr("rejects: a row came that is not expected\n    column: 'amount'"),
                  HasSubstr("repairs: a row came that is not expected\n    kind: 'sign'")));
}

TEST_F(TestRunnerTest, BuildsWhatLiesBetweenTheGivenRowsAndTheModel) {
  EXPECT_THAT(run("marts/fct_total",
                  "tests:\n"
                  "  - name: from the lake's rows\n"
                  "    given:\n"
                  "      raw.orders: [{amount: 1, plan: Basic}, {amount: 2}, {amount: 3}]\n"
                  "    expect: [{n: 2, total: 5}]\n"
                  "  - name: with another seed\n"
                  "    given:\n"
                  "      raw.orders: [{amount: 1, plan: Basic}, {amount: 2}, {amount: 3}]\n"
                  "      seed.plan: []\n"
                  "    expect: [{n: 1, total: 6}]\n"
                  "  - name: from a model\n"
                  "    given:\n"
                  "      int_total: [{rank: 1, total: 9}]\n"
                  "    expect: [{n: 1, total: 9, x: 0.3}]\n"
                  "  - name: from nothing, after all these\n"
                  "    expect: [{n: 0, total: null}]\n"),
              ElementsAre(IsEmpty(), IsEmpty(), IsEmpty(), IsEmpty()));
}

TEST_F(TestRunnerTest, GivesDropsAndRejectedRows) {
  files_.model("marts/fct_lost",
               "select d._drop, d.records, d.rejected, count(r._drop) as lost from drops.orders as d "
               "left join rejected.stg_order as r on r._drop = d._drop group by all");
  EXPECT_THAT(run("marts/fct_lost",
                  "tests:\n"
                  "  - name: of the raw rows, where they are given\n"
                  "    given:\n"
                  "      raw.orders: [{amount: 1}, {amount: x}, {amount: 3, _drop: 2024-02-01}]\n"
                  "    expect:\n"
                  "      - {_drop: 2024-01-01, records: 2, rejected: 0, lost: 1}\n"
                  "      - {_drop: 2024-02-01, records: 1, rejected: 0, lost: 0}\n"
                  "  - name: by themselves\n"
                  "    given:\n"
                  "      drops.orders: [{_drop: 2024-03-01, records: 7, rejected: 2}]\n"
                  "      rejected.stg_order: [{_drop: 2024-03-01}, {_drop: 2024-03-01}]\n"
                  "    expect: [{_drop: 2024-03-01, records: 7, rejected: 2, lost: 2}]\n"
                  "  - name: none, after all these\n"
                  "    expect: []\n"),
              ElementsAre(IsEmpty(), IsEmpty(), IsEmpty()));
}

TEST_F(TestRunnerTest, HoldsAStagingModelToEveryGivenRecord) {
  files_.model("staging/stg_order",
               "select try_cast(order_id as int) as order_id, parse_money(amount) as amount, 1 as rank, "
               "amount as _was_amount, _object, _line from raw.orders where order_id is not null");
  const auto differences = run("staging/stg_order",
                               "tests:\n"
                               "  - name: one\n"
                               "    given:\n"
                               "      raw.orders: [{order_id: 1, amount: 1}, {amount: 2}]\n"
                               "    expect: [{order_id: 1}]\n");
  EXPECT_THAT(differences,
              ElementsAre(ElementsAre("read = kept + rejected: raw/orders/drop=2024-01-01/given: 2 "
                                      "records were read, 1 kept and 0 rejected by rules")));
}

TEST_F(TestRunnerTest, FailsATestWhoseSelectFailsAndGoesOn) {
  files_.model("marts/fct_total",
               "select cast(rank as date) as d from (select '2024' || rank as rank from int_total)");
  const auto differences = run("marts/fct_total",
                               "tests:\n"
                               "  - name: one\n"
                               "    given: {int_total: [{rank: 1}]}\n"
                               "    expect: []\n"
                               "  - name: two\n"
                               "    expect: []\n");
  ASSERT_EQ(differences.size(), 2U);
  EXPECT_THAT(differences[0], ElementsAre(HasSubstr("fct_total.sql:1: ")));
  EXPECT_THAT(differences[1], IsEmpty());
}

TEST_F(TestRunnerTest, ComparesTheOrderWhereATestSaysSo) {
  files_.model("marts/fct_total", "select order_id from stg_order order by order_id desc");
  const std::string given = "    given: {stg_order: [{order_id: 1}, {order_id: 2}]}\n";
  const auto differences =
      run("marts/fct_total", "tests:\n  - name: one\n    ordered: true\n" + given +
                                 "    expect: [{order_id: 1}, {order_id: 2}]\n  - name: two\n" + given +
                                 "    expect: [{order_id: 1}, {order_id: 2}]\n");
  ASSERT_EQ(differences.size(), 2U);
  EXPECT_EQ(differences[0].size(), 2U);
  EXPECT_THAT(differences[1], IsEmpty());
}

TEST_F(TestRunnerTest, StopsWhenInterruptedAndLeavesNothing) {
  run("marts/fct_total", "tests:\n  - name: one\n    expect: [{n: 0}]\n");
  request_interrupt();
  const auto outcome = runner_->run(tests_[0]);
  clear_interrupt();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, ErrorKind::kInterrupted);
  runner_.reset();
  for (const auto& entry : std::filesystem::recursive_directory_iterator(files_.root()))
    EXPECT_FALSE(entry.path().extension() == ".parquet") << entry.path();
}

}  // namespace
}  // namespace reelhouse::model
