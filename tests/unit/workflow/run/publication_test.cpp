#include "workflow/run/publication.hpp"

#include "model/small_project.hpp"

namespace reelhouse::workflow {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// Keys of a model with such YAML beside it.
warehouse::PublishedTable keyed_table(const std::string& yaml) {
  model::SmallProject files;
  files.model("marts/fct", "select 1 as a, 2 as b", yaml);
  const auto project = files.load();
  warehouse::PublishedTable table;
  if (!project.models.empty()) add_keys(project.models.front(), table);
  return table;
}

TEST(Keys, TheGrainIsThePrimaryKey) {
  EXPECT_THAT(keyed_table("grain: [a, b]\ncolumns:\n  a:\n    checks: [not_null, unique]\n").primary_key,
              ElementsAre("a", "b"));
}

TEST(Keys, WithoutAGrainTheFirstColumnThatIsUniqueAndNeverNullIs) {
  EXPECT_THAT(
      keyed_table("columns:\n  a:\n    checks: [unique]\n  b:\n    checks: [unique, not_null]\n").primary_key,
      ElementsAre("b"));
  EXPECT_THAT(
      keyed_table("columns:\n  b:\n    checks: [unique, not_null]\n  a:\n    checks: [unique, not_null]\n")
          .primary_key,
      ElementsAre("b"));
}

TEST(Keys, WhatOnlyWarnsHoldsNoKey) {
  EXPECT_THAT(keyed_table("columns:\n  a:\n    checks: [not_null, unique: {severity: warn}]\n").primary_key,
              IsEmpty());
  EXPECT_THAT(keyed_table("columns:\n  a:\n    checks: [unique, not_null: {severity: warn}]\n").primary_key,
              IsEmpty());
  EXPECT_THAT(
      keyed_table("columns:\n  a:\n    checks: [relationship: {to: dim, severity: warn}]\n").foreign_keys,
      IsEmpty());
}

// A check of one's own may be called as it likes.
TEST(Keys, AreKnownByKindAndNotByName) {
  EXPECT_THAT(keyed_table("columns:\n  a:\n    checks: [not_null]\n"
                          "checks:\n  - {name: unique(a), sql: select 1 where false}\n")
                  .primary_key,
              IsEmpty());
}

TEST(Keys, RelationshipsAreForeignKeys) {
  const auto table = keyed_table(
      "columns:\n  a:\n    checks: [relationship: {to: dim, column: k}]\n  b:\n    checks: [relationship: "
      "{to: other}]\n");
  ASSERT_EQ(table.foreign_keys.size(), 2U);
  EXPECT_EQ(table.foreign_keys[0].column, "a");
  EXPECT_EQ(table.foreign_keys[0].table, "dim");
  EXPECT_EQ(table.foreign_keys[0].key, "k");
  EXPECT_EQ(table.foreign_keys[1].key, "b");
  EXPECT_THAT(table.primary_key, IsEmpty());
}

TEST(Builds, AreNamedByModelAndFingerprint) {
  model::ModelOutcome built;
  built.model = "dim_user";
  built.record.fingerprint = "abc";
  EXPECT_THAT(builds_of({built}), ElementsAre("dim_user/abc"));
}

}  // namespace
}  // namespace reelhouse::workflow
