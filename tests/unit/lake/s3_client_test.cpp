#include <gmock/gmock.h>

#include "lake/s3_fakes.hpp"

namespace reelhouse::lake::s3 {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;
using Kind = HttpFailure::Kind;

TEST(S3Client, addresses_by_path_or_by_host) {
  FakeClient by_path(std::vector<Answer>{answer_of(200)});
  ASSERT_TRUE(by_path.get());
  EXPECT_EQ(by_path.transport->requests.at(0).url, "http://host.test:9000/shop/raw/a%20b.csv");
  FakeClient by_host(std::vector<Answer>{answer_of(200)});
  by_host.settings.path_style = false;
  ASSERT_TRUE(by_host.get());
  EXPECT_EQ(by_host.transport->requests.at(0).url, "http://shop.host.test:9000/raw/a%20b.csv");
}

TEST(S3Client, waits_longer_each_time_and_gives_up) {
  FakeClient fake({refusal_of(503, "SlowDown")});
  const auto answer = fake.get();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(answer.error().message, AllOf(HasSubstr("SlowDown"), HasSubstr("tried 10 times")));
  EXPECT_EQ(answer.error().where, "s3://shop/raw/a b.csv");
  std::vector<long> waits;
  for (const auto wait : fake.timing->waits) waits.push_back(wait.count());
  EXPECT_THAT(waits, ElementsAre(50, 100, 200, 400, 800, 1600, 3200, 5000, 5000));
}

TEST(S3Client, ends_at_its_deadline) {
  FakeClient fake({refusal_of(500, "InternalError")});
  fake.settings.retry.attempts = 1000;
  fake.settings.retry.deadline = Milliseconds(20'000);
  EXPECT_FALSE(fake.get());
  EXPECT_LE(fake.timing->elapsed(), Milliseconds(20'000));
  EXPECT_GE(fake.timing->elapsed(), Milliseconds(10'000));
}

TEST(S3Client, heeds_retry_after) {
  FakeClient fake({answer_of(429, "", {{"retry-after", "7"}}), answer_of(200)});
  ASSERT_TRUE(fake.get());
  EXPECT_THAT(fake.timing->waits, ElementsAre(Milliseconds(7000)));
}

TEST(S3Client, tries_again_what_can_heal) {
  FakeClient fake({broken(Kind::kBroken), broken(Kind::kStalled), broken(Kind::kConnect),
                   refusal_of(400, "RequestTimeout"), answer_of(502), answer_of(429), answer_of(200, "yes")});
  const auto answer = fake.get();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "yes");
}

TEST(S3Client, never_tries_again_what_cannot_heal) {
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
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, kind) << answer.error().to_string();
    EXPECT_THAT(fake.transport->requests, SizeIs(1));
  }
}

TEST(S3Client, tries_an_unknown_host_three_times) {
  FakeClient fake({broken(Kind::kResolve)});
  const auto answer = fake.get();
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().message, HasSubstr("host.test:9000 is not known"));
  EXPECT_THAT(fake.transport->requests, SizeIs(3));
}

TEST(S3Client, ends_at_an_interrupt_and_a_wrong_certificate) {
  FakeClient interrupted({broken(Kind::kInterrupted)});
  EXPECT_EQ(interrupted.get().error().kind, ErrorKind::kInterrupted);
  FakeClient wrong({broken(Kind::kTls)});
  EXPECT_THAT(wrong.get().error().hint, HasSubstr("AWS_CA_BUNDLE"));
  EXPECT_THAT(wrong.transport->requests, SizeIs(1));
}

TEST(S3Client, counts_an_error_behind_a_200_as_one) {
  FakeClient fake({refusal_of(200, "InternalError"), answer_of(200, "<Fine/>")});
  EXPECT_EQ(fake.get()->body, "<Fine/>");
}

TEST(S3Client, renews_expired_credentials_at_once) {
  FakeClient fake({refusal_of(400, "ExpiredToken"), answer_of(200)});
  ASSERT_TRUE(fake.get());
  EXPECT_EQ(fake.source->asked, 2);
  EXPECT_THAT(fake.timing->waits, SizeIs(0));
  EXPECT_THAT(FakeTransport::header(fake.transport->requests.at(1), "authorization"), HasSubstr("AKIATEST2"));
}

TEST(S3Client, believes_in_the_end_that_credentials_have_expired) {
  FakeClient fake({refusal_of(400, "ExpiredToken")});
  const auto answer = fake.get();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::kPermission);
  EXPECT_THAT(answer.error().hint, HasSubstr("a test"));
  EXPECT_THAT(fake.transport->requests, SizeIs(4));
}

TEST(S3Client, sets_its_clock_by_the_server_once) {
  auto late = refusal_of(403, "RequestTimeTooSkewed");
  late.headers = {{"date", "Mon, 06 May 2024 03:00:00 GMT"}};
  FakeClient fake({late, answer_of(200)});
  ASSERT_TRUE(fake.get());
  EXPECT_EQ(FakeTransport::header(fake.transport->requests.at(0), "x-amz-date"), "20240506T000000Z");
  EXPECT_EQ(FakeTransport::header(fake.transport->requests.at(1), "x-amz-date"), "20240506T030000Z");
  FakeClient hopeless(std::vector<Answer>{late});
  EXPECT_THAT(hopeless.get().error().message, HasSubstr("clock"));
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
    EXPECT_TRUE(fake.get(method));
    EXPECT_TRUE(fake.get(method));  // and remembers it
    EXPECT_THAT(fake.transport->requests, SizeIs(3));
    EXPECT_EQ(fake.transport->requests.at(1).url, fake.transport->requests.at(2).url);
    return fake.transport->requests.at(1);
  }
  static void expect_region(const HttpRequest& request, const std::string& region) {
    EXPECT_EQ(request.url, "https://shop.s3." + region + ".amazonaws.com/raw/a%20b.csv");
    EXPECT_THAT(FakeTransport::header(request, "authorization"), HasSubstr("/" + region + "/s3/"));
  }
};

TEST_F(RedirectTest, goes_to_the_region_in_the_header) {
  auto answer = refusal_of(301, "PermanentRedirect");
  answer.headers = {{"x-amz-bucket-region", "eu-west-1"}};
  expect_region(second(answer), "eu-west-1");
  expect_region(second(answer_of(301, "", answer.headers), "HEAD"), "eu-west-1");
}

TEST_F(RedirectTest, goes_to_the_region_in_the_body_of_a_400) {
  expect_region(second(refusal_of(400, "AuthorizationHeaderMalformed", "<Region>eu-central-1</Region>")),
                "eu-central-1");
}

TEST_F(RedirectTest, reads_the_region_out_of_an_endpoint_or_a_location) {
  expect_region(
      second(refusal_of(301, "PermanentRedirect", "<Endpoint>shop.s3.ap-south-1.amazonaws.com</Endpoint>")),
      "ap-south-1");
  auto answer = refusal_of(307, "TemporaryRedirect");
  answer.headers = {{"location", "https://shop.s3-us-west-2.amazonaws.com/raw/a%20b.csv"}};
  expect_region(second(answer), "us-west-2");
}

TEST(S3Client, follows_only_to_hosts_that_belong_together) {
  const auto to = [](const std::string& location) {
    auto answer = refusal_of(301, "PermanentRedirect");
    answer.headers = {{"location", location}};
    FakeClient fake({answer, answer_of(200)});
    EXPECT_TRUE(fake.get());
    return fake.transport->requests.at(1).url;
  };
  EXPECT_THAT(to("http://host.test:9001/shop/raw/a%20b.csv"), StartsWith("http://host.test:9001/shop/"));
  EXPECT_THAT(to("http://evil.example/shop/raw/a%20b.csv"), StartsWith("http://host.test:9000/shop/"));
}

TEST(S3Client, says_that_a_redirect_leads_nowhere) {
  FakeClient fake({refusal_of(301, "PermanentRedirect")});
  EXPECT_THAT(fake.get().error().hint, HasSubstr("AWS_REGION"));
}

TEST(S3Client, asks_by_get_what_a_head_cannot_say) {
  FakeClient fake({answer_of(403), refusal_of(403, "InvalidAccessKeyId")});
  const auto answer = fake.get("HEAD");
  EXPECT_THAT(answer.error().message, HasSubstr("AKIATEST1 is not known"));
  EXPECT_EQ(fake.transport->requests.at(1).method, "GET");
}

TEST(S3Client, tells_no_secret) {
  auto leaking = refusal_of(403, "Odd");
  leaking.body = "<Error><Code>Odd</Code><Message>your very/secret and token/secret</Message></Error>";
  FakeClient other(std::vector<Answer>{leaking});
  const auto answer = other.get();
  EXPECT_THAT(answer.error().to_string(),
              AllOf(Not(HasSubstr("very/secret")), Not(HasSubstr("token/secret")), HasSubstr("***")));
}

}  // namespace
}  // namespace reelhouse::lake::s3
