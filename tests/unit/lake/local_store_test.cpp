#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "base/files.hpp"
#include "lake/keys.hpp"
#include "lake/object_store.hpp"
#include "lake/temporary_folder.hpp"
#include "matchers.hpp"

namespace reelhouse::lake {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::StartsWith;

class LocalStoreTest : public ::testing::Test {
 protected:
  LocalStoreTest() : store_(open_store(folder_.path().string()).value()) {}
  std::vector<std::string> keys(const std::string& prefix = "") {
    std::vector<std::string> keys;
    const auto objects = store_->list(prefix);
    EXPECT_THAT(objects, IsOk());
    for (const auto& object : objects.value_or(std::vector<ObjectInfo>())) keys.push_back(object.key);
    return keys;
  }
  std::vector<std::string> left_out() {
    std::vector<std::string> told;
    const Listing listing = store_->survey("").value();
    for (const auto& [key, reason, is_refused] : listing.left_out)
      told.push_back((is_refused ? "refused: " : "") + key + " " + reason);
    return told;
  }
  test::TemporaryFolder folder_;
  std::unique_ptr<ObjectStore> store_;
};

TEST_F(LocalStoreTest, ListsByPrefixInTheOrderOfKeys) {
  folder_.write("raw/b/two.csv", "22");
  folder_.write("raw/b.csv", "");
  folder_.write("raw/a b/Größe \u00d7 2.csv", "x");
  folder_.write("raw/b/_hidden/x", "");
  folder_.write("raw/b/.hidden", "");
  folder_.write("raw/b/one.csv", "1");
  folder_.write("other", "");
  EXPECT_THAT(keys(), ElementsAre("other", "raw/a b/Größe \u00d7 2.csv", "raw/b.csv", "raw/b/one.csv",
                                  "raw/b/two.csv"));
  EXPECT_THAT(keys("raw/b/"), ElementsAre("raw/b/one.csv", "raw/b/two.csv"));
  EXPECT_THAT(keys("raw/b/t"), ElementsAre("raw/b/two.csv"));
  EXPECT_THAT(keys("raw/b"), ElementsAre("raw/b.csv", "raw/b/one.csv", "raw/b/two.csv"));
  EXPECT_THAT(keys("raw/none/"), IsEmpty());
  EXPECT_THAT(keys("raw/b/_hidden/"), IsEmpty());
  EXPECT_THAT(keys("../"), IsEmpty());
  EXPECT_EQ(store_->list("raw/b/two").value().front().size, 2U);
}

TEST_F(LocalStoreTest, SaysThatTheRootIsMissingAndTakesAnEmptyOne) {
  EXPECT_THAT(keys(), IsEmpty());
  const auto missing = open_store((folder_.path() / "none").string()).value()->list("");
  EXPECT_THAT(missing, IsError(ErrorKind::kNotFound));
  folder_.write("file", "");
  EXPECT_THAT(open_store((folder_.path() / "file").string()).value()->list(""),
              IsError(ErrorKind::kNotFound));
}

TEST_F(LocalStoreTest, FollowsLinksInsideTheLakeAndOnce) {
  namespace fs = std::filesystem;
  const auto link = [&](const fs::path& target, const char* name) {
    fs::create_directories((folder_.path() / name).parent_path());
    fs::create_symlink(target, folder_.path() / name);
  };
  folder_.write("raw/near.csv", "near");
  folder_.write("archive/sub/old.csv", "old");
  link("near.csv", "raw/same.csv");
  link("../archive", "raw/b");
  link("../archive/sub", "raw/a");
  link("../archive/sub/old.csv", "raw/z.csv");
  link("..", "archive/sub/up");
  link("../../archive", "archive/sub/again");
  EXPECT_THAT(keys(), ElementsAre("archive/sub/old.csv", "raw/a/old.csv", "raw/near.csv"));
  EXPECT_THAT(left_out(), IsSupersetOf({"raw/same.csv is a link to raw/near.csv, which counts there",
                                        "raw/b/sub is what raw/a is, which is taken",
                                        "raw/z.csv is what raw/a/old.csv is, which is taken",
                                        "raw/a/up is a link to a folder that it lies in"}));
  EXPECT_THAT(keys("raw/a/"), ElementsAre("raw/a/old.csv"));
  EXPECT_EQ(store_->head("raw/same.csv").value().size, 4U);
}

TEST_F(LocalStoreTest, RefusesLinksOutOfTheLakeToNowhereAndInCircles) {
  namespace fs = std::filesystem;
  test::TemporaryFolder elsewhere;
  elsewhere.write("in/far.csv", "far");
  folder_.write("raw/near.csv", "near");
  fs::create_directory_symlink(elsewhere.path() / "in", folder_.path() / "raw/linked");
  fs::create_directory_symlink(folder_.path(), folder_.path() / "raw/round");
  fs::create_symlink("gone.csv", folder_.path() / "raw/nowhere.csv");
  fs::create_symlink("it.csv", folder_.path() / "raw/it.csv");
  EXPECT_THAT(keys(), ElementsAre("raw/near.csv"));
  EXPECT_THAT(keys("raw/linked/"), IsEmpty());
  EXPECT_THAT(left_out(), ElementsAre("refused: raw/it.csv is a link that leads in a circle (to it.csv)",
                                      StartsWith("refused: raw/linked is a link that leads out of the lake"),
                                      "refused: raw/nowhere.csv is a link that leads nowhere (to gone.csv)",
                                      "raw/round is a link to a folder that it lies in"));
  EXPECT_THAT(store_->head("raw/nowhere.csv"), IsError(ErrorKind::kNotFound));
  fs::create_directory_symlink(folder_.path(), elsewhere.path() / "lake");
  store_ = open_store((elsewhere.path() / "lake").string()).value();
  EXPECT_THAT(keys(), ElementsAre("raw/near.csv")) << "the lake's own folder may be a link";
}

TEST_F(LocalStoreTest, TellsWhatIsNoFile) {
  namespace fs = std::filesystem;
  for (const char* folder : {"raw/users.csv", "raw/drop=2024-01-01.2", "raw/_tmp", "raw/x/.hive-staging_1/0"})
    fs::create_directories(folder_.path() / folder);
  folder_.write("raw/_temporary/0/part.csv", "");
  folder_.write("raw/x/.hive-staging_1/0/part.csv", "");
  folder_.write("raw/_hidden/a.csv", "");
  ASSERT_EQ(::mkfifo((folder_.path() / "raw/pipe.csv").c_str(), 0600), 0);
  fs::create_symlink("pipe.csv", folder_.path() / "raw/pipe2.csv");
  EXPECT_THAT(keys(), IsEmpty());
  EXPECT_THAT(left_out(), ElementsAre(StartsWith("raw/_temporary holds files of a write"),
                                      "raw/pipe.csv is a pipe, no file",
                                      "raw/pipe2.csv is a link to raw/pipe.csv, which counts there",
                                      "raw/users.csv is a folder named as a file, and holds none",
                                      StartsWith("raw/x/.hive-staging_1 holds files of a write")));
  EXPECT_THAT(store_->head("raw/pipe.csv"), IsError(ErrorKind::kNotFound));
}

TEST(Keys, NamesTheFolderOfUnfinishedWork) {
  EXPECT_EQ(unfinished_folder("raw/x/_temporary/0/_temporary/part.csv"), "raw/x/_temporary");
  EXPECT_EQ(unfinished_folder("raw/x/.spark-staging-1/part.csv"), "raw/x/.spark-staging-1");
  EXPECT_EQ(unfinished_folder("raw/x/_temporary"), "");
  EXPECT_EQ(unfinished_folder("raw/_hidden/a"), "");
}

TEST_F(LocalStoreTest, NamesAFolderThatItMayNotRead) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  folder_.write("raw/closed/a.csv", "");
  ::chmod((folder_.path() / "raw/closed").c_str(), 0);
  const auto objects = store_->list("");
  ::chmod((folder_.path() / "raw/closed").c_str(), 0700);
  EXPECT_THAT(objects, IsError(ErrorKind::kPermission, HasPlace(HasSubstr("closed"))));
}

TEST_F(LocalStoreTest, ChangesTheTokenWithEveryWrite) {
  const auto file = folder_.write("a.csv", "one");
  const ObjectInfo before = store_->head("a.csv").value();
  EXPECT_EQ(store_->head("a.csv").value().etag, before.etag);
  EXPECT_EQ(store_->list("").value().front().etag, before.etag);
  EXPECT_EQ(store_->local_copy(before).value(), file);
  ::usleep(20'000);
  folder_.write("a.csv", "two");
  const auto time = std::filesystem::last_write_time(file);
  EXPECT_NE(store_->head("a.csv").value().etag, before.etag);
  const auto copy = store_->local_copy(before);
  EXPECT_THAT(copy, IsError(ErrorKind::kBusy));
  // Other content under the old size and time is still seen.
  const std::string etag = store_->head("a.csv").value().etag;
  ::usleep(20'000);
  folder_.write("a.csv", "six");
  std::filesystem::last_write_time(file, time);
  EXPECT_NE(store_->head("a.csv").value().etag, etag);
}

TEST_F(LocalStoreTest, PutsWholeFilesAndLeavesNothingBehind) {
  test::TemporaryFolder elsewhere;
  const auto file = elsewhere.write("big", std::string(3 << 20, 'x'));
  ASSERT_THAT(store_->put(file, "raw/new folder/big.csv"), IsOk());
  EXPECT_EQ(store_->head("raw/new folder/big.csv").value().size, 3U << 20);
  ASSERT_THAT(store_->put(elsewhere.write("small", "s"), "raw/new folder/big.csv"), IsOk());
  EXPECT_EQ(read_file(folder_.path() / "raw/new folder/big.csv").value(), "s");
  EXPECT_THAT(store_->put(elsewhere.path() / "none", "raw/x"), IsError(ErrorKind::kNotFound));
  size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_.path()))
    files += entry.is_regular_file() ? 1 : 0;
  EXPECT_EQ(files, 1U);
}

TEST_F(LocalStoreTest, RefusesKeysThatLeaveTheRoot) {
  const auto file = folder_.write("file", "x");
  for (const std::string key : {"", "../a", "raw/../../a", "/etc/a", "raw//a", "raw/", ".", "raw/./a"}) {
    const auto put = store_->put(file, key);
    EXPECT_THAT(put, IsError(ErrorKind::kUsage)) << key;
    EXPECT_FALSE(store_->head(key)) << key;
  }
}

TEST_F(LocalStoreTest, PutsWhatIsHiddenWhereOnlyWhoKnowsItsKeyFindsIt) {
  const auto file = folder_.write("file", "x");
  EXPECT_THAT(store_->put(file, "raw/.hidden"), IsOk());
  EXPECT_THAT(keys("raw/"), IsEmpty());
  EXPECT_THAT(store_->head("raw/.hidden"), IsOk());
}

TEST(OpenStore, KnowsFoldersOnly) {
  EXPECT_EQ(open_store("/data/lake/").value()->name(), "/data/lake");
  EXPECT_EQ(open_store("file:///data").value()->name(), "/data");
  EXPECT_THAT(open_store("ftp://host/x"), IsError(ErrorKind::kUsage));
  EXPECT_THAT(open_store(""), IsError(ErrorKind::kUsage));
}

TEST_F(LocalStoreTest, PutsOnlyOverWhatIsExpected) {
  const auto one = folder_.write(".one", "one");
  const auto two = folder_.write(".two", "two");
  const auto first = store_->put_if(one, "raw/CURRENT", std::nullopt);
  ASSERT_THAT(first, IsOk());
  EXPECT_EQ(first->etag, store_->head("raw/CURRENT")->etag);
  EXPECT_THAT(store_->put_if(two, "raw/CURRENT", std::nullopt), IsError(ErrorKind::kBusy));
  EXPECT_THAT(store_->put_if(two, "raw/CURRENT", "another"), IsError(ErrorKind::kBusy));
  EXPECT_EQ(read_file(folder_.path() / "raw/CURRENT").value(), "one");
  EXPECT_THAT(store_->put_if(two, "raw/CURRENT", first->etag), IsOk());
  EXPECT_EQ(read_file(folder_.path() / "raw/CURRENT").value(), "two");
  EXPECT_THAT(store_->put_if(one, "raw/gone", "x"), IsError(ErrorKind::kBusy));
  EXPECT_THAT(keys("raw/"), ElementsAre("raw/CURRENT"));
}

TEST_F(LocalStoreTest, LetsOneOfManyWin) {
  const auto file = folder_.write(".file", "x");
  for (int round = 0; round < 20; ++round) {
    std::optional<std::string> etag;
    if (round > 0) etag = store_->head("CURRENT")->etag;
    std::atomic<int> won = 0;
    {
      std::vector<std::jthread> threads;
      for (int i = 0; i < 6; ++i)
        threads.emplace_back([&] { won += store_->put_if(file, "CURRENT", etag) ? 1 : 0; });
    }
    EXPECT_EQ(won, 1);
  }
}

TEST_F(LocalStoreTest, RemovesObjectsAndTakesTheirAbsence) {
  folder_.write("raw/a.csv", "x");
  EXPECT_THAT(store_->remove("raw/a.csv"), IsOk());
  EXPECT_THAT(keys(), IsEmpty());
  EXPECT_THAT(store_->remove("raw/a.csv"), IsOk());
  EXPECT_THAT(store_->remove("none/a.csv"), IsOk());
  EXPECT_THAT(store_->remove("../x"), IsError(ErrorKind::kUsage));
  EXPECT_THAT(store_->remove("raw"), IsError(ErrorKind::kUsage));
}

}  // namespace
}  // namespace reelhouse::lake
