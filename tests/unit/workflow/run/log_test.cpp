#include "workflow/run/log.hpp"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "base/files.hpp"
#include "matchers.hpp"

namespace reelhouse::workflow {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr const char* kRun = "20261122-061200-1a2b";

class RunLogTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "run-log-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }
  std::unique_ptr<RunLog> open(uint64_t most_output = RunLog::kMostOutput) {
    auto log = RunLog::open(folder_, kRun, clock_, most_output);
    EXPECT_THAT(log, IsOk());
    return std::move(*log);
  }
  Json lines() { return read_log(folder_, kRun, 0)->lines; }
  fs::path file() const { return folder_ / (std::string(kRun) + ".jsonl"); }

  fs::path folder_;
  SystemClock clock_;
};

TEST_F(RunLogTest, WritesAnEventALineThatCanBeReadAtOnce) {
  const auto log = open();
  log->write("build", 2, "info", "stg_user: \"done\"\nin 2 s");
  log->write("", 0, "error", "bad \xFF byte");
  const Json read = lines();
  ASSERT_EQ(read.size(), 2U);
  std::string keys;
  for (const auto& [key, value] : read[0].items()) keys += key + " ";
  EXPECT_EQ(keys, "time run step attempt level message ");
  EXPECT_EQ(read[0]["run"], kRun);
  EXPECT_EQ(read[0]["attempt"], 2);
  EXPECT_EQ(read[0]["message"], "stg_user: \"done\"\nin 2 s");
  EXPECT_TRUE(parse_iso(read[0]["time"].get<std::string>()));
  EXPECT_EQ(read[1]["message"], "bad \xEF\xBF\xBD byte");
}

TEST_F(RunLogTest, IsReadInPartsOfWholeLines) {
  const auto log = open();
  for (int i = 0; i < 100; ++i) log->write("step", 1, "output", std::to_string(i) + std::string(i, 'x'));
  for (const uint64_t most : {1ULL, 100ULL, 333ULL, 100'000ULL}) {
    size_t seen = 0;
    uint64_t at = 0;
    while (true) {
      const auto part = read_log(folder_, kRun, at, most);
      ASSERT_THAT(part, IsOk());
      if (part->lines.empty()) break;
      EXPECT_TRUE(part->lines.size() == 1 || part->next - at <= most);
      for (const auto& line : part->lines) {
        EXPECT_EQ(line["message"], std::to_string(seen) + std::string(seen, 'x'));
        ++seen;
      }
      at = part->next;
    }
    EXPECT_EQ(seen, 100U);
    EXPECT_EQ(at, fs::file_size(file()));
  }
  EXPECT_EQ(read_log(folder_, kRun, 1 << 20)->next, 1U << 20);
}

TEST_F(RunLogTest, LeavesAHalfWrittenLineForLater) {
  open()->write("a", 1, "info", "whole");
  const auto whole = fs::file_size(file());
  std::ofstream(file(), std::ios::app) << R"({"time":"2026)";
  const auto part = read_log(folder_, kRun, 0);
  EXPECT_EQ(part->lines.size(), 1U);
  EXPECT_EQ(part->next, whole);
  open()->write("b", 1, "info", "after the crash");
  EXPECT_EQ(lines().size(), 2U);
  EXPECT_EQ(lines()[1]["message"], "after the crash");
}

TEST_F(RunLogTest, IsWrittenByManyThreads) {
  const auto log = open();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&, i] {
      for (int n = 0; n < 500; ++n)
        log->write("step", i, "info", std::string(200, static_cast<char>('a' + i)));
    });
  for (auto& thread : threads) thread.join();
  const Json read = lines();
  ASSERT_EQ(read.size(), 2000U);
  for (const auto& line : read)
    EXPECT_EQ(line["message"], std::string(200, static_cast<char>('a' + line["attempt"].get<int>())));
}

TEST_F(RunLogTest, CountsWhatAFullDiskSwallows) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{2000, RLIM_INFINITY};  // a write beyond it is cut, and the next one fails
    const auto log = RunLog::open(folder_, kRun, clock_);
    ::setrlimit(RLIMIT_FSIZE, &limit);
    for (int i = 0; i < 50; ++i) (*log)->write("step", 1, "info", "line " + std::to_string(i));
    const rlimit free{RLIM_INFINITY, RLIM_INFINITY};
    ::setrlimit(RLIMIT_FSIZE, &free);
    (*log)->write("step", 1, "info", "there is room again");
    ::_exit(0);
  }
  ::waitpid(child, nullptr, 0);
  const Json read = lines();
  ASSERT_GT(read.size(), 5U);
  const size_t kept = read.size() - 2;
  for (size_t i = 0; i < kept; ++i) EXPECT_EQ(read[i]["message"], "line " + std::to_string(i));
  EXPECT_EQ(read[kept]["message"],
            fmt::format("{} lines of this log could not be written and are lost", 50 - kept));
  EXPECT_EQ(read[kept + 1]["message"], "there is room again");
  std::string text = read_file(file()).value();
  EXPECT_EQ(static_cast<size_t>(std::ranges::count(text, '\n')), read.size());  // no torn line
}

TEST_F(RunLogTest, LimitsWhatCommandsMayWrite) {
  {
    const auto log = open(1000);
    for (int i = 0; i < 100; ++i) log->write("flood", 1, "output", "again and again");
    log->write("flood", 1, "info", "succeeded");
  }
  const Json read = lines();
  EXPECT_LT(read.size(), 15U);
  EXPECT_EQ(read[read.size() - 2]["message"], "succeeded");
  EXPECT_THAT(read[read.size() - 3]["message"].get<std::string>(), HasSubstr("too much"));
  EXPECT_THAT(read.back()["message"].get<std::string>(),
              HasSubstr(fmt::format("{} lines", 103 - read.size())));
}

TEST_F(RunLogTest, KnowsNoLogThatIsNone) {
  for (const char* run : {"none", "", "../../etc/passwd", "..", "a/b", "a b"}) {
    const auto part = read_log(folder_, run, 0);
    EXPECT_THAT(part, IsError(ErrorKind::kNotFound)) << run;
  }
  EXPECT_FALSE(RunLog::open(folder_, "../x", clock_));
  std::ofstream(folder_ / "file") << "x";
  EXPECT_FALSE(RunLog::open(folder_ / "file", kRun, clock_));
}

}  // namespace
}  // namespace reelhouse::workflow
