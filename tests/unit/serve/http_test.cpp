#include "serve/http.hpp"

#include <gmock/gmock.h>

#include "matchers.hpp"

namespace reelhouse::serve {
namespace {

TEST(Http, DecodesPercentAndPlus) {
  std::string text;
  EXPECT_TRUE(decode_percent("a%20b+c%C3%A9", true, text));
  EXPECT_EQ(text, "a b c\xc3\xa9");
  EXPECT_TRUE(decode_percent("a+b", false, text));
  EXPECT_EQ(text, "a+b");
  for (const char* broken : {"%", "%2", "a%zz", "%4"})
    EXPECT_FALSE(decode_percent(broken, true, text)) << broken;
}

TEST(Http, ReadsForms) {
  std::map<std::string, std::string> values;
  EXPECT_TRUE(parse_form("q=%7B%7D&as=csv&empty=&alone&&as=xlsx", values));
  EXPECT_EQ(values,
            (std::map<std::string, std::string>{{"q", "{}"}, {"as", "xlsx"}, {"empty", ""}, {"alone", ""}}));
  EXPECT_FALSE(parse_form("a=1&b=%G1", values));
}

TEST(Http, FindsACookieByItsWholeName) {
  EXPECT_EQ(cookie("a=1; reelhouse_session=abc; b=2", "reelhouse_session"), "abc");
  EXPECT_EQ(cookie("xreelhouse_session=abc", "reelhouse_session"), "");
  EXPECT_EQ(cookie("reelhouse_session2=abc", "reelhouse_session"), "");
  EXPECT_EQ(cookie("", "reelhouse_session"), "");
}

TEST(Http, KnowsAcceptedEncodings) {
  EXPECT_TRUE(accepts_encoding("gzip, deflate, br", "br"));
  EXPECT_TRUE(accepts_encoding("br;q=0.5,gzip;q=1.0", "gzip"));
  EXPECT_TRUE(accepts_encoding("gzip;q=0.01", "gzip"));
  EXPECT_FALSE(accepts_encoding("gzip;q=0", "gzip"));
  EXPECT_FALSE(accepts_encoding("gzip; q=0.000", "gzip"));
  EXPECT_FALSE(accepts_encoding("bro", "br"));
  EXPECT_FALSE(accepts_encoding("", "gzip"));
}

TEST(Http, ComparesTagsWeakly) {
  EXPECT_TRUE(matches_etag("\"a\", W/\"b\"", "\"b\""));
  EXPECT_TRUE(matches_etag("*", "W/\"b\""));
  EXPECT_FALSE(matches_etag("\"ab\"", "W/\"b\""));
  EXPECT_FALSE(matches_etag("", "W/\"b\""));
}

TEST(Http, RefusesWhatIsNoJson) {
  EXPECT_EQ(parse_json("{\"a\": [1, null]}").value()["a"][0], 1);
  for (const std::string broken : {"", "{", "[1,]", "{\"a\":1} x", "\"\xff\"", "nul"}) {
    const auto parsed = parse_json(broken);
    EXPECT_THAT(parsed, IsError(ErrorKind::kUsage)) << broken;
  }
  EXPECT_FALSE(parse_json(std::string(500'000, '[') + std::string(500'000, ']')));
  EXPECT_THAT(parse_json("\"" + std::string(1000, '[') + "\\\"[\""), IsOk());
}

TEST(Http, RendersErrorsWithAStatusForEachKind) {
  const Response response = error_response({ErrorKind::kUsage, "no \"mr\"\xff", "Did you mean mrr?", "here"});
  EXPECT_EQ(response.status, 400);
  const Json error = Json::parse(response.body)["error"];
  EXPECT_EQ(error["kind"], "usage");
  EXPECT_EQ(error["hint"], "Did you mean mrr?");
  EXPECT_EQ(error["where"], "here");
  EXPECT_EQ(status_of(ErrorKind::kNotFound), 404);
  EXPECT_EQ(status_of(ErrorKind::kPermission), 403);
  EXPECT_EQ(status_of(ErrorKind::kBusy), 503);
  EXPECT_EQ(status_of(ErrorKind::kUnavailable), 503);
  EXPECT_EQ(status_of(ErrorKind::kQuery), 500);
}

TEST(Cancel, CallsItsHookOnceItIsThere) {
  Cancel cancel;
  int calls = 0;
  cancel.set_hook([&] { ++calls; });
  cancel.nudge();
  EXPECT_EQ(calls, 0);
  cancel.cancel();
  EXPECT_EQ(calls, 1);
  cancel.nudge();
  EXPECT_EQ(calls, 2);
  cancel.set_hook({});
  cancel.nudge();
  EXPECT_EQ(calls, 2);
  cancel.set_hook([&] { calls += 10; });
  EXPECT_EQ(calls, 12);
}

}  // namespace
}  // namespace reelhouse::serve
