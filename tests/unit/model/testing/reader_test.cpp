#include "model/small_project.hpp"
#include "model/testing/check.hpp"

namespace reelhouse::model {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// A model on a raw table and a seed, and another on it.
class ModelTestFiles : public testing::Test {
 protected:
  void SetUp() override {
    files_.source("orders", "order_id, placed, plan")
        .write("seeds/plan.csv", "plan_name,rank\nBasic,1\n")
        .model("staging/stg_order",
               "select try_cast(o.order_id as int) as order_id, try_cast(o.placed as date) as placed, "
               "cast(p.rank as int) as rank, o.placed as _was_placed, o._object, o._line "
               "from raw.orders as o left join seed.plan as p on p.plan_name = o.plan",
               "reject:\n  - {column: placed, when: placed is null, reason: is not a date, value: "
               "_was_placed}\n"
               "repairs:\n  - {kind: tidied, column: placed, when: placed > date '2024-01-01', was: "
               "_was_placed}\n")
        .model("marts/fct_order", "select order_id, placed from stg_order");
  }
  ModelTestFiles& tests(const std::string& yaml, const std::string& file = "staging/stg_order") {
    files_.write("models/" + file + ".tests.yml", yaml);
    return *this;
  }

  std::vector<ModelTest> load() {
    problems_.clear();
    project_ = files_.load();
    return load_tests(project_, problems_);
  }
  /// Reads and checks the tests, and returns what is wrong with them.
  std::vector<std::string> problems() {
    const auto tests = load();
    const auto binding = Binding::bind(project_, undeclared_tables(project_, tests), problems_);
    EXPECT_TRUE(binding) << binding.error().to_string();
    const auto checked = check_tests(*binding, tests, problems_);
    EXPECT_TRUE(checked) << checked.error().to_string();
    return texts_of(problems_);
  }

  SmallProject files_;
  Project project_;
  std::vector<Error> problems_;
};

TEST_F(ModelTestFiles, GiveRowsAsMapsWithDefaults) {
  tests(
      "defaults:\n"
      "  raw.orders: {placed: 2024-01-05, plan: Basic}\n"
      "tests:\n"
      "  - name: one\n"
      "    description: why\n"
      "    given:\n"
      "      raw.orders:\n"
      "        - {order_id: 1}\n"
      "        - {order_id: it's, plan: null, placed: \"\"}\n"
      "    expect:\n"
      "      - {order_id: 1}\n"
      "      - {rank: [a, ~]}\n"
      "    ordered: true\n");
  const auto read = load();
  ASSERT_THAT(texts_of(problems_), IsEmpty());
  ASSERT_EQ(read.size(), 1U);
  EXPECT_EQ(read[0].model, "stg_order");
  EXPECT_EQ(read[0].name, "one");
  EXPECT_EQ(read[0].description, "why");
  EXPECT_TRUE(read[0].ordered);
  EXPECT_THAT(read[0].where, testing::EndsWith("stg_order.tests.yml:4"));
  const TestRows& given = *read[0].given_for("raw.orders");
  EXPECT_THAT(given.columns, ElementsAre("placed", "plan", "order_id"));
  EXPECT_THAT(given.rows[0].values, ElementsAre("'2024-01-05'", "'Basic'", "'1'"));
  EXPECT_THAT(given.rows[1].values, ElementsAre("null", "null", "'it''s'"));  // no blanks in a raw table
  EXPECT_THAT(given.rows[1].where, testing::EndsWith(":9"));
  EXPECT_THAT(read[0].expect->rows[0].values, ElementsAre("'1'", "null"));
  EXPECT_THAT(read[0].expect->rows[1].values, ElementsAre("null", "['a', null]"));
  EXPECT_FALSE(read[0].repairs);
  EXPECT_EQ(read[0].given_for("seed.plan"), nullptr);
}

TEST_F(ModelTestFiles, GiveRowsAsCsv) {
  tests(
      "tests:\n"
      "  - name: one\n"
      "    given:\n"
      "      stg_order: |\n"
      "        order_id,placed\n"
      "        1,\"a, \"\"b\"\"\n"
      "        c\"\n"
      "\n"
      "        ,\"\"\n"
      "    expect: []\n",
      "marts/fct_order");
  const auto read = load();
  ASSERT_THAT(texts_of(problems_), IsEmpty());
  const TestRows& given = read.at(0).given[0].second;
  EXPECT_THAT(given.columns, ElementsAre("order_id", "placed"));
  ASSERT_EQ(given.rows.size(), 2U);
  EXPECT_THAT(given.rows[0].values, ElementsAre("'1'", "'a, \"b\"\nc'"));
  EXPECT_THAT(given.rows[0].where, testing::EndsWith(":6"));
  EXPECT_THAT(given.rows[1].values, ElementsAre("null", "''"));
  EXPECT_THAT(given.rows[1].where, testing::EndsWith(":9"));
}

TEST_F(ModelTestFiles, AreNoSpecificationsAndNeedTheirModel) {
  tests("tests: []\n", "staging/stg_ordre");
  EXPECT_THAT(problems(), ElementsAre("stg_ordre.tests.yml: there is no model 'stg_ordre' beside its tests | "
                                      "Did you mean stg_order?"));
}

TEST_F(ModelTestFiles, StandBesideTheirModel) {
  tests("tests: []\n", "marts/stg_order");
  EXPECT_THAT(problems().at(0), HasSubstr("| Put the file beside "));
}

TEST_F(ModelTestFiles, NameTheLineOfEveryMistake) {
  tests(
      "tests:\n"
      "  - nam: one\n"
      "  - name: two\n"
      "    given: {}\n"
      "  - name: three\n"
      "    expect: []\n"
      "  - name: three\n"
      "    expect: []\n"
      "  - name: four\n"
      "    given:\n"
      "      raw.orders: {order_id: 1}\n"
      "    expect: []\n"
      "  - name: five\n"
      "    given:\n"
      "      raw.orders:\n"
      "        - {order_id: 1, order_id: 2}\n"
      "    expect: []\n"
      "  - name: six\n"
      "    given:\n"
      "      raw.orders: |\n"
      "        order_id,placed\n"
      "        1\n"
      "    expect: []\n"
      "  - name: seven\n"
      "    expect: [{}]\n"
      "  - name: eight\n"
      "    rejects:\n"
      "      - {reson: is not a date}\n"
      "  - name: nine\n"
      "    ordered: true\n"
      "    rejects: []\n");
  EXPECT_THAT(
      problems(),
      ElementsAre(
          "stg_order.tests.yml:2: unknown key 'nam' | Did you mean name?",
          "stg_order.tests.yml:3: the test 'two' expects nothing | Say which rows come out: expect, "
          "rejects, repairs or lost.",
          "stg_order.tests.yml:7: a test 'three' of stg_order stands above already | Rename or remove "
          "one.",
          "stg_order.tests.yml:11: expected a list of rows | Begin each with '- '; text is read as CSV.",
          "stg_order.tests.yml:16: the key 'order_id' comes twice",
          "stg_order.tests.yml:22: the row has 1 values, and there are 2 columns | Put a text that "
          "holds a comma between double quotes.",
          "stg_order.tests.yml:25: the expected rows name no column | Name those that are compared.",
          "stg_order.tests.yml:28: unknown key 'reson' | Did you mean reason?",
          "stg_order.tests.yml:30: 'ordered' speaks of expect, which is missing"));
}

TEST_F(ModelTestFiles, AreHeldAgainstTablesColumnsTypesAndRules) {
  tests(
      "tests:\n"
      "  - name: one\n"
      "    given:\n"
      "      raw.ordres: []\n"
      "      raw.orders:\n"
      "        - {order_id: 1}\n"
      "        - {order: 2}\n"
      "    expect:\n"
      "      - {order_id: first}\n"
      "      - {_was_placed: x}\n"
      "    rejects:\n"
      "      - {column: place, reason: is no date}\n"
      "    repairs:\n"
      "      - {kind: tided}\n"
      "  - name: two\n"
      "    expect:\n"
      "      - {order_id: 1, placed: 2024-01-01}\n"
      "      - {order_id: 2, placed: 2024-13-01}\n");
  EXPECT_THAT(
      problems(),
      ElementsAre(
          "stg_order.tests.yml:4: given: stg_order does not read 'raw.ordres' | Did you mean raw.orders?",
          HasSubstr(
              "stg_order.tests.yml:7: raw.orders has no column 'order' | Its columns: order_id, placed"),
          HasSubstr("stg_order.tests.yml:10: stg_order has no column '_was_placed' | "),
          "stg_order.tests.yml:12: no reject rule of stg_order has column 'place' | Did you mean placed?",
          HasSubstr("stg_order.tests.yml:12: no reject rule of stg_order has reason 'is no date' | "),
          "stg_order.tests.yml:14: no repair of stg_order has kind 'tided' | Did you mean tidied?",
          "stg_order.tests.yml:18: '2024-13-01' is no DATE, the type of stg_order.placed"));
}

TEST_F(ModelTestFiles, MayGiveARawTableThatNothingDeclares) {
  files_.model("marts/fct_visit", "select visitor, _drop from raw.visits");
  tests("tests:\n  - name: one\n    given:\n      raw.visits: [{visitor: x}]\n    expect: [{visitor: x}]\n",
        "marts/fct_visit");
  EXPECT_THAT(problems(), IsEmpty());
}

}  // namespace
}  // namespace reelhouse::model
