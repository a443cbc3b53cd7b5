// What other processes see and suffer: readers during publishes, publishers that are killed.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <fstream>
#include <random>
#include <thread>

#include "matchers.hpp"
#include "warehouse/fixture.hpp"

extern char** environ;

namespace reelhouse::warehouse {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr const char* kFolder = "REELHOUSE_TEST_FOLDER";
constexpr uint64_t kSales = 100'000;

/// Another process: this program again, running one of the roles below in `folder`.
class Helper {
 public:
  Helper(const std::string& role, const fs::path& folder) {
    ::setenv(kFolder, folder.c_str(), 1);
    std::string filter = "--gtest_filter=Role." + role;
    std::string program = "/proc/self/exe";
    char* arguments[] = {program.data(), filter.data(), nullptr};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    EXPECT_EQ(::posix_spawn(&process_, program.c_str(), &actions, nullptr, arguments, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    ::unsetenv(kFolder);
  }
  void kill() { ::kill(process_, SIGKILL); }
  int wait() {
    int status = -1;
    ::waitpid(process_, &status, 0);
    return status;
  }

 private:
  pid_t process_ = 0;
};

/// The folder when this process plays a role; empty in an ordinary run of the tests.
fs::path role_folder() {
  const char* folder = std::getenv(kFolder);
  return folder ? folder : "";
}

TEST(Role, PublishForever) {
  const fs::path folder = role_folder();
  if (folder.empty()) GTEST_SKIP() << "a role that other tests start";
  FolderWarehouse warehouse(folder / "warehouse");
  while (true)
    ASSERT_THAT(warehouse.publish(tables_in(folder, 1, kSales), "killed", 3, SystemClock()), IsOk());
}

TEST(Role, ReadUntilTold) {
  const fs::path folder = role_folder();
  if (folder.empty()) GTEST_SKIP() << "a role that other tests start";
  const FolderWarehouse warehouse(folder / "warehouse");
  std::ofstream(folder / "reading");
  for (int last = 0; !fs::exists(folder / "stop");) {
    const int mark = read_mark(warehouse);
    ASSERT_GE(mark, last);
    last = mark;
    ASSERT_THAT(warehouse.current(), IsOk());
    ASSERT_THAT(warehouse.versions(), IsOk());
    std::this_thread::sleep_for(1ms);
  }
}

class Processes : public WarehouseTest {
 protected:
  /// Waits until another process writes a version that has no manifest yet.
  void wait_for_a_draft() const {
    while (std::ranges::none_of(files(), [&](const std::string& name) {
      const fs::path file = warehouse_folder_ / name;
      return file.extension() == ".duckdb" && !fs::exists(fs::path(file).replace_extension(".json"));
    }))
      std::this_thread::sleep_for(1ms);
  }
};

TEST_F(Processes, ReadersAreNotDisturbedByTwentyPublishes) {
  ASSERT_THAT(publish(1, 1), IsOk());
  const auto old = warehouse_->open_current().value();
  Helper reader("ReadUntilTold", folder_);
  std::atomic<bool> stop = false;
  std::atomic<int> errors = 0;
  std::atomic<int> reads = 0;
  std::jthread thread([&] {
    const auto session = old->connect().value();
    while (!stop) {
      const auto rows = session->query("select sum(amount) from sale");
      ++reads;
      if (!rows || rows->text(0, 0) != "1000") ++errors;
      std::this_thread::sleep_for(1ms);
    }
  });
  while (!fs::exists(folder_ / "reading")) std::this_thread::sleep_for(1ms);
  for (int i = 2; i <= 21; ++i) {
    const auto version = publish(i, 1);
    ASSERT_THAT(version, IsOk());
  }
  EXPECT_EQ(read_mark(*warehouse_), 21);
  EXPECT_EQ(files().size(), 3);
  stop = true;
  thread.join();
  std::ofstream(folder_ / "stop");
  EXPECT_EQ(reader.wait(), 0);
  EXPECT_EQ(errors, 0);
  EXPECT_GT(reads, 20);
}

TEST_F(Processes, APublisherKilledAtAnyMomentLeavesAWholeVersion) {
  tables(1, kSales);
  ASSERT_THAT(warehouse_->publish(tables(1, kSales), "first", 3, clock_), IsOk());
  std::mt19937 random(20261122);
  int newest = 1;
  int killed_in_the_middle = 0;
  for (int i = 0; i < 20; ++i) {
    Helper publisher("PublishForever", folder_);
    wait_for_a_draft();
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 100));
    publisher.kill();
    EXPECT_TRUE(WIFSIGNALED(publisher.wait()));

    const auto left = files();
    const auto current = warehouse_->current();
    ASSERT_THAT(current, IsOk());
    EXPECT_EQ(mark(), 1);
    EXPECT_GE(current->number, newest);
    killed_in_the_middle += left.size() % 2 == 0 ? 1 : 0;

    const auto next = warehouse_->publish(tables(1, kSales), "next", 3, clock_);
    ASSERT_THAT(next, IsOk());
    EXPECT_GT(next->number, current->number);
    newest = next->number;
    EXPECT_EQ(warehouse_->current()->run, "next");
    const auto whole = warehouse_->versions().value();
    EXPECT_LE(whole.size(), 3U);
    EXPECT_EQ(files().size(), 1 + 2 * whole.size());
  }
  EXPECT_GT(killed_in_the_middle, 0);
}

}  // namespace
}  // namespace reelhouse::warehouse
