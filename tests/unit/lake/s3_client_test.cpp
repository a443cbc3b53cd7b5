#include <gmock/gmock.h>

#include "lake/s3_fakes.hpp"
#include "matchers.hpp"

namespace reelhouse::lake::s3 {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;
using Kind = HttpFailure::Kind;

TEST(S3Client, AddressesByPathOrByHost) {
  FakeClient by_path(std::vector<Answer>{answer_of(200)});
  ASSERT_THAT(by_path.get(), IsOk());
  EXPECT_EQ(by_path.transport->requests.at(0).url, "http://host.test:9000/shop/raw/a%20b.csv");
  FakeClient by_host(std::vector<Answer>{answer_of(200)});
  by_host.settings.path_style = false;
  ASSERT_THAT(by_host.get(), IsOk());
  EXPECT_EQ(by_host.transport->requests.at(0).url, "http://shop.host.test:9000/raw/a%20b.csv");
}

TEST(S3Client, WaitsLongerEachTimeAndGivesUp) {
  FakeClient fake({refusal_of(503, "SlowDown")});
  const auto answer = fake.get();
  EXPECT_THAT(answer, IsError(ErrorKind::kUnavailable,
                              HasMessage(AllOf(HasSubstr("SlowDown"), HasSubstr("tried 10 times"))),
                              HasPlace("s3://shop/raw/a b.csv")));
  std::vector<long> waits;
  for (const auto wait : fake.timing->waits) waits.push_back(wait.count());
  EXPECT_THAT(waits, ElementsAre(50, 100, 200, 400, 800, 1600, 3200, 5000, 5000));
}

TEST(S3Client, EndsAtItsDeadline) {
  FakeClient fake({refusal_of(500, "InternalError")});
  fake.settings.retry.attempts = 1000;
  fake.settings.retry.deadline = Milliseconds(20'000);
  EXPECT_FALSE(fake.get());
  EXPECT_LE(fake.timing->elapsed(), Milliseconds(20'000));
  EXPECT_GE(fake.timing->elapsed(), Milliseconds(10'000));
}

TEST(S3Client, HeedsRetryAfter) {
  FakeClient fake({answer_of(429, "", {{"retry-after", "7"}}), answer_of(200)});
  ASSERT_THAT(fake.get(), IsOk());
  EXPECT_THAT(fake.timing->waits, ElementsAre(Milliseconds(7000)));
}

TEST(S3Client, TriesAgainWhatCanHeal) {
  FakeClient fake({broken(Kind::kBroken), broken(Kind::kStalled), broken(Kind::kConnect),
                   refusal_of(400, "RequestTimeout"), answer_of(502), answer_of(429), answer_of(200, "yes")});
  const auto answer = fake.get();
  ASSERT_THAT(answer, IsOk());
  EXPECT_EQ(answer->body, "yes");
}

TEST(S3Client, NeverTriesAgainWhatCannotHeal) {
  const std::vector<std::pair<HttpResponse, ErrorKind>> cases = {
      {refusal_of(403, "AccessDenied"), ErrorKind::kPermission},
      {refusal_of(403, "SignatureDoesNotMatch"), ErrorKind::kPermission},
      {refusal_of(404, "NoSuchBucket"), ErrorKind::kNotFound},
      {refusal_of(404, "NoSuchKey"), ErrorKind::kNotFound},
      {refusal_of(412, "PreconditionFailed"), ErrorKind::kBusy},
      {refusal_of(400, "InvalidArgument"), ErrorKind::kUnavailable},
      {answer_of(501), ErrorKind::kUnavailable}};
  for (const auto& [refusal, kind] : cases) {
    FakeClient fake(std::vector<Answer>{refusal});
    const auto answer = fake.get();
    EXPECT_THAT(answer, IsError(kind));
    EXPECT_THAT(fake.transport->requests, SizeIs(1));
  }
}

TEST(S3Client, TriesAnUnknownHostThreeTimes) {
  FakeClient fake({broken(Kind::kResolve)});
  const auto answer = fake.get();
  EXPECT_THAT(answer, HasMessage("host.test:9000 is not known"));
  EXPECT_THAT(fake.transport->requests, SizeIs(3));
}

TEST(S3Client, EndsAtAnInterruptAndAWrongCertificate) {
  FakeClient interrupted({broken(Kind::kInterrupted)});
  EXPECT_THAT(interrupted.get(), IsError(ErrorKind::kInterrupted));
  FakeClient wrong({broken(Kind::kTls)});
  EXPECT_THAT(wrong.get(), HasHint("AWS_CA_BUNDLE"));
  EXPECT_THAT(wrong.transport->requests, SizeIs(1));
}

TEST(S3Client, CountsAnErrorBehindA200AsOne) {
  FakeClient fake({refusal_of(200, "InternalError"), answer_of(200, "<Fine/>")});
  EXPECT_EQ(fake.get()->body, "<Fine/>");
}

TEST(S3Client, RenewsExpiredCredentialsAtOnce) {
  FakeClient fake({refusal_of(400, "ExpiredToken"), answer_of(200)});
  ASSERT_THAT(fake.get(), IsOk());
  EXPECT_EQ(fake.source->asked, 2);
  EXPECT_THAT(fake.timing->waits, SizeIs(0));
  EXPECT_THAT(FakeTransport::header(fake.transport->requests.at(1), "authorization"), HasSubstr("AKIATEST2"));
}

TEST(S3Client, BelievesInTheEndThatCredentialsHaveExpired) {
  FakeClient fake({refusal_of(400, "ExpiredToken")});
  const auto answer = fake.get();
  EXPECT_THAT(answer, IsError(ErrorKind::kPermission, HasHint("a test")));
  EXPECT_THAT(fake.transport->requests, SizeIs(4));
}

TEST(S3Client, SetsItsClockByTheServerOnce) {
  auto late = refusal_of(403, "RequestTimeTooSkewed");
  late.headers = {{"date", "Mon, 06 May 2024 03:00:00 GMT"}};
  FakeClient fake({late, answer_of(200)});
  ASSERT_THAT(fake.get(), IsOk());
  EXPECT_EQ(FakeTransport::header(fake.transport->requests.at(0), "x-amz-date"), "20240506T000000Z");
  EXPECT_EQ(FakeTransport::header(fake.transport->requests.at(1), "x-amz-date"), "20240506T030000Z");
  FakeClient hopeless(std::vector<Answer>{late});
  EXPECT_THAT(hopeless.get(), HasMessage("clock"));
  EXPECT_THAT(hopeless.transport->requests, SizeIs(2));
}

class RedirectTest : public ::testing::Test {
 protected:
  /// Sends to AWS, first answered by `redirect`; returns the second request.
  HttpRequest second(const HttpResponse& redirect, const std::string& method = "GET") {
    FakeClient fake({redirect, answer_of(200)});
    fake.settings.is_aws = true;
    fake.settings.path_style = false;
    fake.settings.endpoint = aws_endpoint("s3", "us-east-1");
    EXPECT_THAT(fake.get(method), IsOk());
    EXPECT_THAT(fake.get(method), IsOk());  // and remembers it
    EXPECT_THAT(fake.transport->requests, SizeIs(3));
    EXPECT_EQ(fake.transport->requests.at(1).url, fake.transport->requests.at(2).url);
    return fake.transport->requests.at(1);
  }
  static void expect_region(const HttpRequest& request, const std::string& region) {
    EXPECT_EQ(request.url, "https://shop.s3." + region + ".amazonaws.com/raw/a%20b.csv");
    EXPECT_THAT(FakeTransport::header(request, "authorization"), HasSubstr("/" + region + "/s3/"));
  }
};

TEST_F(RedirectTest, GoesToTheRegionInTheHeader) {
  auto answer = refusal_of(301, "PermanentRedirect");
  answer.headers = {{"x-amz-bucket-region", "eu-west-1"}};
  expect_region(second(answer), "eu-west-1");
  expect_region(second(answer_of(301, "", answer.headers), "HEAD"), "eu-west-1");
}

TEST_F(RedirectTest, GoesToTheRegionInTheBodyOfA400) {
  expect_region(second(refusal_of(400, "AuthorizationHeaderMalformed", "<Region>eu-central-1</Region>")),
                "eu-central-1");
}

TEST_F(RedirectTest, ReadsTheRegionOutOfAnEndpointOrALocation) {
  expect_region(
      second(refusal_of(301, "PermanentRedirect", "<Endpoint>shop.s3.ap-south-1.amazonaws.com</Endpoint>")),
      "ap-south-1");
  auto answer = refusal_of(307, "TemporaryRedirect");
  answer.headers = {{"location", "https://shop.s3-us-west-2.amazonaws.com/raw/a%20b.csv"}};
  expect_region(second(answer), "us-west-2");
}

TEST(S3Client, FollowsOnlyToHostsThatBelongTogether) {
  const auto to = [](const std::string& location) {
    auto answer = refusal_of(301, "PermanentRedirect");
    answer.headers = {{"location", location}};
    FakeClient fake({answer, answer_of(200)});
    EXPECT_THAT(fake.get(), IsOk());
    return fake.transport->requests.at(1).url;
  };
  EXPECT_THAT(to("http://host.test:9001/shop/raw/a%20b.csv"), StartsWith("http://host.test:9001/shop/"));
  EXPECT_THAT(to("http://evil.example/shop/raw/a%20b.csv"), StartsWith("http://host.test:9000/shop/"));
}

TEST(S3Client, SaysThatARedirectLeadsNowhere) {
  FakeClient fake({refusal_of(301, "PermanentRedirect")});
  EXPECT_THAT(fake.get(), HasHint("AWS_REGION"));
}

TEST(S3Client, AsksByGetWhatAHeadCannotSay) {
  FakeClient fake({answer_of(403), refusal_of(403, "InvalidAccessKeyId")});
  const auto answer = fake.get("HEAD");
  EXPECT_THAT(answer, HasMessage("AKIATEST1 is not known"));
  EXPECT_EQ(fake.transport->requests.at(1).method, "GET");
}

TEST(S3Client, TellsNoSecret) {
  auto leaking = refusal_of(403, "Odd");
  leaking.body = "<Error><Code>Odd</Code><Message>your very/secret and token/secret</Message></Error>";
  FakeClient other(std::vector<Answer>{leaking});
  const auto answer = other.get();
  EXPECT_THAT(answer.error().to_string(),
              AllOf(Not(HasSubstr("very/secret")), Not(HasSubstr("token/secret")), HasSubstr("***")));
}

}  // namespace
}  // namespace reelhouse::lake::s3
