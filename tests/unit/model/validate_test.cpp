#include "model/validate.hpp"

#include <chrono>

#include "matchers.hpp"
#include "model/small_project.hpp"

namespace reelhouse::model {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;
using Texts = std::vector<std::string>;

class ValidateTest : public testing::Test {
 protected:
  Validation validate_files() {
    problems_.clear();
    const Project project = load_project(files_.root(), problems_);
    auto validation = validate(project, tables_, problems_);
    EXPECT_THAT(validation, IsOk());
    return validation ? std::move(*validation) : Validation{};
  }
  Texts problems() {
    validate_files();
    return texts_of(problems_);
  }

  SmallProject files_;
  std::vector<catalog::CatalogTable> tables_;
  std::vector<Error> problems_;
};

TEST_F(ValidateTest, SumsUpASoundProject) {
  files_.source("users", "user_id, age")
      .write("seeds/plan.csv", "plan_name,rank\nBasic,1\n")
      .model("staging/stg_user",
             "-- A user.\nselect whole_number(user_id) as user_id, age as _was_age, _object, _line, _drop "
             "from raw.users;\n-- end",
             "grain: [user_id]\n"
             "reject:\n  - {column: Age, when: _was_age is null and stg_user.user_id is null, reason: is "
             "missing, value: _was_age}\n"
             "repairs:\n  - {kind: k, column: Age, when: _was_age <> trim(_was_age), was: _was_age, now: "
             "user_id}\n"
             "checks:\n  - {name: none_rejected, severity: warn, sql: select * from audit.rejected where "
             "model = 'stg_user'}\n")
      .model("marts/dim_user",
             "-- materialized: view\nselect u.user_id, p.plan_name from stg_user u cross join seed.plan p",
             "columns:\n  user_id:\n    description: The id.\n    checks:\n      - not_null\n"
             "      - relationship: {to: stg_user, column: user_id}\n  plan_name: Its name.\n");
  const Validation validation = validate_files();
  EXPECT_THAT(texts_of(problems_), IsEmpty());
  EXPECT_THAT(texts_of(validation.warnings), IsEmpty());
  ASSERT_EQ(validation.models.size(), 2U);
  EXPECT_EQ(validation.checks, 5U);
  const auto& dim = validation.models[1];
  EXPECT_EQ(dim.model, "dim_user");
  EXPECT_EQ(dim.folder, "marts");
  EXPECT_EQ(dim.materialisation, Materialisation::kView);
  EXPECT_THAT(dim.inputs, ElementsAre("stg_user", "seed.plan"));
  EXPECT_EQ(dim.columns, 2U);
  EXPECT_EQ(dim.checks, 2U);
  EXPECT_EQ(validation.models[0].columns, 4U);  // without _was_age
}

TEST_F(ValidateTest, GathersAllProblemsWithFileAndLine) {
  files_.source("users", "user_id, age")
      .model("a", "-- A.\nselect user_id,\n  aeg\nfrom raw.users")
      .model("b", "select 1 as x from raw.user\n")
      .model("c", "select\n  whole_numbr(user_id) as n from raw.users")
      .model("d", "select 1 as d\nfrom from")
      .model("behind", "select * from a");
  EXPECT_THAT(
      problems(),
      ElementsAre(
          "a.sql:3: Referenced column \"aeg\" not found in FROM clause! | Did you mean age?",
          "b.sql:1: there is no table 'raw.user' | Did you mean raw.users?",
          "c.sql:2: Scalar Function with name whole_numbr does not exist! | Did you mean whole_number?",
          StartsWith("d.sql:2: ")));
}

TEST_F(ValidateTest, SkipsWhatIsBehindABrokenModelSilently) {
  files_.model("a", "select nothing")
      .model("b", "select * from a")
      .model("c", "select 1 as k", "columns:\n  k:\n    checks:\n      - relationship: {to: a, column: k}\n")
      .model("d", "select * from b");
  EXPECT_THAT(problems(), ElementsAre(StartsWith("a.sql:1: ")));
}

TEST_F(ValidateTest, SkipsWhatIsBehindAFileThatCannotBeRead) {
  files_.source("users", "user_id")
      .model("a", "select user_id from raw.users", "descripton: x\n")
      .model("b", "select * from a")
      .model("c", "select 1 as k", "columns:\n  k:\n    checks:\n      - relationship: {to: a, column: k}\n")
      .write("seeds/plan.csv", "")
      .model("d", "select * from seed.plan");
  EXPECT_THAT(problems(), ElementsAre(StartsWith("a.yml:1: unknown key"), StartsWith("plan.csv:1: ")));
}

TEST_F(ValidateTest, SkipsWhatReadsTheLakeWhenTheSourcesCannotBeRead) {
  files_.write("sources/users.yml", "dataset: users\ntabels:\n")
      .model("a", "select user_id, more from raw.users")
      .model("b", "select * from raw.other");
  catalog::CatalogTable users;
  users.name = "users";
  users.columns = {{"user_id", "User ID", "BIGINT", {}}};
  tables_ = {users};
  EXPECT_THAT(problems(), ElementsAre(StartsWith("users.yml:2: ")));
}

TEST_F(ValidateTest, ReportsCircles) {
  files_.model("a", "select * from b")
      .model("b", "select * from c")
      .model("c", "select * from a")
      .model("d", "select * from a");
  EXPECT_THAT(problems(), ElementsAre(HasSubstr("circle: a -> b -> c -> a")));
  files_.model("a", "select * from a");
  EXPECT_THAT(problems(), ElementsAre(HasSubstr("circle: a -> a")));
}

TEST_F(ValidateTest, HoldsTheYamlAgainstTheColumns) {
  files_.model("a", "select 1 as user_id, 2 as plan",
               "grain: [usr_id]\ncolumns:\n  plan:\n    checks: [not_null]\n  plam:\n    checks: [unique, "
               "not_null]\n");
  EXPECT_THAT(problems(), ElementsAre("a.yml:1: grain: a has no column 'usr_id' | Did you mean user_id?",
                                      StartsWith("a.yml:")));
  EXPECT_THAT(texts_of(problems_)[1], HasSubstr("a has no column 'plam' | Did you mean plan?"));
}

TEST_F(ValidateTest, BindsChecks) {
  files_
      .model("a", "select 1 as k",
             "columns:\n  k:\n    checks:\n      - relationship: {to: dim_plam, column: plan_key}\n"
             "      - relationship: {to: b, column: kk}\n"
             "checks:\n  - name: totals\n    sql: select * from a where j > 1\n"
             "  - name: syntax\n    sql: select from where\n"
             "  - name: fine\n    sql: select * from a where k > 1\n")
      .model("b", "select 1 as key");
  EXPECT_THAT(problems(),
              ElementsAre(AllOf(StartsWith("a.yml:4: check 'relationship(k)': "), HasSubstr("dim_plam")),
                          AllOf(StartsWith("a.yml:5: check 'relationship(k)': "), HasSubstr("kk")),
                          AllOf(StartsWith("a.yml:7: check 'totals': "), HasSubstr("\"j\"")),
                          StartsWith("a.yml:9: check 'syntax': syntax error")));
}

TEST_F(ValidateTest, BindsRules) {
  files_.source("users", "user_id")
      .model("stg", "select user_id, user_id as _was_user_id, _object, _line from raw.users",
             "reject:\n  - {column: A, when: usr_id is null, reason: is missing}\n"
             "  - {column: A, when: user_id is null, reason: is missing, value: nothing}\n"
             "repairs:\n  - {kind: k, column: A, when: user_id <> _was_user_id, was: _was_user, now: "
             "user_id}\n");
  EXPECT_THAT(problems(),
              ElementsAre(AllOf(StartsWith("stg.yml:2: when: "), HasSubstr("Did you mean user_id?")),
                          StartsWith("stg.yml:3: value: "),
                          AllOf(StartsWith("stg.yml:5: was: "), HasSubstr("Did you mean _was_user_id?"))));
}

TEST_F(ValidateTest, DoesNotShowReadersTheColumnsOfRules) {
  files_.source("users", "user_id")
      .model("stg", "select user_id, user_id as _was_user_id from raw.users")
      .model("a", "select _was_user_id from stg");
  EXPECT_THAT(problems(), ElementsAre(StartsWith("a.sql:1: Referenced column \"_was_user_id\"")));
}

TEST_F(ValidateTest, WarnsOfWhatMayStay) {
  files_.source("users", "user_id")
      .source("orders", "id")
      .model("marts/finance/fct", "select user_id, 1 as one from raw.users", "columns:\n  one: A number.\n");
  const Validation validation = validate_files();
  EXPECT_THAT(texts_of(problems_), IsEmpty());
  EXPECT_THAT(texts_of(validation.warnings),
              ElementsAre(HasSubstr("fct is published, and 1 of its columns has no description: user_id"),
                          HasSubstr("no model reads raw.orders")));
}

TEST_F(ValidateTest, KnowsTheColumnsOfTheCatalogAndTheDeclaredOnes) {
  files_.source("users", "user_id, declared")
      .model("a", "select user_id, declared, found, _object, _line, _drop from raw.users")
      .model("b", "select x from raw.undeclared");
  catalog::CatalogTable users;
  users.name = "users";
  users.columns = {{"user_id", "User ID", "BIGINT", {}}, {"found", "Found", "BIGINT", {}}};
  catalog::CatalogTable other;
  other.name = "undeclared";
  other.columns = {{"x", "X", "BIGINT", {}}};
  tables_ = {users, other};
  EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(ValidateTest, RefusesModelsThatReadFilesThemselves) {
  files_.model("a", "select * from read_csv('/etc/passwd')").model("b", "select * from '/etc/hosts.csv'");
  EXPECT_THAT(problems(), ElementsAre(HasSubstr("a model may not read files itself"),
                                      StartsWith("b.sql:1: there is no table")));
}

TEST_F(ValidateTest, RefusesAModelOfRuleColumnsAlone) {
  files_.model("a", "select 1 as _was_x");
  EXPECT_THAT(problems(), ElementsAre(HasSubstr("none would be stored")));
}

TEST_F(ValidateTest, ReportsChecksOfOneName) {
  files_.model("a", "select 1 as k",
               "checks:\n  - {name: x, sql: select * from a}\n  - {name: x, sql: select k from a}\n");
  EXPECT_THAT(problems(), ElementsAre(HasSubstr("check 'x' stands here twice")));
}

TEST_F(ValidateTest, BindsWithoutRunning) {
  files_.model("a", "select x from range(1000000000000) as t (x) where hash(x) = 1 order by 1");
  const auto start = std::chrono::steady_clock::now();
  EXPECT_THAT(problems(), IsEmpty());
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

}  // namespace
}  // namespace reelhouse::model
