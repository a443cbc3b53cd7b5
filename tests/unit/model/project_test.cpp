#include "matchers.hpp"
#include "model/small_project.hpp"

namespace reelhouse::model {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

TEST(LoadProject, ReadsModelsWithTheirHeadersAndFolders) {
  SmallProject files;
  files.model("staging/stg_user", "-- A user of one drop.\n-- more\n-- materialized: view\nselect 1 as a")
      .model("marts/finance/fct_user", "select 1 as a")
      .model("top", "\xEF\xBB\xBF-- First line.\r\n-- materialized: view\r\nselect 1 as a")
      .write("models/.hidden.sql", "select")
      .write("models/notes.txt", "no model");
  const Project project = files.load();
  ASSERT_EQ(project.models.size(), 3U);
  const Model& user = *project.find("stg_user");
  EXPECT_EQ(user.row, "A user of one drop.");
  EXPECT_EQ(user.materialisation, Materialisation::kView);
  EXPECT_EQ(user.folder, "staging");
  EXPECT_FALSE(user.published());
  EXPECT_TRUE(project.find("fct_user")->published());
  EXPECT_TRUE(project.find("fct_user")->is_in("marts/finance"));
  EXPECT_FALSE(project.find("fct_user")->is_in("mart"));
  EXPECT_EQ(project.find("top")->row, "First line.");
  EXPECT_EQ(project.find("top")->materialisation, Materialisation::kView);
  EXPECT_EQ(project.find("nothing"), nullptr);
}

TEST(LoadProject, GathersProblemsOfEveryFile) {
  SmallProject files;
  files.model("a/one", "-- materialized: tabel\nselect 1 as a")
      .model("a/two", "-- A row.\n-- materialised: view\nselect 1 as a")
      .model("a/same", "select 1 as a")
      .model("b/same", "select 2 as a")
      .model("Big Name", "select 1 as a")
      .write("models/orphan.yml", "description: x\n")
      .model("wrong", "select 1 as a", "descripton: x\n")
      .model("ruled", "-- materialized: view\nselect 1 as a", "reject:\n  - {when: a = 1, reason: is one}\n")
      .write("seeds/empty.csv", "")
      .write("seeds/Bad.csv", "a\n")
      .write("seeds/bad.csv", "Plan Name,b\n")
      .write("seeds/twice.csv", "a,b,a\n")
      .write("seeds/x/same.csv", "a\n")
      .write("seeds/y/same.csv", "a\n")
      .write("seeds/hole.csv", "a,,b\n");
  const auto texts = texts_of(files.problems_of_load());
  for (const char* expected :
       {"one.sql:1: materialized: 'tabel' is not known", "two.sql:2: 'materialised:' is not known",
        "same.sql: a model of this name is in", "Big Name.sql: 'Big Name' is no name",
        "orphan.yml: there is no model beside this file",
        "wrong.yml:1: unknown key 'descripton' | Did you mean description?",
        "ruled.yml: a view cannot reject", "empty.csv:1: the seed is empty", "Bad.csv: 'Bad' is no name",
        "bad.csv:1: 'Plan Name' is no name", "twice.csv:1: the seed has two columns 'a'",
        "same.csv: a seed of this name is in", "hole.csv:1: '' is no name"})
    EXPECT_THAT(texts, testing::Contains(StartsWith(expected))) << expected;
  EXPECT_EQ(texts.size(), 13U);
}

TEST(LoadProject, StopsAtTheFirstProblemWhenAskedTo) {
  SmallProject files;
  files.model("wrong", "select 1 as a", "descripton: x\n");
  const auto project = load_project(files.root());
  EXPECT_THAT(project, IsError(ErrorKind::kProject));
}

TEST(LoadProject, ReadsSeedHeaders) {
  SmallProject files;
  files.write("seeds/plan.csv", "\xEF\xBB\xBF\"plan_name\", rank\r\nBasic,1\r\n")
      .write("seeds/one.csv", "only");
  const Project project = files.load();
  ASSERT_EQ(project.seeds.size(), 2U);
  EXPECT_THAT(project.seeds[0].columns, ElementsAre("only"));
  EXPECT_THAT(project.seeds[1].columns, ElementsAre("plan_name", "rank"));
}

TEST(LoadProject, IsEmptyWithoutFolders) {
  SmallProject files;
  const Project project = files.load();
  EXPECT_THAT(project.models, IsEmpty());
  EXPECT_THAT(project.seeds, IsEmpty());
}

TEST(ModelStatement, EndsAtTheSemicolonOutsideOfTextAndComments) {
  const auto statement = [](const std::string& sql) {
    Model model;
    model.sql = sql;
    return model.statement();
  };
  EXPECT_EQ(statement("select 1"), "select 1");
  EXPECT_EQ(statement("select 1;\n-- the end; really\n"), "select 1");
  EXPECT_EQ(statement("-- a; b\nselect ';' as \"x;y\" /* ; /* ; */ ; */ ; ;"),
            "-- a; b\nselect ';' as \"x;y\" /* ; /* ; */ ; */ ");
  EXPECT_EQ(statement("select 'it''s;' as a, e'\\';' as b, $$;$$ as c, $x$;$$;$x$ as d; "),
            "select 'it''s;' as a, e'\\';' as b, $$;$$ as c, $x$;$$;$x$ as d");
  EXPECT_EQ(statement("select 'open;"), "select 'open;");
  EXPECT_EQ(statement("select 1 /* open;"), "select 1 /* open;");
  EXPECT_EQ(statement(""), "");
  EXPECT_EQ(statement("select a$b; x"), "select a$b");
}

// ---- the YAML beside a model

Error refused(const std::string& yaml) {
  SmallProject files;
  files.model("m", "select 1 as a", yaml);
  const auto problems = files.problems_of_load();
  EXPECT_EQ(problems.size(), 1U) << yaml;
  return problems.empty() ? Error{} : problems[0];
}

TEST(Specification, TurnsChecksIntoSql) {
  SmallProject files;
  files.model("m", "select 1 as a",
              "description: D.\ngrain: [a, b]\ncolumns:\n  a:\n    description: The a.\n    checks:\n      - "
              "not_null\n"
              "      - unique: {severity: warn}\n      - accepted_values: [x, it's]\n"
              "      - relationship: {to: dim, severity: warn}\n  b: Short.\n  c:\n");
  const Project project = files.load();
  const Model& model = *project.find("m");
  EXPECT_EQ(model.description, "D.");
  ASSERT_EQ(model.columns.size(), 3U);
  EXPECT_EQ(model.columns[1].description, "Short.");
  EXPECT_THAT(model.columns[1].where, testing::EndsWith("m.yml:11"));
  ASSERT_EQ(model.checks.size(), 7U);
  EXPECT_EQ(model.checks[0].name, "grain is unique");
  EXPECT_THAT(model.checks[0].where, testing::EndsWith("m.yml:2"));
  EXPECT_EQ(model.checks[3].name, "not_null(a)");
  EXPECT_EQ(model.checks[3].sql, "select * from \"m\" where \"a\" is null");
  EXPECT_EQ(model.checks[3].severity, Severity::kError);
  EXPECT_THAT(model.checks[3].where, testing::EndsWith("m.yml:7"));
  EXPECT_EQ(model.checks[4].severity, Severity::kWarn);
  EXPECT_THAT(model.checks[5].sql, HasSubstr("not in ('x', 'it''s')"));
  EXPECT_THAT(model.checks[6].sql, HasSubstr("(select \"a\" from \"dim\" where \"a\" is not null)"));
  EXPECT_EQ(model.checks[6].severity, Severity::kWarn);
}

TEST(Specification, TellsChecksByKindAndColumns) {
  SmallProject files;
  files.model("m", "select 1 as a",
              "grain: [a, b]\ncolumns:\n  a:\n    checks: [not_null, unique, {accepted_values: [x]}, "
              "{relationship: {to: dim}}]\n"
              "checks:\n  - {name: unique(c), sql: select 1}\n");
  const Project project = files.load();
  std::vector<std::pair<CheckKind, std::vector<std::string>>> told;
  std::vector<bool> plain;
  for (const auto& check : project.find("m")->checks) {
    told.emplace_back(check.kind, check.columns);
    plain.push_back(check.is_plain());
  }
  using enum CheckKind;
  using Columns = std::vector<std::string>;
  EXPECT_THAT(told,
              testing::ElementsAre(std::pair(kUnique, Columns{"a", "b"}), std::pair(kNotNull, Columns{"a"}),
                                   std::pair(kNotNull, Columns{"b"}), std::pair(kNotNull, Columns{"a"}),
                                   std::pair(kUnique, Columns{"a"}), std::pair(kAcceptedValues, Columns{"a"}),
                                   std::pair(kRelationship, Columns{"a"}), std::pair(kSql, Columns{})));
  EXPECT_THAT(plain, testing::ElementsAre(true, true, true, true, true, true, false, false));
}

TEST(Specification, RefusesWhatItDoesNotKnow) {
  EXPECT_THAT(refused("columns:\n  a:\n    check: [not_null]\n").hint, HasSubstr("checks"));
  EXPECT_THAT(refused("columns:\n  a:\n    checks: [notnull]\n").message,
              HasSubstr("check 'notnull' is not known"));
  EXPECT_THAT(refused("columns:\n  a:\n    checks:\n      - not_null: {severty: warn}\n").hint,
              HasSubstr("severity"));
  EXPECT_THAT(refused("columns:\n  a:\n    checks:\n      - not_null: {severity: fatal}\n").message,
              HasSubstr("'fatal'"));
  EXPECT_THAT(refused("columns:\n  a:\n    checks:\n      - accepted_values: {values: []}\n").message,
              HasSubstr("list of values"));
  EXPECT_THAT(refused("columns: [a]\n").message, HasSubstr("column names"));
  EXPECT_THAT(refused("columns:\n  a:\n    checks:\n      - relationship:\n        to: b\n").message,
              HasSubstr("unknown key 'to'"));
  EXPECT_EQ(refused("reject:\n  - {column: A, reason: is bad}\n").kind, ErrorKind::kProject);
  EXPECT_THAT(refused("grain: {a: b}\n").where, testing::EndsWith("m.yml:1"));
  EXPECT_THAT(refused("checks:\n  - {name: x, sq: y}\n").hint, HasSubstr("sql"));
  EXPECT_EQ(refused("a: [\n").kind, ErrorKind::kProject);
}

TEST(Specification, KeepsRulesWithTheirPlaces) {
  SmallProject files;
  files.model("m", "select 1 as a",
              "reject:\n  - {column: A, when: a = 1, reason: is one, value: a}\n"
              "repairs:\n  - {kind: k, column: A, when: a = 2, was: b}\n");
  const Project project = files.load();
  const Model& model = project.models.front();
  ASSERT_EQ(model.rejects.size(), 1U);
  EXPECT_THAT(model.rejects[0].where, testing::EndsWith("m.yml:2"));
  EXPECT_EQ(model.rejects[0].when, "a = 1");
  ASSERT_EQ(model.repairs.size(), 1U);
  EXPECT_EQ(model.repairs[0].now, "null");
  EXPECT_TRUE(model.has_rules());
}

// ---- repairs that models share

constexpr const char* kBook =
    "kinds:\n"
    "  odd_space: \"trim({was}) <> {was}\"\n"
    "  case: {kind: spelling, when: \"{was} <> {now} and has_match({was}, '^[a]{2}')\"}\n"
    "sets:\n"
    "  text: [odd_space, case]\n";

TEST(RepairBook, WritesOutWhatAModelNames) {
  SmallProject files;
  files.write("models/repairs.yml", kBook)
      .model("m", "select 1 as a",
             "repairs:\n  - {column: A, was: _was_a, now: a, kinds: text}\n"
             "  - {kind: own, column: A, when: a = 2, was: _was_a}\n"
             "  - {column: B, was: _was_b, kinds: [odd_space]}\n");
  const Project project = files.load();
  const auto& rules = project.models.front().repairs;
  ASSERT_EQ(rules.size(), 4U);
  EXPECT_EQ(rules[0].kind, "odd_space");
  EXPECT_EQ(rules[0].column, "A");
  EXPECT_EQ(rules[0].when, "trim(_was_a) <> _was_a");
  EXPECT_EQ(rules[0].was, "_was_a");
  EXPECT_EQ(rules[0].now, "a");
  EXPECT_THAT(rules[0].where, testing::EndsWith("m.yml:2"));
  EXPECT_EQ(rules[1].kind, "spelling");
  EXPECT_EQ(rules[1].when, "_was_a <> a and has_match(_was_a, '^[a]{2}')");
  EXPECT_EQ(rules[2].kind, "own");
  EXPECT_EQ(rules[3].when, "trim(_was_b) <> _was_b");
  EXPECT_EQ(rules[3].now, "null");
}

TEST(RepairBook, IsPartOfTheFingerprintWhereItIsNamed) {
  const auto specification = [](const std::string& book) {
    SmallProject files;
    files.write("models/repairs.yml", book)
        .model("m", "select 1 as a", "repairs:\n  - {column: A, was: b, kinds: k}\n");
    return files.load().models.front().specification;
  };
  const std::string before = specification("kinds: {k: \"{was} = 1\", other: \"{was} = 1\"}\n");
  EXPECT_EQ(specification("kinds: {k: \"{was} = 1\", other: \"{was} = 2\"}\n"), before);
  EXPECT_NE(specification("kinds: {k: \"{was} = 2\", other: \"{was} = 1\"}\n"), before);
}

TEST(RepairBook, AProjectWithoutItKeepsItsFingerprints) {
  SmallProject files;
  files.model("m", "select 1 as a", "repairs:\n  - {kind: k, column: A, when: a = 2, was: b}\n");
  EXPECT_EQ(files.load().models.front().specification, "\n- {kind: k, column: A, when: a = 2, was: b}");
}

TEST(RepairBook, BelongsToAModelOfThatName) {
  SmallProject files;
  files.model("repairs", "select 1 as a", "description: Repairs made.\n");
  EXPECT_EQ(files.load().models.front().description, "Repairs made.");
}

TEST(RepairBook, RefusesWithFileLineAndNearMiss) {
  const auto refused_with = [](const std::string& book, const std::string& item) {
    SmallProject files;
    files.write("models/repairs.yml", book).model("m", "select 1 as a", "repairs:\n  - {" + item + "}\n");
    const auto texts = texts_of(files.problems_of_load());
    EXPECT_EQ(texts.size(), 1U);
    return texts.empty() ? "nothing" : texts.front();
  };
  const std::string item = "column: A, was: b, now: a, kinds: ";
  EXPECT_EQ(refused_with(kBook, item + "txt"), "m.yml:2: repair 'txt' is not known | Did you mean text?");
  EXPECT_EQ(refused_with(kBook, item + "[text, case]"), "m.yml:2: repair 'case' comes twice | Name it once.");
  EXPECT_THAT(refused_with(kBook, "column: A, was: b, kinds: case"),
              StartsWith("m.yml:2: repair 'case' needs `now`"));
  EXPECT_THAT(refused_with(kBook, item + "case, when: a = 1"), StartsWith("m.yml:2: unknown key 'when'"));
  EXPECT_THAT(refused_with("", item + "case"), HasSubstr("models/repairs.yml names kinds"));
  EXPECT_THAT(refused_with("kinds: {k: \"{wsa} = 1\"}\n", item + "k"),
              AllOf(StartsWith("repairs.yml:1: {wsa} stands for nothing"), HasSubstr("Did you mean was?")));
  EXPECT_THAT(refused_with("kinds: {k: a}\nset: {t: [k]}\n", item + "k"),
              StartsWith("repairs.yml:2: unknown key 'set'"));
  EXPECT_THAT(refused_with("kinds: {knd: a}\nsets: {t: [kn]}\n", item + "t"),
              StartsWith("repairs.yml:2: kind 'kn' is not known | Did you mean knd?"));
  EXPECT_THAT(refused_with("kinds: {k: a}\nsets: {k: [k]}\n", item + "k"), HasSubstr("is a kind and a set"));
  EXPECT_THAT(refused_with("kinds: {k: a}\nsets: {t: []}\n", item + "k"), HasSubstr("holds nothing"));
  EXPECT_THAT(refused_with("kinds:\n  k:\n", item + "k"), StartsWith("repairs.yml"));
}

}  // namespace
}  // namespace reelhouse::model
