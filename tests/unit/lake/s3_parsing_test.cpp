#include <gmock/gmock.h>

#include "base/digest.hpp"
#include "lake/s3/checks.hpp"
#include "lake/s3/redirect.hpp"
#include "lake/s3/settings.hpp"
#include "lake/s3/upload.hpp"
#include "lake/s3/xml.hpp"
#include "matchers.hpp"

namespace reelhouse::lake::s3 {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

std::string page(const std::string& inside) {
  return "<?xml version=\"1.0\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">" +
         inside + "</ListBucketResult>";
}
std::string entry(const std::string& key, const std::string& size = "7") {
  return "<Contents><Key>" + key +
         "</Key><LastModified>2009-10-12T17:50:30.250Z</LastModified><ETag>&quot;abc-2&quot;"
         "</ETag><Size>" +
         size + "</Size></Contents>";
}

TEST(S3Uri, EncodesAndDecodes) {
  EXPECT_EQ(uri_encode("a/b c+~%\xc3\xa9", true), "a/b%20c%2B~%25%C3%A9");
  EXPECT_EQ(uri_encode("a/b"), "a%2Fb");
  EXPECT_EQ(uri_decode("a+b%2Bc%0Ad%zz%4"), "a b+c\nd%zz%4");
  EXPECT_EQ(encode_query({{"b", "2"}, {"a", ""}, {"a-b", "x/y"}}), "a=&a-b=x%2Fy&b=2");
}

TEST(S3Uri, ReadsLocations) {
  EXPECT_EQ(parse_location("s3://bucket")->prefix, "");
  EXPECT_EQ(parse_location("s3://bucket/")->prefix, "");
  EXPECT_EQ(parse_location("s3://bucket/a/b//")->prefix, "a/b/");
  for (const char* wrong : {"s3://", "s3://x", "s3:///key", "s3://AKIA:hidden@bucket", "s3://bucket//x"}) {
    const auto location = parse_location(wrong);
    ASSERT_THAT(location, IsError(ErrorKind::kUsage)) << wrong;
    EXPECT_THAT(location.error().to_string(), Not(HasSubstr("hidden")));
  }
}

TEST(S3Uri, ReadsEndpoints) {
  EXPECT_EQ(parse_endpoint("http://Host:80/", "x")->to_string(), "http://host");
  EXPECT_EQ(parse_endpoint("host:9000/path/", "x")->to_string(), "https://host:9000/path");
  EXPECT_EQ(parse_endpoint("http://[::1]:9000", "x")->host_name(), "[::1]");
  for (const char* wrong :
       {"ftp://h", "http://me:hidden@h", "http://", "http://h:0", "http://h:x", "http://h/?a"}) {
    const auto endpoint = parse_endpoint(wrong, "AWS_ENDPOINT_URL");
    ASSERT_FALSE(endpoint) << wrong;
    EXPECT_THAT(endpoint.error().to_string(), Not(HasSubstr("hidden")));
  }
}

TEST(S3Xml, ReadsAListing) {
  const auto listed = parse_list(page("<EncodingType>url</EncodingType>" + entry("a+b%2B%0A") + entry("c") +
                                      "<IsTruncated>true</IsTruncated><NextContinuationToken>t/1==</"
                                      "NextContinuationToken>"));
  ASSERT_THAT(listed, IsOk());
  ASSERT_THAT(listed->objects, SizeIs(2));
  EXPECT_EQ(listed->objects[0].key, "a b+\n");
  EXPECT_EQ(listed->objects[0].size, 7U);
  EXPECT_EQ(listed->objects[0].etag, "abc-2");
  EXPECT_EQ(to_iso(listed->objects[0].modified), "2009-10-12T17:50:30.000Z");
  EXPECT_EQ(listed->next, "t/1==");
  EXPECT_EQ(parse_list(page(entry("a+b%2B")))->objects.at(0).key, "a+b%2B");
}

TEST(S3Xml, RefusesListingsThatAreNotWhole) {
  for (const std::string& wrong :
       {std::string(), std::string("<html/>"), page(entry("a")).substr(0, 200), page(entry("")),
        page(entry("a", "x")), page("<IsTruncated>true</IsTruncated>")})
    EXPECT_FALSE(parse_list(wrong)) << wrong;
}

TEST(S3Xml, ReadsErrorsOfS3AndOfSts) {
  EXPECT_EQ(parse_error("<Error><Code>A</Code><Region>r</Region></Error>")->region, "r");
  EXPECT_EQ(parse_error("<ErrorResponse><Error><Code>B</Code></Error></ErrorResponse>")->code, "B");
  EXPECT_FALSE(parse_error("<Errors>"));
  EXPECT_FALSE(parse_error("plain text"));
}

TEST(S3ProfileFile, ReadsWhatUsersWrite) {
  ProfileFiles files;
  add_profiles(
      "; note\n[profile \"my work\"]\r\nRegion = eu-west-1 # here\r\ns3 =\n  addressing_style = virtual\n"
      "output=json\n[other]\nregion=nowhere\n[services local]\ns3 =\n  endpoint_url = http://s:1\n",
      false, files);
  ASSERT_NE(files.find("my work"), nullptr);
  EXPECT_EQ(files.find("my work")->at("region"), "eu-west-1");
  EXPECT_EQ(files.find("my work")->at("s3.addressing_style"), "virtual");
  EXPECT_EQ(files.find("my work")->at("output"), "json");
  EXPECT_EQ(files.find("other"), nullptr);
  EXPECT_EQ(files.services.at("local").at("s3.endpoint_url"), "http://s:1");
  add_profiles("[other]\naws_secret_access_key = a#b=c\n", true, files);
  EXPECT_EQ(files.find("other")->at("aws_secret_access_key"), "a#b=c");
}

class S3SettingsTest : public ::testing::Test {
 protected:
  Result<S3Settings> load(const std::string& bucket = "shop") {
    return load_settings([this](const std::string& name) { return variables_[name]; }, files_, bucket);
  }
  std::map<std::string, std::string> variables_;
  ProfileFiles files_;
};

TEST_F(S3SettingsTest, FindsTheEndpoint) {
  EXPECT_EQ(load()->endpoint.to_string(), "https://s3.us-east-1.amazonaws.com");
  EXPECT_FALSE(load()->path_style);
  EXPECT_TRUE(load("shop.with.dots")->path_style);
  files_.profiles["default"] = {{"region", "cn-north-1"}};
  EXPECT_EQ(load()->endpoint.to_string(), "https://s3.cn-north-1.amazonaws.com.cn");
  files_.profiles["default"]["services"] = "local";
  files_.services["local"] = {{"s3.endpoint_url", "http://file:1"}};
  EXPECT_EQ(load()->endpoint.to_string(), "http://file:1");
  EXPECT_TRUE(load()->path_style);
  variables_["AWS_ENDPOINT_URL"] = "http://all:1";
  EXPECT_EQ(load()->endpoint.to_string(), "http://all:1");
  variables_["AWS_ENDPOINT_URL_S3"] = "http://s3:1";
  EXPECT_EQ(load()->endpoint.to_string(), "http://s3:1");
  variables_["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "true";
  EXPECT_TRUE(load()->is_aws);
}

TEST_F(S3SettingsTest, TakesTheAddressingStyle) {
  variables_["AWS_ENDPOINT_URL"] = "http://all:1";
  files_.profiles["default"] = {{"s3.addressing_style", "virtual"}};
  EXPECT_FALSE(load()->path_style);
  variables_["AWS_S3_ADDRESSING_STYLE"] = "path";
  EXPECT_TRUE(load()->path_style);
  variables_["AWS_S3_ADDRESSING_STYLE"] = "sideways";
  EXPECT_THAT(load(), IsError(ErrorKind::kUsage));
}

TEST_F(S3SettingsTest, TakesRegionAndCertificates) {
  variables_["AWS_DEFAULT_REGION"] = "eu-west-2";
  EXPECT_EQ(load()->region, "eu-west-2");
  variables_["AWS_REGION"] = "eu-west-1";
  variables_["AWS_CA_BUNDLE"] = "/certs.pem";
  EXPECT_EQ(load()->region, "eu-west-1");
  EXPECT_EQ(load()->ca_bundle, "/certs.pem");
  variables_["AWS_REGION"] = "evil.example/";
  EXPECT_THAT(load(), IsError(ErrorKind::kUsage));
  variables_["AWS_REGION"] = "";
  variables_["REELHOUSE_S3_STALL_SECONDS"] = "0";
  EXPECT_THAT(load(), IsError(ErrorKind::kUsage));
}

TEST(S3Redirect, KnowsTheRegionsInHosts) {
  EXPECT_EQ(region_of_host("shop.s3.eu-west-1.amazonaws.com"), "eu-west-1");
  EXPECT_EQ(region_of_host("s3-eu-west-1.amazonaws.com"), "eu-west-1");
  EXPECT_EQ(region_of_host("s3.dualstack.eu-west-1.amazonaws.com"), "eu-west-1");
  EXPECT_EQ(region_of_host("shop.s3.amazonaws.com"), "");
  EXPECT_EQ(region_of_host("s3.eu-west-1.example.com"), "");
}

TEST(S3Redirect, NeverSendsWhatWasMeantForOneHostToAStrangeOne) {
  const auto may = [](const char* from, const char* to) {
    return may_follow(*parse_endpoint(from, "x"), *parse_endpoint(to, "x"));
  };
  EXPECT_TRUE(may("https://s3.a.example.com", "https://s3.a.example.com:9000"));
  EXPECT_TRUE(may("https://a.example.com", "https://b.example.com"));
  EXPECT_TRUE(may("http://127.0.0.1:1", "http://localhost:2"));
  EXPECT_FALSE(may("https://a.example.com", "http://a.example.com"));
  EXPECT_FALSE(may("https://s3.us-east-1.amazonaws.com", "https://evil.com"));
  EXPECT_FALSE(may("https://example.com", "https://another.com"));
  EXPECT_FALSE(may("http://10.0.0.1", "http://10.0.0.2"));
}

TEST(S3Digest, WorksOutTheChecksumsOfTheStandards) {
  const auto hex = [](DigestKind kind) { return to_hex(digest_of(kind, "123456789")); };
  EXPECT_EQ(hex(DigestKind::kCrc32), "cbf43926");
  EXPECT_EQ(hex(DigestKind::kCrc32c), "e3069283");
  EXPECT_EQ(hex(DigestKind::kCrc64Nvme), "ae8b14860a799888");
  EXPECT_EQ(hex(DigestKind::kMd5), "25f9e794323b453885f5181f1b624d0b");
  EXPECT_EQ(to_hex(digest_of(DigestKind::kSha1, "abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(to_base64("\x01\x02\xff\x10"), "AQL/EA==");
  EXPECT_EQ(from_hex("0aFF"), "\x0a\xff");
  EXPECT_FALSE(from_hex("0g"));
}

TEST(S3Checks, TakeTheEtagOnlyWhenItIsTheContents) {
  const std::string md5 = "\"25f9e794323b453885f5181f1b624d0b\"";
  EXPECT_THAT(checks_of({200, {{"etag", md5}}, ""}), SizeIs(1));
  EXPECT_THAT(checks_of({200, {{"etag", "\"25f9e794323b453885f5181f1b624d0b-2\""}}, ""}), IsEmpty());
  EXPECT_THAT(checks_of({200, {{"etag", md5}, {"x-amz-server-side-encryption", "aws:kms"}}, ""}), IsEmpty());
  EXPECT_THAT(checks_of({200, {{"etag", md5}, {"x-amz-server-side-encryption", "AES256"}}, ""}), SizeIs(1));
  EXPECT_THAT(checks_of({200, {{"x-amz-checksum-crc32", "AAAAAA=="}}, ""}), SizeIs(1));
  EXPECT_THAT(checks_of({200, {{"x-amz-checksum-crc32", "AAAAAA==-3"}}, ""}), IsEmpty());
}

TEST(S3Upload, CutsFilesIntoAtMostTenThousandParts) {
  constexpr uint64_t kMegabyte = 1 << 20U;
  EXPECT_EQ(part_size_for(100 * kMegabyte), 16 * kMegabyte);
  const uint64_t terabytes = 5ULL << 40U;
  EXPECT_LE((terabytes + part_size_for(terabytes) - 1) / part_size_for(terabytes), 10'000U);
  EXPECT_EQ(part_size_for(terabytes) % kMegabyte, 0U);
}

}  // namespace
}  // namespace reelhouse::lake::s3
