#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "lake/s3/multipart.hpp"
#include "lake/s3_fakes.hpp"
#include "lake/temporary_folder.hpp"
#include "matchers.hpp"

namespace reelhouse::lake::s3 {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string value_in(const std::string& url, const std::string& name) {
  const size_t at = url.find(name + "=");
  if (at == std::string::npos) return "";
  const size_t begin = at + name.size() + 1;
  return url.substr(begin, url.find('&', begin) - begin);
}

/// A server that knows uploads in parts: which are open, and what was put together.
class S3UploadsTest : public ::testing::Test {
 protected:
  Answer serve(const HttpRequest& request) {
    const std::string id = value_in(request.url, "uploadId");
    if (request.method == "GET") return answer_of(200, listing());
    if (request.method == "DELETE") {
      taken_back_.push_back(id);
      return open_.erase(id) > 0 ? answer_of(204) : refusal_of(404, "NoSuchUpload");
    }
    if (id.empty()) {
      const std::string begun = "u" + std::to_string(++begun_);
      open_.insert(begun);
      if (begun_ <= lost_answers_) return broken(HttpFailure::Kind::kBroken);
      return answer_of(200, "<InitiateMultipartUploadResult><UploadId>" + begun +
                                "</UploadId></InitiateMultipartUploadResult>");
    }
    if (begun_ <= forgotten_) open_.erase(id);
    if (!open_.contains(id)) return refusal_of(404, "NoSuchUpload");
    if (request.method == "PUT") return answer_of(200, "", {{"etag", "\"part\""}});
    open_.erase(id);
    done_.push_back(id);
    return answer_of(200, "<CompleteMultipartUploadResult><ETag>x-2</ETag></CompleteMultipartUploadResult>");
  }

  std::string listing() const {
    std::string xml = "<ListMultipartUploadsResult>";
    for (const auto& id : open_) xml += "<Upload><Key>key</Key><UploadId>" + id + "</UploadId></Upload>";
    xml += "<Upload><Key>key-of-others</Key><UploadId>theirs</UploadId></Upload>";
    return xml + "</ListMultipartUploadsResult>";
  }

  FakeClient client() {
    FakeClient fake(std::make_shared<FakeTransport>([this](const HttpRequest& r) { return serve(r); }));
    fake.settings.parts_from = 5;
    fake.settings.part_size = 1 << 20;
    return fake;
  }
  Result<> put() {
    auto fake = client();
    const auto file = UploadFile::open(folder_.write("file", std::string(1500000, 'x')));
    return upload(fake.client(), *file, "key", 1, nullptr, notes_);
  }
  size_t notes() const {
    if (!std::filesystem::exists(folder_.path() / "notes")) return 0;
    return static_cast<size_t>(
        std::distance(std::filesystem::directory_iterator(folder_.path() / "notes"), {}));
  }
  /// Leaves a note as a process does that dies.
  void die_with(const std::string& id) {
    auto fake = client();
    const std::string place = fake.client().place();
    const pid_t child = ::fork();
    if (child == 0) {
      const UploadNote note = notes_.begin();
      note.write(place, "key", id);
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
  }

  test::TemporaryFolder folder_;
  OpenUploads notes_{folder_.path() / "notes"};
  std::set<std::string> open_;
  std::vector<std::string> taken_back_;
  std::vector<std::string> done_;
  int begun_ = 0;
  int lost_answers_ = 0;  ///< of uploads that are begun
  int forgotten_ = 0;     ///< uploads that somebody takes back once a part comes
};

TEST_F(S3UploadsTest, LeavesNoNoteOfWhatEnded) {
  EXPECT_THAT(put(), IsOk());
  EXPECT_THAT(done_, ElementsAre("u1"));
  EXPECT_EQ(notes(), 0U);
  EXPECT_THAT(taken_back_, IsEmpty());
}

TEST_F(S3UploadsTest, TakesBackWhatATryBeganWhoseAnswerWasLost) {
  lost_answers_ = 2;
  EXPECT_THAT(put(), IsOk());
  EXPECT_THAT(done_, ElementsAre("u3"));
  EXPECT_THAT(taken_back_, ElementsAre("u1", "u2"));
  EXPECT_THAT(open_, IsEmpty());
  EXPECT_EQ(notes(), 0U);
}

TEST_F(S3UploadsTest, BeginsAgainWhenSomebodyTookItBack) {
  forgotten_ = 1;
  EXPECT_THAT(put(), IsOk());
  EXPECT_THAT(done_, ElementsAre("u2"));
  forgotten_ = 100;
  EXPECT_THAT(put(), IsError(ErrorKind::kNotFound)) << "not for ever";
  EXPECT_LE(begun_, 5);
  EXPECT_EQ(notes(), 0U);
}

TEST_F(S3UploadsTest, TakesBackWhatADeadProcessLeft) {
  open_ = {"dead", "another"};
  die_with("dead");
  EXPECT_EQ(notes(), 1U);
  auto fake = client();
  take_back_left(fake.client(), notes_);
  EXPECT_THAT(taken_back_, ElementsAre("dead"));
  EXPECT_EQ(notes(), 0U);
}

TEST_F(S3UploadsTest, FindsByItsKeyWhatHasNoNameYet) {
  open_ = {"unseen"};
  die_with("");
  auto fake = client();
  take_back_left(fake.client(), notes_);
  EXPECT_THAT(taken_back_, ElementsAre("unseen"));
  EXPECT_EQ(notes(), 0U);
}

TEST_F(S3UploadsTest, LeavesAloneWhatALivingProcessUploads) {
  auto fake = client();
  const UploadNote living = notes_.begin();
  living.write(fake.client().place(), "key", "living");
  open_ = {"living", "unseen"};
  die_with("");
  take_back_left(fake.client(), notes_);
  EXPECT_THAT(taken_back_, IsEmpty());
  EXPECT_EQ(notes(), 2U);
}

TEST_F(S3UploadsTest, LeavesNotesOfOtherPlaces) {
  die_with("dead");
  auto fake = client();
  fake.settings.endpoint.host = "elsewhere.test";
  take_back_left(fake.client(), notes_);
  EXPECT_THAT(taken_back_, IsEmpty());
  EXPECT_EQ(notes(), 1U);
}

TEST(S3Settings, ReadsSizesOfUploadsAsAwssToolsWriteThem) {
  const auto nothing_set = [](const std::string&) { return std::string(); };
  const auto with = [&](const std::string& size) {
    ProfileFiles files;
    add_profiles("[default]\ns3 =\n  multipart_threshold = " + size + "\n  multipart_chunksize = 8388608\n",
                 false, files);
    return load_settings(nothing_set, files, "bucket");
  };
  EXPECT_EQ(with("100MB").value().parts_from, 100U << 20U);
  EXPECT_EQ(with("1gb").value().parts_from, 1U << 30U);
  EXPECT_EQ(with("1KB").value().parts_from, 5U << 20U) << "no less than S3 takes";
  EXPECT_EQ(with("6000000").value().part_size, 8U << 20U);
  EXPECT_EQ(load_settings(nothing_set, {}, "bucket").value().parts_from, 64U << 20U);
  for (const char* wrong : {"MB", "5 apples", "-5", "99999999999999999999"})
    EXPECT_THAT(with(wrong), IsError(ErrorKind::kUsage)) << wrong;
}

}  // namespace
}  // namespace reelhouse::lake::s3
