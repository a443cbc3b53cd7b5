#include "lake/fetch/fetch.hpp"

#include <gmock/gmock.h>

#include "base/files.hpp"
#include "lake/drops.hpp"
#include "lake/fetch/checks.hpp"
#include "lake/fetch/deliveries.hpp"
#include "lake/fetch/download.hpp"
#include "lake/s3_fakes.hpp"
#include "lake/temporary_folder.hpp"
#include "matchers.hpp"

namespace reelhouse::lake {
namespace {

using s3::answer_of;
using s3::FakeTransport;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Drops, ReadsDaysAndLaterDeliveries) {
  EXPECT_EQ(parse_drop("2026-11-22")->number, 1);
  EXPECT_EQ(parse_drop("2026-11-22.2")->number, 2);
  EXPECT_EQ(parse_drop("2026-11-22.12")->to_string(), "drop=2026-11-22.12");
  EXPECT_EQ(parse_drop("2026-11-22")->to_string(), "drop=2026-11-22");
  for (const char* wrong : {"", "2026-11-2", "2026-02-30", "2026-11-22.", "2026-11-22.1", "2026-11-22.02",
                            "2026-11-22.x", "2026-11-22.2x", "2026-11-22-2", "2026-11-22.99999999"})
    EXPECT_FALSE(parse_drop(wrong)) << wrong;
}

TEST(Drops, LeavesOutWhatIsStillBeingPut) {
  std::vector<ObjectInfo> listing;
  for (const char* key :
       {"raw/a/drop=2026-01-01/x.csv", "raw/a/drop=2026-01-02.incomplete", "raw/a/drop=2026-01-02/deep/x.csv",
        "raw/a/drop=2026-01-02/y.csv", "raw/a/drop=2026-01-02x/z.csv"})
    listing.push_back({key, 1, "e", {}});
  EXPECT_THAT(leave_out_incomplete(listing),
              ElementsAre("raw/a/drop=2026-01-02/deep/x.csv", "raw/a/drop=2026-01-02/y.csv"));
  ASSERT_EQ(listing.size(), 2U);
  EXPECT_EQ(listing[1].key, "raw/a/drop=2026-01-02x/z.csv");
}

/// A store that cannot rename: a folder's, put to by the marker, that can fail at the n-th put.
class BucketLike final : public ObjectStore {
 public:
  explicit BucketLike(std::unique_ptr<ObjectStore> folder) : folder_(std::move(folder)) {}
  std::string name() const override { return folder_->name(); }
  Result<std::vector<ObjectInfo>> list(const std::string& prefix) const override {
    return folder_->list(prefix);
  }
  Result<ObjectInfo> head(const std::string& key) const override { return folder_->head(key); }
  Result<std::filesystem::path> local_copy(const ObjectInfo& info) const override {
    return folder_->local_copy(info);
  }
  Result<> put(const std::filesystem::path& file, const std::string& key) override {
    if (puts_left == 0) return fail(ErrorKind::kUnavailable, "gone");
    --puts_left;
    return folder_->put(file, key);
  }
  Result<ObjectInfo> put_if(const std::filesystem::path& file, const std::string& key,
                            const std::optional<std::string>& etag) override {
    return folder_->put_if(file, key, etag);
  }
  Result<> remove(const std::string& key) override { return folder_->remove(key); }

  int puts_left = 1000;

 private:
  std::unique_ptr<ObjectStore> folder_;
};

class PutFolderTest : public ::testing::TestWithParam<bool> {
 protected:
  PutFolderTest() {
    store_ = open_store((folder_.path() / "lake").string()).value();
    if (GetParam()) {
      auto bucket = std::make_unique<BucketLike>(std::move(store_));
      bucket_ = bucket.get();
      store_ = std::move(bucket);
    }
    files_ = {{folder_.write("in/a", "A"), "a.csv", true}, {folder_.write("in/b", "B"), "sub/b.csv", false}};
  }
  std::vector<std::string> visible() const {
    auto listing = store_->list("raw/").value_or(std::vector<ObjectInfo>());
    (void)leave_out_incomplete(listing);
    std::vector<std::string> keys;
    for (const auto& object : listing) keys.push_back(object.key);
    return keys;
  }
  test::TemporaryFolder folder_;
  std::unique_ptr<ObjectStore> store_;
  BucketLike* bucket_ = nullptr;
  std::vector<FolderFile> files_;
};

TEST_P(PutFolderTest, ArrivesWholeAndOnce) {
  ASSERT_THAT(store_->put_folder(files_, "raw/d/drop=2026-01-01", "me"), IsOk());
  EXPECT_THAT(visible(), ElementsAre("raw/d/drop=2026-01-01/a.csv", "raw/d/drop=2026-01-01/sub/b.csv"));
  files_[0].file = folder_.write("in/a", "other");
  const auto again = store_->put_folder(files_, "raw/d/drop=2026-01-01", "me");
  EXPECT_THAT(again, IsError(ErrorKind::kBusy));
  EXPECT_EQ(read_file(folder_.path() / "lake/raw/d/drop=2026-01-01/a.csv").value(), "A");
  EXPECT_TRUE(std::filesystem::exists(folder_.path() / "in/a")) << "what did not arrive is not moved away";
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path() / "lake/raw/d"))
    EXPECT_EQ(entry.path().filename(), "drop=2026-01-01");
}

TEST_P(PutFolderTest, LeavesNothingVisibleWhenItFails) {
  files_.push_back({folder_.path() / "in/missing", "c.csv", false});
  ASSERT_FALSE(store_->put_folder(files_, "raw/d/drop=2026-01-01", "me"));
  EXPECT_THAT(visible(), IsEmpty());
  EXPECT_TRUE(std::filesystem::exists(folder_.path() / "in/a"));
}

INSTANTIATE_TEST_SUITE_P(Stores, PutFolderTest, ::testing::Bool());

using PutByMarkerTest = PutFolderTest;

TEST_P(PutByMarkerTest, IsDoneAgainByItsOwnerOnly) {
  bucket_->puts_left = 1;
  ASSERT_FALSE(store_->put_folder(files_, "raw/d/drop=2026-01-01", "me"));
  EXPECT_THAT(visible(), IsEmpty());
  bucket_->puts_left = 1000;
  const auto others = store_->put_folder(files_, "raw/d/drop=2026-01-01", "you");
  EXPECT_THAT(others, IsError(ErrorKind::kBusy));
  files_.erase(files_.begin());
  ASSERT_THAT(store_->put_folder(files_, "raw/d/drop=2026-01-01", "me"), IsOk());
  EXPECT_THAT(visible(), ElementsAre("raw/d/drop=2026-01-01/sub/b.csv"))
      << "what is not of it any more is gone";
}

INSTANTIATE_TEST_SUITE_P(Bucket, PutByMarkerTest, ::testing::Values(true));

TEST(Checksums, AreFoundInTheirForms) {
  const std::string sum(64, 'a');
  EXPECT_EQ(sum_in(sum + "\n", {"x"}).value(), sum);
  EXPECT_EQ(sum_in("0123  y\n" + sum + "  x\n", {"x"}).value(), sum);
  EXPECT_EQ(sum_in(sum + " *dir/x\r\n", {"x"}).value(), sum);
  EXPECT_EQ(sum_in("SHA256 (x) = " + sum, {"x"}).value(), sum);
  EXPECT_EQ(sum_in("# list\n" + std::string(64, 'A') + "\tx", {"z", "x"}).value(), sum);
  EXPECT_FALSE(sum_in(sum + "  xx\n", {"x"}));
  EXPECT_FALSE(sum_in(sum + "\n" + sum + "\n", {"x"}));
  EXPECT_FALSE(sum_in("", {"x"}));
}

class DownloadTest : public ::testing::Test {
 protected:
  Result<Downloaded> run(FakeTransport& transport) {
    DownloadRequest request;
    request.url = parse_url("https://data.example/a.csv").value();
    request.name = "a.csv";
    request.authorization = "Bearer secret";
    request.login_hint = "log in";
    request.part = folder_.path() / "a.part";
    return download(request, transport, policy_, timing_);
  }
  static s3::Answer give(const HttpRequest& request, HttpResponse head, const std::string& body) {
    auto taken = request.sink->begin(head);
    if (taken) taken = request.sink->write(std::as_bytes(std::span(body)));
    if (!taken) return tl::unexpected(HttpFailure{HttpFailure::Kind::kSink, "", taken.error()});
    return head;
  }
  test::TemporaryFolder folder_;
  s3::FakeTiming timing_;
  RetryPolicy policy_{.attempts = 3, .longest = Milliseconds(120'000)};
};

TEST_F(DownloadTest, DoesNotReturnALoginToTheHostAfterItLeft) {
  FakeTransport transport([](const HttpRequest& request) -> s3::Answer {
    if (request.url == "https://data.example/a.csv")
      return answer_of(302, "", {{"location", "https://elsewhere.example/b"}});
    if (request.url == "https://elsewhere.example/b")
      return answer_of(302, "", {{"location", "https://data.example/c"}});
    return give(request, answer_of(200), "x");
  });
  ASSERT_TRUE(run(transport));
  std::vector<bool> told;
  for (const auto& request : transport.requests)
    told.push_back(std::ranges::count(request.headers, "Authorization",
                                      &std::pair<std::string, std::string>::first) > 0);
  EXPECT_THAT(told, ElementsAre(true, false, false));
}

TEST_F(DownloadTest, WaitsAsLongAsTheServerAsks) {
  int asked = 0;
  FakeTransport transport([&](const HttpRequest& request) -> s3::Answer {
    if (++asked == 1) return answer_of(429, "", {{"retry-after", "17"}});
    if (asked == 2) return answer_of(503, "", {{"retry-after", "Mon, 06 May 2024 00:00:50 GMT"}});
    return give(request, answer_of(200), "x");
  });
  ASSERT_TRUE(run(transport));
  EXPECT_THAT(timing_.waits, ElementsAre(Milliseconds(17'000), Milliseconds(33'000)));
}

TEST_F(DownloadTest, GivesUpOnAServerThatAlwaysSendsTheSameBeginning) {
  FakeTransport transport([](const HttpRequest& request) -> s3::Answer {
    (void)give(request, answer_of(200, "", {{"content-length", "100"}}), "begin");
    return s3::broken(HttpFailure::Kind::kBroken);
  });
  const auto failed = run(transport);
  EXPECT_THAT(failed, IsError(ErrorKind::kUnavailable));
  EXPECT_LE(transport.requests.size(), 4U);
}

TEST_F(DownloadTest, TakesA304ForWhatItIsOnlyWhenItAsked) {
  FakeTransport transport(std::vector<s3::Answer>{answer_of(304)});
  const auto failed = run(transport);
  EXPECT_THAT(failed, HasMessage("304"));
}

TEST(Urls, AreHttpWithoutSecrets) {
  const Url url = parse_url("https://Data.example:443/x/a%20b.csv?token=1#part").value();
  EXPECT_EQ(url.last_part, "a b.csv");
  EXPECT_EQ(url.display.find("token"), std::string::npos);
  EXPECT_EQ(url.text.find("part"), std::string::npos);
  EXPECT_EQ(url.origin, parse_url("https://data.example/").value().origin);
  for (const char* wrong :
       {"", "a.csv", "file:///etc/passwd", "ftp://x/y", "https://u@x/y", "https://u:p@x/y", "https://"})
    EXPECT_FALSE(parse_url(wrong)) << wrong;
  EXPECT_FALSE(redirected(url, "http://data.example/"));
  EXPECT_EQ(redirected(url, "../y").value().text.substr(0, 13), "https://Data.");
}

}  // namespace
}  // namespace reelhouse::lake
