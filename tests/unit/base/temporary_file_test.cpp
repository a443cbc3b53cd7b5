#include "base/temporary_file.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>

#include "base/files.hpp"

namespace reelhouse {
namespace {

namespace fs = std::filesystem;

TEST(TemporaryFile, HoldsItsTextAndGoes) {
  fs::path path;
  {
    auto made = TemporaryFile::make("a text").value();
    path = made.path();
    EXPECT_EQ(path.parent_path(), fs::temp_directory_path());
    EXPECT_EQ(read_file(path).value(), "a text");
    EXPECT_EQ(fs::status(path).permissions() & (fs::perms::group_all | fs::perms::others_all),
              fs::perms::none);
    const TemporaryFile moved = std::move(made);
    EXPECT_EQ(moved.path(), path);
    EXPECT_TRUE(fs::exists(path));
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST(TemporaryFile, TwoAreNotTheSame) {
  const auto first = TemporaryFile::make().value();
  const auto second = TemporaryFile::make().value();
  EXPECT_NE(first.path(), second.path());
  EXPECT_EQ(read_file(first.path()).value(), "");
}

TEST(TemporaryFile, IsMadeInTmpWhenTheNamedFolderIsNone) {
  const char* before = std::getenv("TMPDIR");
  const std::optional<std::string> kept =
      before == nullptr ? std::nullopt : std::optional<std::string>(before);
  ::setenv("TMPDIR", "/there/is/no/such/folder", 1);
  const auto made = TemporaryFile::make("x");
  if (kept)
    ::setenv("TMPDIR", kept->c_str(), 1);
  else
    ::unsetenv("TMPDIR");
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->path().parent_path(), "/tmp");
}

}  // namespace
}  // namespace reelhouse
