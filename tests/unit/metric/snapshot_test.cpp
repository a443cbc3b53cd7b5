#include "matchers.hpp"
#include "metric/shop.hpp"

namespace reelhouse::metric {
namespace {

using testing::HasSubstr;

TEST_F(ShopTest, SumsByADimensionInItsOrder) {
  EXPECT_EQ(rows(R"({"measures":["amount"],"dimensions":["kind"]})"),
            R"([[null,60],["Small",60],["Large",90]])");
}

TEST_F(ShopTest, SortsAsAsked) {
  EXPECT_EQ(
      rows(R"({"measures":["amount"],"dimensions":["kind"],"sort":[{"by":"amount","descending":true}]})"),
      R"([["Large",90],["Small",60],[null,60]])");
}

TEST_F(ShopTest, WeighsRowsOverABridgeSoThatTheyAddUp) {
  // a: 5 + 20 + 15, b: 5 + 7.5 + 30, c: 7.5 + 50 + 30, none: 40.
  EXPECT_EQ(rows(R"({"measures":["amount"],"dimensions":["tag"],"sort":[{"by":"tag"}]})"),
            R"([["a",40.0],["b",42.5],["c",87.5],[null,40.0]])");
  EXPECT_EQ(totals(R"({"measures":["amount","sales"],"dimensions":["tag"],"totals":true})"),
            "[null,210.0,6.0]");
}

TEST_F(ShopTest, CountsRowsWholeWhenOverlapping) {
  EXPECT_EQ(
      rows(
          R"({"measures":["amount","sales","mean_amount"],"dimensions":["tag"],"overlapping":true,"sort":[{"by":"tag"}]})"),
      R"([["a",60,3,20.0],["b",100,3,33.333333333333],["c",140,3,46.666666666667],[null,40,1,40.0]])");
  EXPECT_EQ(totals(R"({"measures":["amount"],"dimensions":["tag"],"overlapping":true,"totals":true})"),
            "[null,210]");
}

TEST_F(ShopTest, FiltersOverABridgePickWholeRows) {
  EXPECT_EQ(rows(R"({"measures":["amount","sales"],"filters":[{"dimension":"tag","in":["a","b"]}]})"),
            "[[120,4]]");
  EXPECT_EQ(rows(R"({"measures":["amount"],"filters":[{"dimension":"tag","not_in":["a"]}]})"), "[[150]]");
  EXPECT_EQ(
      rows(
          R"({"measures":["amount"],"dimensions":["tag"],"overlapping":true,"filters":[{"dimension":"tag","in":["b"]}]})"),
      R"([["b",100]])");
}

TEST_F(ShopTest, TheTopOverABridgeCountsARowOnceInTheRest) {
  const auto answer = ask(R"({"measures":["sales"],"dimensions":["tag"],"overlapping":true,
    "top":{"count":1,"dimension":"tag"},"sort":[{"by":"sales","descending":true}]})");
  ASSERT_THAT(answer, IsOk());
  // The top is a, b or c with 3 sales each; by name a. Outside: 1 (b), 3 (b, c), 4 (none), 5, 6 = 5 sales.
  EXPECT_EQ(to_json(*answer)["rows"].dump(), R"([["a",3],[null,5]])");
  EXPECT_THAT(answer->other, testing::ElementsAre(false, true));
}

TEST_F(ShopTest, TheTopKeepsTheUnknownMemberApartFromTheRest) {
  const auto answer =
      ask(R"({"measures":["amount"],"dimensions":["kind"],"top":{"count":1,"dimension":"kind"},
    "filters":[{"dimension":"size","from":50}]})");
  ASSERT_THAT(answer, IsOk());
  EXPECT_EQ(to_json(*answer)["rows"].dump(), "[[null,60],[null,50]]");
  EXPECT_THAT(answer->other, testing::ElementsAre(false, true));
}

TEST_F(ShopTest, ClosingMeasuresSpeakOfTheLastFinishedPeriod) {
  const auto answer = ask(R"({"measures":["stock"],"compare":"previous"})");
  ASSERT_THAT(answer, IsOk());
  EXPECT_EQ(to_json(*answer)["rows"].dump(), "[[70,30]]");
  EXPECT_EQ(answer->period_from, "2024-02-01");
  EXPECT_EQ(answer->before_to, "2024-01-31");
  EXPECT_EQ(rows(R"({"measures":["stock"],"dimensions":["quarter"]})"), R"([["2024-01-01",70]])");
}

TEST_F(ShopTest, ComparesEveryPeriodWithTheOneBefore) {
  EXPECT_EQ(rows(R"({"measures":["amount"],"dimensions":["month"],"compare":"previous"})"),
            R"([["2024-01-01",30,null],["2024-02-01",70,30],["2024-03-01",110,70]])");
  EXPECT_EQ(rows(R"({"measures":["amount"],"dimensions":["month"],"compare":"previous",
    "filters":[{"dimension":"date","from":"2024-02"}]})"),
            R"([["2024-02-01",70,30],["2024-03-01",110,70]])");
}

TEST_F(ShopTest, MembersThatOnlyThePeriodBeforeHasStandAtTheEnd) {
  const std::string query =
      R"({"measures":["amount","sales"],"dimensions":["kind"],"compare":"previous","totals":true,)"
      R"("filters":[{"dimension":"date","from":"2024-03-01","to":"2024-03-31"}])";
  for (const bool cubes : {false, true}) {
    const auto answer = ask(query + "}", cubes);
    ASSERT_THAT(answer, IsOk());
    EXPECT_EQ(to_json(*answer)["rows"].dump(),
              R"([[null,60,null,1,null],["Large",50,30,1,1],["Small",null,40,null,1]])");
    EXPECT_EQ(to_json(*answer)["totals"].dump(), "[null,110,70,2,2]");
    EXPECT_THAT(answer->notes, testing::Contains(HasSubstr("One member had rows only in the period before")));
    const auto top = ask(query + R"(,"top":{"count":1,"dimension":"kind"}})", cubes);
    ASSERT_THAT(top, IsOk());
    EXPECT_EQ(to_json(*top)["rows"].dump(), R"([[null,60,null,1,null],[null,50,70,1,2]])");
    EXPECT_THAT(top->other, testing::ElementsAre(false, true));
    const auto cut = ask(query + R"(,"limit":2})", cubes);
    ASSERT_THAT(cut, IsOk());
    EXPECT_EQ(to_json(*cut)["rows"].dump(), R"([[null,60,null,1,null],["Large",50,30,1,1]])");
    EXPECT_THAT(cut->notes, testing::Contains(HasSubstr("Only the first 2 rows")));
  }
}

TEST_F(ShopTest, TheLastPeriodIsTheLastFinishedOne) {
  EXPECT_EQ(rows(R"({"measures":["amount","sales"],"last":"month","compare":"previous"})"), "[[70,30,2,2]]");
}

TEST_F(ShopTest, SaysFromWhenOnPeriodsAreUnfinished) {
  const auto answer = ask(R"({"measures":["amount"],"dimensions":["month"]})");
  ASSERT_THAT(answer, IsOk());
  EXPECT_EQ(answer->unfinished_from, "2024-03-01");
  EXPECT_EQ(answer->known_until, "2024-03-15");
}

TEST_F(ShopTest, SaysThatDatesWhichBeginWithinAPeriodLeaveItOut) {
  const auto within = ask(R"({"measures":["amount"],"filters":[{"dimension":"date","from":"2024-02-02"}]})");
  ASSERT_THAT(within, IsOk());
  EXPECT_EQ(to_json(*within)["rows"].dump(), "[[110]]");
  EXPECT_THAT(within->notes, testing::Contains(HasSubstr("begin within a month")));
  const auto whole = ask(R"({"measures":["amount"],"filters":[{"dimension":"date","from":"2024-02-01"}]})");
  ASSERT_THAT(whole, IsOk());
  EXPECT_THAT(whole->notes, testing::Not(testing::Contains(HasSubstr("begin within a month"))));
}

TEST_F(ShopTest, WhatCannotBeKnownHasAReasonAndNoNumber) {
  const auto answer = ask(R"({"measures":["secret","sales"]})");
  ASSERT_THAT(answer, IsOk());
  EXPECT_EQ(to_json(*answer)["rows"].dump(), "[[null,6]]");
  EXPECT_EQ(answer->unknown.at(0).second, "nobody counted");
}

TEST_F(ShopTest, SaysTheNoteOfTheViewWithEveryAnswer) {
  const auto answer = ask(R"({"measures":["sales"],"filters":[{"dimension":"kind","in":["Large"]}]})");
  ASSERT_THAT(answer, IsOk());
  EXPECT_THAT(answer->notes, testing::Contains("Of 6 sales none is unknown."));
}

TEST_F(ShopTest, SaysFromWhenAMeasureIsKnown) {
  using testing::Contains;
  const auto months = ask(R"({"measures":["watched","share_watched","always"],"dimensions":["month"]})");
  ASSERT_THAT(months, IsOk());
  EXPECT_TRUE(to_json(*months)["rows"][0][1].is_null());
  EXPECT_FALSE(to_json(*months)["rows"][1][1].is_null());
  EXPECT_THAT(months->notes, Contains("Unknown before 2024-02-01: Watched, Share watched."));
  for (const char* known : {R"({"measures":["watched"],"filters":[{"dimension":"date","from":"2024-02"}]})",
                            R"({"measures":["always"],"dimensions":["month"]})"}) {
    const auto answer = ask(known);
    ASSERT_THAT(answer, IsOk());
    EXPECT_THAT(answer->notes, testing::Not(Contains(HasSubstr("Unknown before"))));
  }
}

TEST_F(ShopTest, TheCubeAnswersLikeTheFact) {
  for (
      const char* query :
      {R"({"measures":["amount","sales","large_sales","mean_amount","stock","share_large"],"dimensions":["kind","month"],"totals":true})",
       R"({"measures":["amount"],"dimensions":["kind"],"compare":"previous","last":"month"})",
       R"({"measures":["mean_amount"],"dimensions":["large"],"filters":[{"dimension":"kind","in":["Large",null]}]})",
       R"({"measures":["sales"],"dimensions":["kind"],"top":{"count":1,"dimension":"kind"}})",
       R"({"measures":["sales"],"dimensions":["kind","large"]})",
       R"({"measures":["sales"],"filters":[{"dimension":"kind","not_in":["Large"]}]})",
       R"({"measures":["sales"],"filters":[{"dimension":"kind","not_in":["Large",null]}]})",
       R"({"measures":["sales"],"filters":[{"dimension":"kind","not_in":["no such kind"]}]})",
       R"({"measures":["sales"],"filters":[{"dimension":"kind","in":[null]},{"dimension":"large","in":[true]}]})",
       R"({"measures":["sales","amount"],"filters":[{"dimension":"kind","in":["none"]}]})"}) {
    const auto cube = ask(query, true);
    ASSERT_THAT(cube, IsOk());
    EXPECT_EQ(cube->source, "cube");
    const auto fact = ask(query);
    ASSERT_THAT(fact, IsOk());
    EXPECT_EQ(to_json(*cube)["rows"].dump(), to_json(*fact)["rows"].dump()) << query;
    EXPECT_EQ(to_json(*cube)["other"].dump(), to_json(*fact)["other"].dump()) << query;
  }
  const auto distinct = ask(R"({"measures":["kinds"]})", true);
  ASSERT_THAT(distinct, IsOk());
  EXPECT_EQ(distinct->source, "fact");
}

TEST_F(ShopTest, FractionsAddUpToTheSameWhicheverWay) {
  const std::string query =
      R"({"measures":["cents","thirds","mean_third"],"dimensions":["kind","large"],"totals":true})";
  for (const bool cubes : {false, true}) {
    EXPECT_EQ(rows(query, cubes),
              R"([[null,true,0.6,2.0,2.0],["Small",true,0.4,1.333333,1.333333333333],)"
              R"(["Small",false,0.2,0.666667,0.666666666667],["Large",true,0.8,2.666667,1.333333333333],)"
              R"(["Large",false,0.1,0.333333,0.333333333333]])");
    EXPECT_EQ(totals(query, cubes), "[null,null,2.1,7.0,1.166666666667]") << "not 7.000001, of rounded rows";
  }
}

TEST_F(ShopTest, TotalsFromTheCubeAreThoseOfTheFact) {
  const std::string adding = R"("measures":["amount","sales","large_sales","stock"],"totals":true)";
  for (const std::string rest :
       {R"("dimensions":["kind"])", R"("dimensions":["kind","month"])", R"("dimensions":["month"],"limit":1)",
        R"("dimensions":["kind"],"limit":2)", R"("dimensions":["kind"],"top":{"count":1,"dimension":"kind"})",
        R"("dimensions":["kind"],"top":{"count":1,"dimension":"kind","other":false})",
        R"("dimensions":["kind"],"compare":"previous","last":"month")",
        R"("dimensions":["month"],"compare":"previous")",
        R"("dimensions":["kind"],"filters":[{"dimension":"kind","in":["none"]}])"}) {
    const std::string query = "{" + adding + "," + rest + "}";
    const auto cube = ask(query, true);
    ASSERT_THAT(cube, IsOk());
    EXPECT_EQ(cube->source, "cube") << query;
    EXPECT_EQ(to_json(*cube)["totals"].dump(), totals(query, false)) << query;
  }
}

TEST_F(ShopTest, SearchesWithoutCaseAndRangesNumbers) {
  EXPECT_EQ(rows(R"({"measures":["sales"],"filters":[{"dimension":"kind","search":"lArG"}]})"), "[[3]]");
  EXPECT_EQ(rows(R"({"measures":["sales"],"filters":[{"dimension":"size","from":20,"to":40}]})"), "[[3]]");
  EXPECT_EQ(rows(R"({"measures":["sales"],"filters":[{"dimension":"kind","in":["' or 1=1 --"]}]})"), "[[0]]");
}

TEST_F(ShopTest, RefusesWhatItDoesNotKnowWithTheNearMiss) {
  EXPECT_THAT(rows(R"({"measures":["amont"]})"), HasSubstr("Did you mean amount?"));
  EXPECT_THAT(rows(R"({"measures":["amount"],"dimensions":["knd"]})"), HasSubstr("Did you mean kind?"));
  EXPECT_THAT(rows(R"({"measures":["amount"],"filters":[{"dimension":"size","in":["x"]}]})"),
              HasSubstr("numbers"));
  EXPECT_THAT(rows(R"({"measures":["amount"],"filters":[{"dimension":"date","from":"2024-13"}]})"),
              HasSubstr("is not a date"));
  EXPECT_THAT(
      rows(R"({"measures":["amount"],"filters":[{"dimension":"date","from":"2024-03","to":"2024-01"}]})"),
      HasSubstr("end on 2024-01-31, before they begin on 2024-03-01"));
  EXPECT_THAT(rows(R"({"measures":["amount"],"dimensions":["week"]})"), HasSubstr("cannot be told by week"));
}

TEST_F(ShopTest, BlamesThePartOfAViewThatDoesNotFitTheTables) {
  write("shop.yml", std::string(kShop) + "");
  std::string broken = kShop;
  broken.replace(broken.find("sum: fact.amount,"), 17, "sum: fact.price,");
  write("shop.yml", broken);
  EXPECT_THAT(rows(R"({"measures":["sales"]})"),
              testing::AllOf(HasSubstr("the measure 'amount'"), HasSubstr("shop.yml")));
}

}  // namespace
}  // namespace reelhouse::metric
