#include "model/materialise.hpp"

#include "matchers.hpp"
#include "model/small_project.hpp"

namespace reelhouse::model {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class MaterialiseTest : public testing::Test {
 protected:
  void SetUp() override {
    database_ = std::move(*engine::open_duckdb({}));
    session_ = std::move(*database_->connect());
    ASSERT_THAT(session_->execute("create schema raw; create table raw.users as select * from (values "
                                  "('1', ' Basic', 'a.csv', 2), ('x', 'Basic', 'a.csv', 3), ('3', null, "
                                  "'a.csv', 4), ('4', 'Premium', "
                                  "'b.csv', 2), "
                                  "('4', 'Premium', 'b.csv', 3), (null, 'Basic', 'b.csv', 4)) as t (user_id, "
                                  "plan, _object, _line)"),
                IsOk());
  }

  Result<BuildRecord> build(const std::string& sql, const std::string& yaml = "") {
    files_.model("m", sql, yaml);
    project_ = files_.load();
    const auto folder = files_.root() / "out";
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    return materialise(project_.models.front(), folder, *session_);
  }
  std::vector<std::string> read(const std::string& file, const std::string& columns = "*") {
    std::vector<std::string> lines;
    const auto rows = session_->query(fmt::format("select {} from read_parquet('{}') order by all", columns,
                                                  (files_.root() / "out" / file).string()));
    EXPECT_THAT(rows, IsOk());
    if (rows)
      for (size_t row = 0; row < rows->rows.size(); ++row) {
        std::string line;
        for (size_t column = 0; column < rows->columns.size(); ++column)
          line += (column ? "|" : "") + rows->text(row, column);
        lines.push_back(line);
      }
    return lines;
  }
  bool exists(const std::string& file) const { return std::filesystem::exists(files_.root() / "out" / file); }

  SmallProject files_;
  Project project_;
  std::unique_ptr<engine::Database> database_;
  std::unique_ptr<engine::Session> session_;
};

constexpr const char* kStaged =
    "select try_cast(user_id as int) as user_id, trim(plan) as plan, user_id as _was_user_id, plan as "
    "_was_plan, "
    "row_number() over (partition by user_id order by _line) as _was_delivery, _object, _line from "
    "raw.users;\n-- end";
constexpr const char* kRules =
    "reject:\n"
    "  - {column: User, when: _was_user_id is null, reason: is missing}\n"
    "  - {column: User, when: user_id is null, reason: is no number, value: _was_user_id}\n"
    "  - {column: User, when: _was_delivery > 1, reason: came before, value: 'concat(user_id, '' again'')'}\n"
    "repairs:\n"
    "  - {kind: space, column: Plan, when: plan <> _was_plan, was: _was_plan, now: plan}\n"
    "  - {kind: never, column: Plan, when: plan = 'none', was: plan}\n";

TEST_F(MaterialiseTest, WritesAPlainModel) {
  const auto record =
      build("-- A plan.\nselect plan, count(*) as users from raw.users group by plan -- last");
  ASSERT_THAT(record, IsOk());
  EXPECT_EQ(record->rows, 4U);
  EXPECT_EQ(record->columns[1], (std::pair<std::string, std::string>("users", "BIGINT")));
  EXPECT_THAT(record->objects, IsEmpty());
  EXPECT_EQ(read("part-0.parquet").size(), 4U);
  EXPECT_FALSE(exists("_rejected.parquet"));
}

TEST_F(MaterialiseTest, SendsEveryRowToOnePlace) {
  const auto record = build(kStaged, kRules);
  ASSERT_THAT(record, IsOk());
  EXPECT_EQ(record->rows, 3U);
  EXPECT_EQ(record->rejected, 3U);
  EXPECT_THAT(read("part-0.parquet"), ElementsAre("1|Basic|a.csv|2", "3||a.csv|4", "4|Premium|b.csv|2"));
  EXPECT_THAT(read("_rejected.parquet", "_object, _line, col, reason, value"),
              ElementsAre("a.csv|3|User|is no number|x", "b.csv|3|User|came before|4 again",
                          "b.csv|4|User|is missing|"));
  EXPECT_THAT(read("_repaired.parquet"), ElementsAre("a.csv|2|space|Plan| Basic|Basic"));
  EXPECT_EQ(record->repairs.at("space"), 1U);
  EXPECT_EQ(record->repairs.at("never"), 0U);
  EXPECT_EQ(record->objects.at("a.csv").kept, 2U);
  EXPECT_EQ(record->objects.at("a.csv").rejected, 1U);
  EXPECT_EQ(record->objects.at("b.csv").kept, 1U);
  EXPECT_EQ(record->objects.at("b.csv").rejected, 2U);
  EXPECT_FALSE(exists("_all.parquet"));
}

TEST_F(MaterialiseTest, KeepsRejectedRowsAsFarAsTheyCanBeRead) {
  auto record = build(kStaged, kRules);
  ASSERT_THAT(record, IsOk());
  const auto rejected = [&] {
    const auto rows =
        session_->query(fmt::format("select user_id + 1, plan, _line from ({}) order by _line, plan",
                                    read_rejected(files_.root() / "out", *record)));
    EXPECT_THAT(rows, IsOk());
    std::vector<std::string> lines;
    for (size_t row = 0; rows && row < rows->rows.size(); ++row)
      lines.push_back(rows->text(row, 0) + "|" + rows->text(row, 1) + "|" + rows->text(row, 2));
    return lines;
  };
  EXPECT_THAT(rejected(), ElementsAre("|Basic|3", "5|Premium|3", "|Basic|4"));
  record = build(kStaged, "reject:\n  - {column: User, when: user_id = 99, reason: is too high}\n");
  ASSERT_THAT(record, IsOk());
  EXPECT_THAT(rejected(), IsEmpty());  // and it has the columns all the same
}

TEST_F(MaterialiseTest, DropsTheColumnsOfRulesWhereThereAreNone) {
  const auto record = build("select user_id, plan as _was_plan from raw.users");
  ASSERT_THAT(record, IsOk());
  EXPECT_EQ(record->columns.size(), 1U);
  EXPECT_EQ(record->rows, 6U);
  EXPECT_EQ(record->rejected, 0U);
}

TEST_F(MaterialiseTest, WritesAnEmptyModel) {
  const auto record = build("select user_id, _object, _line from raw.users where false", kRules);
  EXPECT_FALSE(record);  // the rules name columns that are not there
  const auto empty = build(
      "select user_id, plan, user_id as _was_user_id, plan as _was_plan, 1 as _was_delivery, "
      "_object, _line from raw.users where false",
      kRules);
  ASSERT_THAT(empty, IsOk());
  EXPECT_EQ(empty->rows, 0U);
  EXPECT_EQ(empty->rejected, 0U);
  EXPECT_THAT(read("part-0.parquet"), IsEmpty());
}

TEST_F(MaterialiseTest, RefusesWrongSqlWithItsPlace) {
  const auto record = build("-- A row.\nselect user_id,\n  plam from raw.users");
  EXPECT_THAT(record, IsError(ErrorKind::kProject, HasPlace(testing::EndsWith("m.sql:3")),
                              HasHint(testing::Eq("Did you mean plan?"))));
}

TEST_F(MaterialiseTest, SaysThatARuleMayBeWrong) {
  const auto record =
      build(kStaged, "reject:\n  - {column: User, when: usr_id is null, reason: is missing}\n");
  EXPECT_THAT(record, IsError(ErrorKind::kProject, HasPlace(testing::EndsWith("m.yml:2"))));
}

TEST_F(MaterialiseTest, FailsWhenARowCannotBeRead) {
  const auto record = build("select\n cast(user_id as int) as user_id from raw.users");
  EXPECT_THAT(record, IsError(ErrorKind::kProject, HasMessage("'x'")));
}

TEST_F(MaterialiseTest, TellsADoubleFromARecordThatIsLost) {
  ASSERT_THAT(session_->execute("insert into raw.users values ('4', 'Basic', 'b.csv', 5)"), IsOk());
  files_.model("m", kStaged, kRules);
  project_ = files_.load();
  const auto folder = files_.root() / "out";
  std::filesystem::create_directories(folder);
  const auto record = materialise(project_.models.front(), folder, *session_, "users");
  ASSERT_THAT(record, IsOk());
  EXPECT_THAT(
      read("_rejected.parquet", "_line, reason, double"),
      ElementsAre("3|came before|true", "3|is no number|false", "4|is missing|false", "5|came before|false"))
      << "line 5 says another plan: that is lost";
  EXPECT_EQ(record->objects.at("b.csv").doubles, 1U);
  EXPECT_EQ(record->objects.at("b.csv").rejected, 3U);
  EXPECT_EQ(record->objects.at("a.csv").doubles, 0U);
}

constexpr const char* kRead =
    "select try_cast(year as int) as year, try_cast(length as int) as length, year as _was_year, "
    "length as _was_length, note as _was_note, nullif(note, '') as note, _object, _line from raw.films";
constexpr const char* kReadRules =
    "reject:\n  - {column: Year, when: _was_year = 'reject', reason: is wrong}\n"
    "repairs:\n"
    "  - {column: Year, was: _was_year, now: year, kinds: space}\n"
    "  - {column: Length, was: _was_length, now: length, kinds: space}\n"
    "  - {kind: length_in_note, column: Length, when: note is not null, was: _was_length, now: note}\n";

TEST_F(MaterialiseTest, CountsAValueThatCouldNotBeReadAsLostAndNotAsRepaired) {
  ASSERT_THAT(session_->execute("create table raw.films as select * from (values "
                                "('1999', '90', '', 'a.csv', 2), (' then', '1h', '', 'a.csv', 3), "
                                "('nan', 'long', 'said here', 'a.csv', 4), (null, ' - ', '', 'a.csv', 5), "
                                "('reject', '80', '', 'a.csv', 6), (' 2001', '80', '', 'b.csv', 2)) "
                                "as t (year, length, note, _object, _line)"),
              IsOk());
  files_.write("models/repairs.yml", "kinds:\n  space: \"{was} <> trim({was})\"\n");
  const auto record = build(kRead, kReadRules);
  ASSERT_THAT(record, IsOk());
  EXPECT_THAT(record->lost, ElementsAre(std::pair("Length", 1U), std::pair("Year", 1U)))
      << "a word for nothing, a dash and a value that went elsewhere are none; nor is one of a rejected row";
  EXPECT_THAT(read("_lost.parquet", "_object, _line, col, value"),
              ElementsAre("a.csv|3|Length|1h", "a.csv|3|Year| then"));
  const auto& year = record->objects.at("a.csv").values.at("Year");
  EXPECT_EQ(year.given, 2U);
  EXPECT_EQ(year.lost, 1U);
  EXPECT_EQ(year.line, 3U);
  EXPECT_EQ(year.example, " then");
  EXPECT_EQ(record->objects.at("b.csv").values.at("Year").given, 1U);
  EXPECT_THAT(read("_repaired.parquet", "_object, _line, kind, col"),
              ElementsAre("a.csv|4|length_in_note|Length", "a.csv|5|space|Length", "b.csv|2|space|Year"));
  EXPECT_EQ(record->repairs.at("space"), 2U);
}

TEST_F(MaterialiseTest, WritesNothingOfLostValuesWhereNoneWas) {
  const auto record = build(kStaged, kRules);
  ASSERT_THAT(record, IsOk());
  EXPECT_THAT(record->lost, IsEmpty());
  EXPECT_FALSE(exists("_lost.parquet"));
}

}  // namespace
}  // namespace reelhouse::model
