#include "base/files.hpp"

#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <fstream>
#include <thread>

#include "matchers.hpp"

namespace reelhouse {
namespace {

namespace fs = std::filesystem;

class Files : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "files.XXXXXX";
    folder_ = ::mkdtemp(name.data());
  }
  void TearDown() override { fs::remove_all(folder_); }
  size_t count() const {
    return static_cast<size_t>(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }
  fs::path folder_;
};

TEST_F(Files, ReadsEveryByte) {
  const std::string bytes("a\0b\r\n\xff", 6);
  std::ofstream(folder_ / "f", std::ios::binary) << bytes;
  EXPECT_EQ(read_file(folder_ / "f").value(), bytes);
  std::ofstream(folder_ / "empty").flush();
  EXPECT_EQ(read_file(folder_ / "empty").value(), "");
}

TEST_F(Files, SaysWhyItCannotRead) {
  EXPECT_THAT(read_file(folder_ / "none"), IsError(ErrorKind::kNotFound));
  EXPECT_THAT(read_file(folder_ / "none"), HasPlace((folder_ / "none").string()));
  EXPECT_THAT(read_file(folder_), IsError(ErrorKind::kNotFound));
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  std::ofstream(folder_ / "secret") << "x";
  fs::permissions(folder_ / "secret", fs::perms::none);
  EXPECT_THAT(read_file(folder_ / "secret"), IsError(ErrorKind::kPermission));
}

TEST_F(Files, ReplacesAFileWholeWhileItIsRead) {
  const fs::path file = folder_ / "sub" / "f";
  ASSERT_THAT(write_file_atomically(file, std::string(100'000, 'a')), IsOk());
  std::atomic<bool> stop = false;
  std::atomic<int> torn = 0;
  std::jthread reader([&] {
    while (!stop) {
      const auto text = read_file(file);
      if (!text || text->size() != 100'000 || text->find_first_not_of(text->front()) != std::string::npos)
        ++torn;
    }
  });
  for (int i = 0; i < 50; ++i)
    ASSERT_THAT(write_file_atomically(file, std::string(100'000, static_cast<char>('a' + i % 26))), IsOk());
  stop = true;
  reader.join();
  EXPECT_EQ(torn, 0);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_ / "sub"), fs::directory_iterator()), 1);
  struct stat status {};
  ::stat(file.c_str(), &status);
  EXPECT_EQ(status.st_mode & 0777, 0644U);
}

TEST_F(Files, LeavesTheOldFileWhenTheNewOneDoesNotFit) {
  const fs::path file = folder_ / "f";
  ASSERT_THAT(write_file_atomically(file, "old"), IsOk());
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small{.rlim_cur = 1000, .rlim_max = before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &small);
  const auto written = write_file_atomically(file, std::string(5000, 'n'));
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, SIG_DFL);
  EXPECT_THAT(written, IsError(ErrorKind::kFull));
  EXPECT_EQ(read_file(file).value(), "old");
  EXPECT_EQ(count(), 1);
}

TEST_F(Files, LeavesNothingWhenItCannotRename) {
  fs::create_directories(folder_ / "taken" / "inside");
  EXPECT_FALSE(write_file_atomically(folder_ / "taken", "x"));
  EXPECT_EQ(count(), 1);
  std::ofstream(folder_ / "file") << "x";
  EXPECT_FALSE(make_folders(folder_ / "file" / "sub"));
  EXPECT_THAT(rename_durably(folder_ / "none", folder_ / "other"), IsError(ErrorKind::kNotFound));
  EXPECT_THAT(sync_to_disk(folder_ / "none"), IsError(ErrorKind::kNotFound));
}

TEST_F(Files, LocksOnceAndUnlocksAtTheEnd) {
  const fs::path file = folder_ / "sub" / ".lock";
  {
    const auto held = FileLock::take(file, "publishing").value();
    const auto second = FileLock::take(file, "publishing");
    EXPECT_THAT(second, IsError(ErrorKind::kBusy, HasMessage(std::to_string(::getpid())),
                                HasMessage("is publishing")));
  }
  auto again = FileLock::take(file, "publishing").value();
  FileLock moved(std::move(again));
  EXPECT_FALSE(FileLock::take(file, "publishing"));
}

TEST_F(Files, TheKernelUnlocksForAKilledProcess) {
  const fs::path file = folder_ / ".lock";
  const pid_t child = ::fork();
  if (child == 0) {
    const auto held = FileLock::take(file, "waiting to be killed");
    std::ofstream(folder_ / "held") << "x";
    ::pause();
    ::_exit(0);
  }
  while (!fs::exists(folder_ / "held")) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  const auto refused = FileLock::take(file, "trying");
  EXPECT_THAT(refused, HasMessage(std::to_string(child)));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_THAT(FileLock::take(file, "trying"), IsOk());
}

}  // namespace
}  // namespace reelhouse
