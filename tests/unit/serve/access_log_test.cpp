#include "serve/access_log.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/files.hpp"
#include "matchers.hpp"

namespace reelhouse::serve {
namespace {

class FixedClock final : public Clock {
 public:
  Time now() const override { return Time{}; }
};

class AccessLogTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "log.XXXXXX";
    folder_ = ::mkdtemp(name.data());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path folder_;
  FixedClock clock_;
};

TEST_F(AccessLogTest, WritesALineOfJsonForEach) {
  const std::string place = folder_ / "access.log";
  {
    const auto log = AccessLog::open(place, clock_).value();
    log->write({"GET", "/api/query", "127.0.0.1", 200, 12, 0.0123456});
    log->write({"POST", std::string(5000, 'x') + "\xff", "::1", 400, 0, 0});
  }
  {
    const auto log = AccessLog::open(place, clock_).value();
    log->write({"GET", "/a\nb", "127.0.0.1", 404, 1, 0});
  }
  const std::string text = read_file(place).value();
  std::istringstream lines(text);
  std::string line;
  std::getline(lines, line);
  EXPECT_EQ(line,
            R"({"time":"1970-01-01T00:00:00.000Z","peer":"127.0.0.1","method":"GET","path":"/api/query",)"
            R"("status":200,"bytes":12,"milliseconds":12.35})");
  std::getline(lines, line);
  EXPECT_LT(line.size(), 500);
  std::getline(lines, line);
  EXPECT_EQ(Json::parse(line)["path"], "/a\nb");
}

TEST_F(AccessLogTest, DropsLinesRatherThanWait) {
  const std::string place = folder_ / "pipe";
  ASSERT_EQ(::mkfifo(place.c_str(), 0600), 0);
  const int reader = ::open(place.c_str(), O_RDONLY | O_NONBLOCK);
  ASSERT_GE(reader, 0);
  {
    const auto log = AccessLog::open(place, clock_).value();
    for (int i = 0; i < 20'000; ++i) log->write({"GET", "/", "127.0.0.1", 200, 0, 0});
    EXPECT_GT(log->dropped(), 0);
  }
  ::close(reader);
}

TEST_F(AccessLogTest, SaysWhatItCannotOpen) {
  EXPECT_FALSE(AccessLog::open(folder_ / "absent" / "log", clock_));
  EXPECT_THAT(AccessLog::open("none", clock_), IsOk());
}

}  // namespace
}  // namespace reelhouse::serve
