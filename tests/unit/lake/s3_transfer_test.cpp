#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <random>
#include <thread>

#include "base/files.hpp"
#include "base/md5.hpp"
#include "lake/s3/cache.hpp"
#include "lake/s3/checks.hpp"
#include "lake/s3/download.hpp"
#include "lake/s3/prefetch.hpp"
#include "lake/s3/side_by_side.hpp"
#include "lake/s3/upload.hpp"
#include "lake/s3_fakes.hpp"
#include "lake/temporary_folder.hpp"
#include "matchers.hpp"

namespace reelhouse::lake::s3 {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

std::string noise(size_t size) {
  std::mt19937_64 random(size);
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

std::string in_quotes(const std::string& text) {
  return "\"" + text + "\"";
}

/// Serves one object as S3 does, ranges included; `spoil` may change each answer.
class S3DownloadTest : public ::testing::Test {
 protected:
  Answer serve(const HttpRequest& request) {
    ++asked_;
    if (FakeTransport::header(request, "if-match") != in_quotes(etag_))
      return refusal_of(412, "PreconditionFailed");
    HttpResponse answer{
        200, {{"etag", in_quotes(etag_)}, {"content-length", std::to_string(content_.size())}}, content_};
    const std::string range = FakeTransport::header(request, "range");
    if (!range.empty()) {
      const size_t begin = std::stoull(range.substr(6));
      const size_t end = std::stoull(range.substr(range.find('-') + 1)) + 1;
      answer.status = 206;
      answer.body = content_.substr(begin, end - begin);
      answer.headers.emplace_back("content-range",
                                  "bytes " + range.substr(6) + "/" + std::to_string(content_.size()));
    }
    if (request.method == "HEAD") answer.body.clear();
    if (spoil_) spoil_(request, answer);
    return answer;
  }

  Result<> download_it() {
    FakeClient fake(std::make_shared<FakeTransport>([this](const HttpRequest& r) { return serve(r); }));
    const auto file = folder_.write("copy", "");
    const int descriptor = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
    Transfers transfers(3);
    auto done = download(fake.client(), transfers, {"key", content_.size(), listed_, {}},
                         {descriptor, file.string(), nullptr});
    ::close(descriptor);
    if (done) came_right_ = read_file(file).value() == content_;
    return done;
  }
  void hold(std::string content) {
    content_ = std::move(content);
    etag_ = listed_ = to_hex(digest_of(DigestKind::kMd5, content_));
  }
  /// Holds it as if it had been put in parts of that size.
  void hold_in_parts(std::string content, size_t part) {
    content_ = std::move(content);
    std::vector<std::string> md5s;
    for (size_t at = 0; at < content_.size(); at += part)
      md5s.push_back(digest_of(DigestKind::kMd5, content_.substr(at, part)));
    etag_ = listed_ = multipart_etag(md5s);
  }

  std::string content_;
  std::string etag_;
  std::string listed_;
  bool came_right_ = false;
  std::function<void(const HttpRequest&, HttpResponse&)> spoil_;
  std::atomic<int> asked_ = 0;
  test::TemporaryFolder folder_;
};

TEST_F(S3DownloadTest, BringsObjectsOfAnySize) {
  for (const size_t size : {size_t{0}, size_t{1}, size_t{100'000}, size_t{kLargeObject} + 12345}) {
    hold(noise(size));
    EXPECT_TRUE(download_it() && came_right_) << size;
  }
  hold_in_parts(noise(kLargeObject + 777), 8 << 20U);
  EXPECT_TRUE(download_it() && came_right_);
}

TEST_F(S3DownloadTest, GoesOnWhereATransferBrokeOff) {
  hold(noise(100'000));
  spoil_ = [this](const HttpRequest& request, HttpResponse& answer) {
    if (asked_ > 3) return;
    answer.body.resize(10'000);
    answer.headers.emplace_back("x-test-breaks", "yes");
    EXPECT_TRUE(asked_ != 3 || FakeTransport::header(request, "range") == "bytes=20000-99999");
  };
  EXPECT_TRUE(download_it() && came_right_);
  EXPECT_EQ(asked_, 4);
}

TEST_F(S3DownloadTest, FetchesAgainWhatArrivesDamaged) {
  hold(noise(100'000));
  spoil_ = [this](const HttpRequest&, HttpResponse& answer) {
    if (asked_ <= 2) answer.body[7] ^= 1;
  };
  EXPECT_TRUE(download_it() && came_right_);
  EXPECT_EQ(asked_, 3);
  spoil_ = [](const HttpRequest&, HttpResponse& answer) { answer.body[7] ^= 1; };
  EXPECT_THAT(download_it(), IsError(ErrorKind::kDamaged));
}

TEST_F(S3DownloadTest, FindsTheDamagedPartOfALargeObject) {
  for (const bool in_parts : {false, true}) {
    asked_ = 0;
    if (in_parts)
      hold_in_parts(noise(kLargeObject + 777), 16 << 20U);
    else
      hold(noise(kLargeObject + 777));
    std::atomic<int> flips = 0;
    spoil_ = [&](const HttpRequest& request, HttpResponse& answer) {
      const bool second = FakeTransport::header(request, "range").starts_with("bytes=16777216-");
      if (second && request.method == "GET" && ++flips == 1) answer.body[5] ^= 1;
    };
    EXPECT_TRUE(download_it() && came_right_);
    spoil_ = [](const HttpRequest& request, HttpResponse& answer) {
      if (request.method == "GET") answer.body[5] ^= 1;
    };
    // Parts whose size had to be guessed prove nothing when all come twice the same.
    EXPECT_EQ(in_parts, download_it().has_value());
  }
}

TEST_F(S3DownloadTest, VerifiesAChecksumThatIsNoEtag) {
  hold(noise(5000));
  etag_ = listed_ = "opaque";
  std::string crc = to_base64(digest_of(DigestKind::kCrc64Nvme, content_));
  spoil_ = [&](const HttpRequest&, HttpResponse& answer) {
    answer.headers.emplace_back("x-amz-checksum-crc64nvme", crc);
  };
  EXPECT_TRUE(download_it() && came_right_);
  crc[0] = crc[0] == 'A' ? 'B' : 'A';
  EXPECT_THAT(download_it(), IsError(ErrorKind::kDamaged));
}

TEST_F(S3DownloadTest, NeverTakesAnotherVersion) {
  hold(noise(5000));
  listed_ = "other";
  EXPECT_THAT(download_it(), IsError(ErrorKind::kBusy));
  hold(noise(5000));
  spoil_ = [](const HttpRequest&, HttpResponse& answer) { answer.headers[0].second = "\"changed\""; };
  EXPECT_THAT(download_it(), IsError(ErrorKind::kBusy));
}

TEST(S3SideBySide, HashesWhatOthersHashAlone) {
  const test::TemporaryFolder folder;
  std::vector<std::jthread> threads;
  std::atomic<int> wrong = 0;
  for (size_t n = 0; n < 24; ++n)
    threads.emplace_back([&, n] {
      const std::string text = noise(n * 40'000 + n);
      const auto file = folder.write("f" + std::to_string(n), text);
      const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
      Md5 together;
      const uint64_t half = text.size() / 2 / 64 * 64;
      const auto first = hash_side_by_side(together, {descriptor, 0, half}, "f");
      const auto rest = hash_side_by_side(together, {descriptor, half, text.size() - half}, "f");
      Md5 alone;
      for (size_t at = 0; at < text.size(); at += 777)
        alone.add(std::as_bytes(std::span(text).subspan(at, std::min<size_t>(777, text.size() - at))));
      if (!first || !rest || together.value() != alone.value()) ++wrong;
      ::close(descriptor);
    });
  threads.clear();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(to_hex(Md5().value()), "d41d8cd98f00b204e9800998ecf8427e");
}

TEST(S3SideBySide, HashesPiecesOfAnySizesTogether) {
  const test::TemporaryFolder folder;
  const std::string text = noise(1'000'000);
  const int descriptor = ::open(folder.write("f", text).c_str(), O_RDONLY | O_CLOEXEC);
  std::vector<HashedPiece> pieces;
  for (const uint64_t size : {300'000, 0, 1, 63, 64, 65, 65'536, 65'537, 200'000, 131'072, 7, 64'000})
    pieces.push_back({{}, {descriptor, 1000 + size / 2, size}});
  ASSERT_THAT(hash_together(pieces, "f"), IsOk());
  for (const auto& [md5, piece] : pieces)
    EXPECT_EQ(md5.value(), digest_of(DigestKind::kMd5, text.substr(piece.offset, piece.length)))
        << piece.length;
  std::vector<HashedPiece> beyond(1, {{}, {descriptor, 999'000, 2000}});
  EXPECT_THAT(hash_together(beyond, "f"), IsError(ErrorKind::kBusy));
  ::close(descriptor);
}

/// Puts a file by a server that answers from a script.
class S3UploadTest : public ::testing::Test {
 protected:
  Result<std::string> put_if(std::vector<Answer> script) {
    FakeClient fake(std::move(script));
    transport_ = fake.transport;
    const auto file = UploadFile::open(folder_.write("file", "content"));
    return upload_if(fake.client(), *file, "key", std::nullopt);
  }
  std::string etag_ = to_hex(digest_of(DigestKind::kMd5, "content"));
  HttpResponse stored_ = answer_of(200, "", {{"etag", in_quotes(etag_)}});
  std::shared_ptr<FakeTransport> transport_;
  test::TemporaryFolder folder_;
};

TEST_F(S3UploadTest, WritesOnlyWhatIsNotThere) {
  EXPECT_EQ(put_if({stored_}).value(), etag_);
  EXPECT_EQ(FakeTransport::header(transport_->requests[0], "if-none-match"), "*");
  EXPECT_THAT(put_if({refusal_of(412, "PreconditionFailed")}), IsError(ErrorKind::kBusy));
  EXPECT_THAT(transport_->requests,
              SizeIs(2));  // the second asks whether it was us, which libcurl does not tell
}

TEST_F(S3UploadTest, KnowsItsOwnWriteWhenTheAnswerWasLost) {
  FakeClient fake(std::make_shared<FakeTransport>(
      [this, mark = std::string()](const HttpRequest& request) mutable -> Answer {
        if (request.method == "HEAD")
          return answer_of(200, "", {{"etag", in_quotes(etag_)}, {"x-amz-meta-reelhouse-write", mark}});
        if (!mark.empty()) return refusal_of(412, "PreconditionFailed");
        mark = FakeTransport::header(request, "x-amz-meta-reelhouse-write");
        return broken(HttpFailure::Kind::kBroken);
      }));
  const auto file = UploadFile::open(folder_.write("file", "content"));
  EXPECT_EQ(upload_if(fake.client(), *file, "key", std::nullopt).value(), etag_);
  auto other = answer_of(200, "", {{"etag", in_quotes(etag_)}, {"x-amz-meta-reelhouse-write", "theirs"}});
  EXPECT_THAT(put_if({broken(HttpFailure::Kind::kBroken), refusal_of(412, "PreconditionFailed"), other}),
              IsError(ErrorKind::kBusy));
}

TEST_F(S3UploadTest, NamesTheVersionThatItReplacesWithoutQuotes) {
  FakeClient fake(std::vector<Answer>{stored_});
  const auto file = UploadFile::open(folder_.write("file", "content"));
  EXPECT_EQ(upload_if(fake.client(), *file, "key", "abc").value(), etag_);
  EXPECT_EQ(FakeTransport::header(fake.transport->requests[0], "if-match"), "abc");
}

TEST_F(S3UploadTest, ComparesTheEtagWithWhatWasSent) {
  EXPECT_THAT(put_if({answer_of(200, "", {{"etag", in_quotes(std::string(32, 'a'))}}), stored_}), IsOk());
  EXPECT_THAT(put_if({answer_of(200, "", {{"etag", in_quotes(std::string(32, 'a'))}})}),
              IsError(ErrorKind::kDamaged));
}

TEST(S3Cache, FillsOnceAndKeepsWhatIsWhole) {
  const test::TemporaryFolder folder;
  Cache cache(folder.path());
  const ObjectInfo info{"a/../b//c", 3, "etag", {}};
  int fills = 0;
  const auto fill = [&](int descriptor, const std::string&) -> Result<> {
    ++fills;
    EXPECT_EQ(::write(descriptor, "abc", 3), 3);
    return {};
  };
  EXPECT_FALSE(cache.find("shop", info));
  const auto file = cache.get("shop", info, fill);
  ASSERT_THAT(file, IsOk());
  EXPECT_EQ(read_file(*file).value(), "abc");
  EXPECT_TRUE(file->string().starts_with(folder.path().string()));
  EXPECT_EQ(cache.get("shop", info, fill).value(), *file);
  EXPECT_EQ(Cache(folder.path()).find("shop", info), *file);
  EXPECT_EQ(fills, 1);
  EXPECT_FALSE(cache.find("other", info));
  EXPECT_FALSE(cache.find("shop", {"a/../b//c", 3, "newer", {}}));
  std::filesystem::resize_file(*file, 2);
  EXPECT_THAT(cache.get("shop", info, fill), IsOk());
  EXPECT_EQ(fills, 2);
}

TEST(S3Cache, LeavesNothingOfAFailure) {
  const test::TemporaryFolder folder;
  Cache cache(folder.path());
  const auto failed = cache.get("shop", {"k", 3, "e", {}}, [](int, const std::string&) -> Result<> {
    return fail(ErrorKind::kFull, "no space");
  });
  EXPECT_THAT(failed, IsError(ErrorKind::kFull));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path() / "s3" / "partial"));
}

TEST(S3Cache, TakesItsPrivateFolderAway) {
  std::filesystem::path file;
  {
    Cache cache{{}};
    file = cache.get("shop", {"k", 0, "e", {}}, [](int, const std::string&) { return Result<>(); }).value();
    EXPECT_TRUE(std::filesystem::exists(file));
  }
  EXPECT_FALSE(std::filesystem::exists(file));
}

TEST(S3Prefetch, PassesOverWhatOneObjectLacksAndEndsWhenTheServerIsGone) {
  std::vector<ObjectInfo> objects(20, {"k", 10, "e", {}});
  std::atomic<int> asked = 0;
  const auto failing = [&](ErrorKind kind) {
    asked = 0;
    return prefetch_all(objects, 1, [&, kind](const ObjectInfo&, Progress*) -> Result<> {
      ++asked;
      return fail(kind, "why");
    });
  };
  EXPECT_TRUE(failing(ErrorKind::kBusy));
  EXPECT_EQ(asked, 20);
  EXPECT_THAT(failing(ErrorKind::kFull), IsError(ErrorKind::kFull));
  EXPECT_EQ(asked, 1);
  EXPECT_THAT(failing(ErrorKind::kUnavailable), IsError(ErrorKind::kUnavailable));
  EXPECT_EQ(asked, 3);
}

}  // namespace
}  // namespace reelhouse::lake::s3
