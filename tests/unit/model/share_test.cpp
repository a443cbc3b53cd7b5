#include "model/share.hpp"

#include "lake/temporary_folder.hpp"
#include "matchers.hpp"
#include "model/acceptances.hpp"

namespace reelhouse::model {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(JudgeLossTest, StopsAboveTheShareAndWarnsFromTheOther) {
  const catalog::LossLimits limits;
  EXPECT_EQ(judge_loss(300, 0, limits), LossVerdict::kFine);
  EXPECT_EQ(judge_loss(300, 15, limits), LossVerdict::kWarn) << "the share itself may be lost";
  EXPECT_EQ(judge_loss(300, 16, limits), LossVerdict::kStop);
  EXPECT_EQ(judge_loss(1000, 1, limits), LossVerdict::kWarn);
  EXPECT_EQ(judge_loss(1001, 1, limits), LossVerdict::kFine);
  EXPECT_EQ(judge_loss(10, 1, limits), LossVerdict::kStop) << "a drop is judged however small it is";
}

TEST(JudgeLossTest, TakesTheLimitsAtTheirWord) {
  EXPECT_EQ(judge_loss(1'000'000, 1, {0, 0}), LossVerdict::kStop);
  EXPECT_EQ(judge_loss(10, 0, {0, 0}), LossVerdict::kFine);
  EXPECT_EQ(judge_loss(10, 10, {1, 0}), LossVerdict::kWarn);
  EXPECT_EQ(judge_loss(10, 10, {1, 1}), LossVerdict::kWarn);
  EXPECT_EQ(judge_loss(10, 9, {1, 1}), LossVerdict::kFine);
  for (uint64_t records = 20; records <= 20'000; records += 20)
    EXPECT_EQ(judge_loss(records, records / 20, {}), LossVerdict::kWarn) << records;
}

class ShareTest : public testing::Test {
 protected:
  ShareTest() {
    catalog::Source source;
    source.dataset = "users";
    catalog::SourceTable declared;
    declared.name = "users";
    declared.where = "sources/users.yml:3";
    source.tables = {declared};
    project_.sources = {source};
  }
  ObjectAccount& add(unsigned day, const std::string& name, uint64_t read, uint64_t structure = 0,
                     uint64_t rules = 0) {
    ObjectAccount object;
    object.table = "users";
    object.drop = Date(std::chrono::year(2024), std::chrono::month(1), std::chrono::day(day));
    object.key = fmt::format("raw/users/drop={}/{}", to_iso(object.drop), name);
    object.read = read;
    object.rejected_structure = structure;
    object.rejected_rules = rules;
    object.kept = read - structure - rules;
    object.content = "content of " + name;
    return objects_.emplace_back(object);
  }
  std::vector<Loss> losses() const { return judge_losses(project_, objects_); }
  std::vector<std::string> texts() const {
    std::vector<std::string> all;
    for (const auto& loss : losses()) all.push_back(text_of(loss));
    return all;
  }

  Project project_;
  std::vector<ObjectAccount> objects_;
};

TEST_F(ShareTest, CountsAllCausesTogetherInEveryDrop) {
  add(1, "a.csv", 200, 6, 4);
  add(2, "a.csv", 200, 6, 5);
  EXPECT_THAT(
      texts(),
      ElementsAre("10 of 200 records of raw.users in the drop 2024-01-01 are lost (5 %)",
                  "11 of 200 records of raw.users in the drop 2024-01-02 are lost (5.5 %, 5 % may be)"));
  EXPECT_FALSE(losses().front().stops());
  EXPECT_TRUE(losses().back().stops());
}

TEST_F(ShareTest, JudgesAnObjectOfAHundredRecordsThatItsDropHides) {
  add(1, "large.csv", 10'000);
  add(1, "small.csv", 99, 90);
  add(1, "hundred.csv", 100, 90);
  EXPECT_THAT(texts(),
              ElementsAre(HasSubstr("180 of 10199 records of raw.users in the drop"),
                          "90 of 100 records of raw/users/drop=2024-01-01/hundred.csv are lost (90 %, 5 % "
                          "may be)"));
}

TEST_F(ShareTest, TellsAnObjectOnlyWhereItIsWorseThanItsDrop) {
  add(1, "a.csv", 100, 50);
  EXPECT_THAT(texts(), ElementsAre(HasSubstr("in the drop 2024-01-01")));
}

TEST_F(ShareTest, CountsADoubleNeitherAsLostNorAsDelivered) {
  add(1, "a.csv", 200, 0, 100).doubles = 100;
  EXPECT_THAT(texts(), IsEmpty());
  objects_.front().rejected_rules = 110;
  EXPECT_THAT(texts(), ElementsAre(HasSubstr("10 of 100 records")));
}

TEST_F(ShareTest, JudgesTheValuesOfAColumnByThoseDelivered) {
  auto& object = add(1, "a.csv", 1000);
  object.values["Year"] = {.given = 100, .lost = 5, .line = 7, .example = "soon"};
  object.values["Length"] = {.given = 100, .lost = 6, .line = 9, .example = "1h"};
  EXPECT_THAT(texts(),
              ElementsAre("6 of 100 values of Length of raw.users in the drop 2024-01-01 are lost (6 %, 5 % "
                          "may be)",
                          "5 of 100 values of Year of raw.users in the drop 2024-01-01 are lost (5 %)"));
}

TEST_F(ShareTest, HeedsTheTablesOwnLimits) {
  add(1, "a.csv", 10, 9);
  project_.sources[0].tables[0].limits = {0.9, 1};
  EXPECT_THAT(texts(), IsEmpty());
}

TEST_F(ShareTest, WarnsOfATableThatNobodyDeclared) {
  add(1, "a.csv", 10, 9);
  project_.sources.clear();
  ASSERT_EQ(losses().size(), 1U);
  EXPECT_FALSE(losses().front().stops());
}

TEST_F(ShareTest, FailsOneCheckATableUntilEverythingOfItIsLetIn) {
  add(1, "a.csv", 10, 9);
  add(2, "b.csv", 10, 8);
  auto lost = losses();
  EXPECT_EQ(check_losses(project_, lost).front().severity, Severity::kError);
  EXPECT_EQ(check_losses(project_, lost).front().failures, 17U);
  lost.front().accepted = true;
  EXPECT_EQ(check_losses(project_, lost).front().severity, Severity::kError);
  lost.back().accepted = true;
  EXPECT_EQ(check_losses(project_, lost).front().severity, Severity::kWarn);
  EXPECT_FALSE(check_losses(project_, lost).front().passed) << "it goes on being told";
  EXPECT_TRUE(check_losses(project_, {}).front().passed);
}

TEST_F(ShareTest, NamesTheContentWhateverTheOrderAndTheDrop) {
  add(1, "a.csv", 10, 9);
  add(1, "b.csv", 10, 9);
  const std::string content = losses().front().content;
  std::swap(objects_[0], objects_[1]);
  EXPECT_EQ(losses().front().content, content);
  objects_[0].content = "other";
  EXPECT_NE(losses().front().content, content);
}

TEST_F(ShareTest, GoesThroughAReceiptAndBack) {
  add(1, "a.csv", 100, 90);
  Loss loss = losses().front();
  loss.reasons = {{90, false, "is wrong: 'x'", "raw/users/a.csv", 7}};
  const auto read = loss_from_json(to_json(loss));
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(lines_of(*read), lines_of(loss));
  EXPECT_EQ(read->content, loss.content);
  EXPECT_THAT(lines_of(loss).back(), HasSubstr("90 times: is wrong: 'x' (raw/users/a.csv:7)"));
  EXPECT_THAT(loss_from_json(Json{{"table", "users"}}), IsError(ErrorKind::kDamaged));
}

// ---- what was let in

class AcceptancesTest : public ShareTest {
 protected:
  bool covers(const Loss& loss, const BuildMirror* mirror = nullptr) const {
    const auto covered = Acceptances(folder_.path() / "store", mirror).covers(loss);
    EXPECT_THAT(covered, IsOk());
    return covered && *covered;
  }
  test::TemporaryFolder folder_;
};

TEST_F(AcceptancesTest, CoverThatContentAndNoGreaterLossOfIt) {
  auto& object = add(1, "a.csv", 100, 90);
  object.values["Year"] = {.given = 10, .lost = 10, .line = 2, .example = "x"};
  const auto before = losses();
  const Acceptances acceptances(folder_.path() / "store");
  ASSERT_THAT(acceptances.add(before[0], "run-1", Time()), IsOk());
  EXPECT_TRUE(covers(before[0]));
  EXPECT_FALSE(covers(before[1])) << "the values of a column are another matter";
  ASSERT_THAT(acceptances.add(before[1], "run-1", Time()), IsOk());
  EXPECT_TRUE(covers(before[0]));
  EXPECT_TRUE(covers(before[1]));

  objects_.front().rejected_rules = 1;
  EXPECT_FALSE(covers(losses()[0])) << "rules reject more of the same bytes";
  objects_.front().rejected_rules = 0;
  objects_.front().rejected_structure = 80;
  EXPECT_TRUE(covers(losses()[0])) << "less is lost than was let in";
  objects_.front().content = "mended";
  EXPECT_FALSE(covers(losses()[0]));
}

TEST_F(AcceptancesTest, AreKnownWhereverTheStoreIsShared) {
  add(1, "a.csv", 100, 90);
  const Loss loss = losses().front();
  const std::filesystem::path bucket = folder_.path() / "bucket";
  std::filesystem::create_directories(bucket);
  const BuildMirror mirror(std::move(*lake::open_store(bucket.string())));
  EXPECT_FALSE(covers(loss, &mirror));
  ASSERT_THAT(Acceptances(folder_.path() / "elsewhere", &mirror).add(loss, "run-1", Time()), IsOk());
  EXPECT_TRUE(covers(loss, &mirror));
  EXPECT_FALSE(covers(loss)) << "this machine alone has not heard of it";
}

}  // namespace
}  // namespace reelhouse::model
