#include "workflow/alert/webhook.hpp"

#include <gmock/gmock.h>

#include "matchers.hpp"

namespace reelhouse::workflow {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

constexpr int64_t kStamp = 1795327920;
const Time kSignedAt{std::chrono::seconds(kStamp)};
const std::string kSecret = "whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcY";
const std::string kBody = R"({"day":"2026-11-22"})";

std::map<std::string, std::string> signed_headers() {
  return {{"webhook-id", "msg_1"},
          {"webhook-timestamp", std::to_string(kStamp)},
          {"webhook-signature", sign_webhook(kSecret, "msg_1", kStamp, kBody)}};
}

// Expected values were worked out with Python's hmac and base64.
TEST(Webhook, SignsAsTheSpecificationSays) {
  EXPECT_EQ(sign_webhook(kSecret, "msg_1", kStamp, kBody), "v1,bruEUusjr6+3CrgDxq8BLfr2XYh58W6iPyytQqktGUo=");
  EXPECT_EQ(sign_webhook("whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGQ==", "msg_2", kStamp, ""),
            "v1,iDWm/Tkavt3HbUTHCHrHz3SRYH+W+qWzaCI54MJSEtg=");
  EXPECT_EQ(sign_webhook("plain text as a secret", "msg_3", kStamp, std::string("a\0b", 3)),
            "v1,anOwo2upDjol9nWvPvPQpqIhRac0w8/u0lghuaiUP7I=");
  EXPECT_EQ(sign_webhook("whsec_not base64!", "msg_4", kStamp, "ä.b.c"),
            "v1,914hfPe41yUuiaZ4O+tMGCsur8R58PLLp7NcjDoYjJg=");
}

TEST(Webhook, TakesWhatItSignedWhateverTheCaseOfHeaders) {
  EXPECT_THAT(check_webhook(kSecret, signed_headers(), kBody, kSignedAt), IsOk());
  std::map<std::string, std::string> headers;
  for (const auto& [name, value] : signed_headers()) headers["W" + name.substr(1)] = value;
  EXPECT_THAT(check_webhook(kSecret, headers, kBody, kSignedAt), IsOk());
}

TEST(Webhook, TakesOneOfSeveralSignatures) {
  auto headers = signed_headers();
  const std::string good = headers["webhook-signature"];
  headers["webhook-signature"] =
      "v1a,other v1,AAAA v1,not!base64 " + sign_webhook("other", "msg_1", kStamp, kBody) + " " + good;
  EXPECT_THAT(check_webhook(kSecret, headers, kBody, kSignedAt), IsOk());
  headers["webhook-signature"] = "v2," + good.substr(3);
  EXPECT_FALSE(check_webhook(kSecret, headers, kBody, kSignedAt));
}

TEST(Webhook, RefusesWhatWasChanged) {
  EXPECT_FALSE(check_webhook(kSecret, signed_headers(), kBody + " ", kSignedAt));
  EXPECT_FALSE(check_webhook("whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcZ", signed_headers(), kBody, kSignedAt));
  for (const auto& [name, value] :
       std::map<std::string, std::string>{{"webhook-id", "msg_2"},
                                          {"webhook-timestamp", std::to_string(kStamp + 1)},
                                          {"webhook-signature", "v1,"}}) {
    auto headers = signed_headers();
    headers[name] = value;
    const auto checked = check_webhook(kSecret, headers, kBody, kSignedAt);
    ASSERT_THAT(checked, IsError(ErrorKind::kPermission)) << name;
    EXPECT_THAT(checked.error().to_string(), Not(HasSubstr(kSecret.substr(6))));
  }
}

TEST(Webhook, SaysWhichHeaderIsMissing) {
  for (const auto& [name, value] : signed_headers()) {
    auto headers = signed_headers();
    headers.erase(name);
    EXPECT_THAT(check_webhook(kSecret, headers, kBody, kSignedAt), HasMessage(name));
  }
}

TEST(Webhook, RefusesOldAndFutureOnes) {
  EXPECT_THAT(check_webhook(kSecret, signed_headers(), kBody, kSignedAt + 5min), IsOk());
  EXPECT_THAT(check_webhook(kSecret, signed_headers(), kBody, kSignedAt - 5min), IsOk());
  EXPECT_FALSE(check_webhook(kSecret, signed_headers(), kBody, kSignedAt + 5min + 1s));
  EXPECT_FALSE(check_webhook(kSecret, signed_headers(), kBody, kSignedAt - 5min - 1s));
  for (const char* stamp :
       {"", "x", "1795327920x", "-5", "99999999999999999999", "9223372036854775807", "1e9", " 1795327920"}) {
    auto headers = signed_headers();
    headers["webhook-timestamp"] = stamp;
    EXPECT_FALSE(check_webhook(kSecret, headers, kBody, kSignedAt)) << stamp;
  }
}

// With an empty key anybody could sign.
TEST(Webhook, RefusesEverythingWithoutASecret) {
  auto headers = signed_headers();
  headers["webhook-signature"] = sign_webhook("", "msg_1", kStamp, kBody);
  EXPECT_FALSE(check_webhook("", headers, kBody, kSignedAt));
  headers["webhook-signature"] = sign_webhook("whsec_", "msg_1", kStamp, kBody);
  EXPECT_THAT(check_webhook("whsec_", headers, kBody, kSignedAt), IsOk());  // then the text itself is the key
}

}  // namespace
}  // namespace reelhouse::workflow
