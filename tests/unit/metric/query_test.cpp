#include "metric/query.hpp"

#include <gmock/gmock.h>

#include "matchers.hpp"
#include "metric/calendar.hpp"

namespace reelhouse::metric {
namespace {

using testing::HasSubstr;

std::string query_error(const std::string& json) {
  const auto query = parse_query(Json::parse(json));
  return query ? "" : query.error().to_string();
}

TEST(ParseQuery, RefusesWrongShapes) {
  EXPECT_THAT(query_error(R"({"measure":["a"]})"), HasSubstr("Did you mean measures?"));
  EXPECT_THAT(query_error(R"({"measures":"a"})"), HasSubstr("list of names"));
  EXPECT_THAT(query_error(R"([1])"), HasSubstr("object"));
  EXPECT_THAT(query_error(R"({"measures":["a"],"filters":[{"dimension":"b","in":["x"],"search":"y"}]})"),
              HasSubstr("several things"));
  EXPECT_THAT(query_error(R"({"measures":["a"],"filters":[{"dimension":"b","in":[[1]]}]})"),
              HasSubstr("has to be a text"));
  EXPECT_THAT(query_error(R"({"measures":["a"],"limit":-1})"), HasSubstr("whole number"));
  EXPECT_THAT(query_error(R"({"measures":["a"],"last":"fortnight"})"), HasSubstr("not a grain"));
  Json many = {{"measures", {"a"}}, {"filters", {{{"dimension", "b"}, {"in", std::vector<int>(10'000, 1)}}}}};
  EXPECT_THAT(query_error(many.dump()), HasSubstr("10000 values"));
}

TEST(ParseWhere, ReadsConditions) {
  const auto found = parse_where(
      "plan = Premium and country in United States, 'Côte d''Ivoire', null AND "
      "date from 2022-01 to 2022-12 and title ~ \"and\" and device != TV and size >= 3");
  ASSERT_THAT(found, IsOk());
  ASSERT_EQ(found->size(), 6);
  EXPECT_EQ(found->at(0).values, std::vector<engine::Cell>{"Premium"});
  EXPECT_EQ(found->at(1).values,
            (std::vector<engine::Cell>{"United States", "Côte d'Ivoire", engine::Cell{}}));
  EXPECT_EQ(found->at(2).kind, Filter::Kind::kRange);
  EXPECT_EQ(found->at(2).to, engine::Cell{"2022-12"});
  EXPECT_EQ(found->at(3).values, std::vector<engine::Cell>{"and"});
  EXPECT_EQ(found->at(4).kind, Filter::Kind::kNotIn);
  EXPECT_EQ(found->at(5).from, engine::Cell{"3"});
}

TEST(ParseWhere, SaysWhatItDidNotUnderstand) {
  for (const char* text :
       {"plan", "plan = ", "plan = 'x", "plan = a b = c", "and", "plan like x", "a = 1 b = 2"})
    EXPECT_FALSE(parse_where(text)) << text;
}

TEST(Calendar, CountsPeriods) {
  const Day day = *day_of("2024-02-29");
  EXPECT_EQ(text_of(start_of(day, Grain::kWeek)), "2024-02-26");
  EXPECT_EQ(text_of(start_of(day, Grain::kQuarter)), "2024-01-01");
  EXPECT_EQ(text_of(add_periods(day, Grain::kYear, -1)), "2023-02-28");
  EXPECT_EQ(text_of(add_periods(*day_of("2024-01-31"), Grain::kMonth, 1)), "2024-02-29");
  EXPECT_FALSE(day_of("2023-02-29"));
  EXPECT_FALSE(day_of("2023-02-2x"));
}

TEST(Calendar, FindsTheSpanBefore) {
  const auto span = parse_span("2024-03").value();
  EXPECT_EQ(text_of(span.last), "2024-03-31");
  EXPECT_EQ(text_of(span_before(span).first), "2024-02-01");
  EXPECT_EQ(text_of(span_a_year_before(span).last), "2023-03-31");
  EXPECT_EQ(text_of(span_before({*day_of("2024-03-11"), *day_of("2024-03-20")}).first), "2024-03-01");
  EXPECT_EQ(text_of(span_before({*day_of("2024-01-01"), *day_of("2024-12-31")}).first), "2023-01-01");
  EXPECT_FALSE(parse_span("2024-3"));
}

}  // namespace
}  // namespace reelhouse::metric
