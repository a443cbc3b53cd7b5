#include "base/result.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>
#include <set>

#include "matchers.hpp"

namespace reelhouse {
namespace {

Result<int> half(int number) {
  if (number % 2 != 0) return fail(ErrorKind::kUsage, "odd", "take an even one", "number");
  return number / 2;
}

Result<int> quarter(int number) {
  RH_ASSIGN(const int first, half(number));
  RH_TRY(half(first));
  return half(first);
}

TEST(ResultTest, PassesValuesAndTheFirstErrorOn) {
  EXPECT_EQ(quarter(8).value(), 2);
  EXPECT_THAT(quarter(6), HasMessage(testing::Eq("odd")));
  EXPECT_THAT(quarter(7), IsError(ErrorKind::kUsage));
}

TEST(ResultTest, MovesWhatCannotBeCopied) {
  const auto make = []() -> Result<std::unique_ptr<int>> { return std::make_unique<int>(7); };
  const auto use = [&]() -> Result<int> {
    RH_ASSIGN(const auto pointer, make());
    return *pointer;
  };
  EXPECT_EQ(use().value(), 7);
}

TEST(ResultTest, RendersWhatThereIs) {
  EXPECT_EQ((Error{ErrorKind::kUsage, "m", "h", "w"}).to_string(), "w: m\n  h");
  EXPECT_EQ((Error{ErrorKind::kUsage, "m", "", ""}).to_string(), "m");
}

TEST(ResultTest, NamesEveryKindDifferently) {
  std::set<std::string> names;
  for (int kind = 0; kind <= static_cast<int>(ErrorKind::kInternal); ++kind)
    names.insert(name_of(static_cast<ErrorKind>(kind)));
  EXPECT_EQ(names.size(), 12);
}

TEST(ResultTest, TellsSystemErrorsApart) {
  EXPECT_EQ(system_error("d", "p", ENOENT).kind, ErrorKind::kNotFound);
  EXPECT_EQ(system_error("d", "p", EACCES).kind, ErrorKind::kPermission);
  EXPECT_EQ(system_error("d", "p", ENOSPC).kind, ErrorKind::kFull);
  EXPECT_EQ(system_error("d", "p", EFBIG).kind, ErrorKind::kFull);
  EXPECT_EQ(system_error("d", "p", EIO).kind, ErrorKind::kUnavailable);
  EXPECT_EQ(system_error("reading", "/p", ENOENT).to_string(),
            "/p: reading: No such file or directory\n  Check the path.");
}

}  // namespace
}  // namespace reelhouse
