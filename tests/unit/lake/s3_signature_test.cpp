#include <gmock/gmock.h>

#include "base/digest.hpp"
#include "lake/s3/signature.hpp"

namespace reelhouse::lake::s3 {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

/// The examples of AWS's own documentation ("Signature Calculations for the Authorization Header").
class SignatureTest : public ::testing::Test {
 protected:
  std::string authorization(Signable request, const std::string& payload = "") {
    request.payload_hash = to_hex(digest_of(DigestKind::kSha256, payload));
    request.headers.emplace_back("Host", "examplebucket.s3.amazonaws.com");
    request.headers.emplace_back("x-amz-content-sha256", request.payload_hash);
    for (const auto& [name, value] : sign(request, credentials_, {"us-east-1", "s3", time_}))
      if (name == "authorization") return value;
    return "";
  }
  Credentials credentials_{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""};
  Time time_ = Time(std::chrono::sys_days(Date(std::chrono::year(2013) / 5 / 24)));
};

TEST_F(SignatureTest, SignsTheDocumentedGetOfARange) {
  const auto value = authorization({"GET", "/test.txt", {}, {{"Range", "bytes=0-9"}}, ""});
  EXPECT_EQ(value,
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
            "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
            "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST_F(SignatureTest, SignsTheDocumentedPut) {
  const auto value = authorization(
      {"PUT",
       "/test%24file.text",
       {},
       {{"Date", "Fri, 24 May 2013 00:00:00 GMT"}, {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
       ""},
      "Welcome to Amazon S3.");
  EXPECT_THAT(value, EndsWith("98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"));
}

TEST_F(SignatureTest, SignsTheDocumentedGetOfALifecycle) {
  EXPECT_THAT(authorization({"GET", "/", {{"lifecycle", ""}}, {}, ""}),
              EndsWith("fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"));
}

TEST_F(SignatureTest, SignsTheDocumentedListWithItsQuerySorted) {
  EXPECT_THAT(authorization({"GET", "/", {{"prefix", "J"}, {"max-keys", "2"}}, {}, ""}),
              EndsWith("34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"));
}

TEST_F(SignatureTest, SignsTheSessionToken) {
  credentials_.session_token = "the/token";
  const auto added = sign({"GET", "/", {}, {{"host", "h"}}, "x"}, credentials_, {"us-east-1", "s3", time_});
  EXPECT_EQ(added.at(1), std::pair(std::string("x-amz-security-token"), std::string("the/token")));
  EXPECT_THAT(added.at(2).second, HasSubstr("SignedHeaders=host;x-amz-date;x-amz-security-token"));
}

TEST_F(SignatureTest, TrimsValuesAndJoinsHeadersOfOneName) {
  const std::string text =
      canonical_request({"GET", "/", {}, {{"X-B", "  two   words "}, {"x-a", "1"}, {"X-A", "2"}}, "hash"});
  EXPECT_EQ(text, "GET\n/\n\nx-a:1,2\nx-b:two words\n\nx-a;x-b\nhash");
}

}  // namespace
}  // namespace reelhouse::lake::s3
