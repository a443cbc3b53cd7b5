#include <gmock/gmock.h>

#include "lake/s3/credential_sources.hpp"
#include "lake/s3_fakes.hpp"
#include "lake/temporary_folder.hpp"
#include "matchers.hpp"

namespace reelhouse::lake::s3 {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kJson =
    R"({"AccessKeyId":"AKIAJSON","SecretAccessKey":"js","Token":"jt","Expiration":"2024-05-06T01:00:00Z"})";
constexpr const char* kLent =
    "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIALENT</AccessKeyId>"
    "<SecretAccessKey>ls</SecretAccessKey><SessionToken>lt</SessionToken>"
    "<Expiration>2024-05-06T01:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>";

class S3CredentialsTest : public ::testing::Test {
 protected:
  Result<FoundCredentials> find() {
    files_ = {};
    add_profiles(config_, false, files_);
    add_profiles(credentials_, true, files_);
    const Environment environment = [this](const std::string& name) {
      const auto found = variables_.find(name);
      return found == variables_.end() ? "" : found->second;
    };
    return make_credentials({environment, files_, transport_, timing_})->get();
  }
  std::string id() {
    const auto found = find();
    return found ? found->credentials.access_key_id : found.error().message;
  }
  std::string header(size_t request, const std::string& name) {
    return FakeTransport::header(transport_->requests.at(request), name);
  }

  std::map<std::string, std::string> variables_{{"AWS_EC2_METADATA_DISABLED", "true"}};
  std::string config_;
  std::string credentials_;
  ProfileFiles files_;
  test::TemporaryFolder folder_;
  std::shared_ptr<FakeTransport> transport_ =
      std::make_shared<FakeTransport>([this](const HttpRequest& r) { return answer_(r); });
  FakeTransport::Handler answer_ = [](const HttpRequest&) { return broken(HttpFailure::Kind::kConnect); };
  std::shared_ptr<FakeTiming> timing_ = std::make_shared<FakeTiming>();
};

TEST_F(S3CredentialsTest, TakesVariablesFirst) {
  credentials_ = "[default]\naws_access_key_id = AKIAFILE\naws_secret_access_key = s\n";
  EXPECT_EQ(id(), "AKIAFILE");
  variables_["AWS_ACCESS_KEY_ID"] = "AKIAENV";
  EXPECT_THAT(id(), HasSubstr("AWS_SECRET_ACCESS_KEY is not"));
  variables_["AWS_SECRET_ACCESS_KEY"] = "s";
  variables_["AWS_SESSION_TOKEN"] = "t";
  EXPECT_EQ(find()->credentials.session_token, "t");
  EXPECT_EQ(id(), "AKIAENV");
}

TEST_F(S3CredentialsTest, ReadsTheNamedProfile) {
  config_ =
      "[profile work] # ours\naws_access_key_id=AKIACONFIG\naws_secret_access_key=s\n[default]\nregion=x\n";
  variables_["AWS_PROFILE"] = "work";
  EXPECT_EQ(id(), "AKIACONFIG");
  credentials_ = "[work]\naws_access_key_id = AKIAFILE\naws_secret_access_key = s\n";
  EXPECT_EQ(id(), "AKIAFILE");
  variables_["AWS_PROFILE"] = "none";
  EXPECT_THAT(id(), HasSubstr("'none' does not exist"));
}

TEST_F(S3CredentialsTest, SaysWhereItLooked) {
  const auto found = find();
  EXPECT_THAT(found, IsError(ErrorKind::kPermission, HasMessage(AllOf(HasSubstr("AWS_ACCESS_KEY_ID"),
                                                                      HasSubstr("instance's metadata")))));
}

TEST_F(S3CredentialsTest, TakesOnARoleOfAProfile) {
  config_ =
      "[profile role]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = base\nexternal_id = e x\n"
      "[profile base]\naws_access_key_id = AKIABASE\naws_secret_access_key = base/secret\n";
  variables_["AWS_PROFILE"] = "role";
  variables_["AWS_REGION"] = "eu-west-1";
  answer_ = [](const HttpRequest&) { return answer_of(200, kLent); };
  EXPECT_EQ(id(), "ASIALENT");
  const HttpRequest& request = transport_->requests.at(0);
  EXPECT_EQ(request.url, "https://sts.eu-west-1.amazonaws.com/");
  EXPECT_THAT(request.text, AllOf(HasSubstr("Action=AssumeRole&"), HasSubstr("ExternalId=e%20x"),
                                  HasSubstr("RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr")));
  EXPECT_THAT(header(0, "authorization"), AllOf(HasSubstr("AKIABASE"), HasSubstr("/eu-west-1/sts/")));
  EXPECT_THAT(request.text, Not(HasSubstr("base/secret")));
}

TEST_F(S3CredentialsTest, SaysWhyARoleIsRefused) {
  config_ =
      "[profile role]\nrole_arn = arn:r\nsource_profile = role\naws_access_key_id = A\naws_secret_access_key "
      "= s\n";
  variables_["AWS_PROFILE"] = "role";
  answer_ = [](const HttpRequest&) {
    return answer_of(
        403, "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>");
  };
  EXPECT_THAT(id(), AllOf(HasSubstr("taking on the role arn:r"), HasSubstr("AccessDenied: no")));
}

TEST_F(S3CredentialsTest, EndsAtProfilesInACircle) {
  config_ = "[profile a]\nrole_arn=x\nsource_profile=b\n[profile b]\nrole_arn=y\nsource_profile=a\n";
  variables_["AWS_PROFILE"] = "a";
  EXPECT_THAT(id(), HasSubstr("leads back to itself"));
}

TEST_F(S3CredentialsTest, LeavesSsoToTheToolsOfAws) {
  config_ = "[profile single]\nsso_session = corp\n[sso-session corp]\nsso_region = eu-west-1\n";
  variables_["AWS_PROFILE"] = "single";
  EXPECT_THAT(find(),
              HasHint(AllOf(HasSubstr("aws sso login --profile single"), HasSubstr("export-credentials"))));
}

TEST_F(S3CredentialsTest, RunsACredentialProcess) {
  const auto file = folder_.write("keys.json", kJson);
  config_ = "[default]\ncredential_process = cat '" + file.string() + "'\n";
  EXPECT_EQ(id(), "AKIAJSON");
  config_ = "[default]\ncredential_process = exit 3\n";
  EXPECT_THAT(id(), HasSubstr("ended with 3"));
}

TEST_F(S3CredentialsTest, TakesOnARoleByWebIdentity) {
  variables_["AWS_WEB_IDENTITY_TOKEN_FILE"] = folder_.write("token", "web.token\n").string();
  variables_["AWS_ROLE_ARN"] = "arn:web";
  answer_ = [](const HttpRequest&) { return answer_of(200, kLent); };
  EXPECT_EQ(id(), "ASIALENT");
  EXPECT_THAT(transport_->requests.at(0).text, HasSubstr("WebIdentityToken=web.token"));
  EXPECT_EQ(header(0, "authorization"), "");
}

TEST_F(S3CredentialsTest, AsksTheContainer) {
  variables_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://127.0.0.1:7/creds";
  variables_["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = folder_.write("token", "pod-token\n").string();
  answer_ = [](const HttpRequest&) { return answer_of(200, kJson); };
  EXPECT_EQ(id(), "AKIAJSON");
  EXPECT_EQ(header(0, "authorization"), "pod-token");
  EXPECT_TRUE(transport_->requests.at(0).direct);
  variables_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://elsewhere.example/creds";
  EXPECT_THAT(id(), HasSubstr("host that credentials are not asked of"));
  variables_["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/v2/x";
  EXPECT_EQ(id(), "AKIAJSON");
  EXPECT_EQ(transport_->requests.back().url, "http://169.254.170.2/v2/x");
}

TEST_F(S3CredentialsTest, AsksTheInstanceByVersionTwo) {
  variables_ = {{"AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://imds.test/"}};
  answer_ = [](const HttpRequest& request) -> Answer {
    if (request.method == "PUT") return answer_of(200, "the-token");
    if (FakeTransport::header(request, "x-aws-ec2-metadata-token") != "the-token") return answer_of(401);
    if (request.url.ends_with("/security-credentials/")) return answer_of(200, "the-role\n");
    if (request.url.ends_with("/the-role")) return answer_of(200, kJson);
    return answer_of(404);
  };
  EXPECT_EQ(id(), "AKIAJSON");
  EXPECT_EQ(transport_->requests.at(0).url, "http://imds.test/latest/api/token");
  variables_["AWS_EC2_METADATA_DISABLED"] = "TRUE";
  EXPECT_THAT(id(), HasSubstr("no AWS credentials"));
}

/// How the provider keeps and renews what a source lends.
class S3ProviderTest : public ::testing::Test {
 protected:
  S3ProviderTest() : fake_(std::vector<Answer>{answer_of(200)}) {
    fake_.source->expires = fake_.timing->now() + std::chrono::minutes(60);
  }
  std::string id() { return fake_.credentials->get()->credentials.access_key_id; }
  FakeClient fake_;
};

TEST_F(S3ProviderTest, RenewsFiveMinutesBeforeTheEnd) {
  EXPECT_EQ(id(), "AKIATEST1");
  fake_.timing->pass(std::chrono::minutes(54));
  EXPECT_EQ(id(), "AKIATEST1");
  fake_.timing->pass(std::chrono::minutes(2));
  EXPECT_EQ(id(), "AKIATEST2");
}

TEST_F(S3ProviderTest, KeepsWhatStillHoldsWhenRenewingFails) {
  EXPECT_EQ(id(), "AKIATEST1");
  fake_.source->fails = true;
  fake_.timing->pass(std::chrono::minutes(57));
  EXPECT_EQ(id(), "AKIATEST1");
  fake_.timing->pass(std::chrono::minutes(4));
  EXPECT_FALSE(fake_.credentials->get());
}

TEST_F(S3ProviderTest, DoesNotAskAllTheTimeForWhatIsLentShortly) {
  fake_.source->expires = fake_.timing->now() + std::chrono::minutes(3);
  EXPECT_EQ(id(), "AKIATEST1");
  fake_.timing->pass(std::chrono::seconds(10));
  EXPECT_EQ(id(), "AKIATEST1");
  fake_.timing->pass(std::chrono::seconds(30));
  EXPECT_EQ(id(), "AKIATEST2");
}

}  // namespace
}  // namespace reelhouse::lake::s3
