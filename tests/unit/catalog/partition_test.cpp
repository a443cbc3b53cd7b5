#include "catalog/partition.hpp"

#include <gmock/gmock.h>

#include "base/clock.hpp"

namespace reelhouse::catalog {
namespace {

using ::testing::HasSubstr;

/// The day that folders name, its problem, or "none".
std::string day_of_folders(std::initializer_list<const char*> folders) {
  PathDay day;
  for (const auto* folder : folders)
    if (const auto partition = read_partition(folder)) day.take(*partition, folder);
  if (!day.is_dated()) return "none";
  std::string problem;
  const auto drop = day.drop(problem);
  return problem.empty() ? drop.to_string() : problem;
}

TEST(Partition, ReadsKeyAndDecodedValue) {
  EXPECT_FALSE(read_partition("users"));
  EXPECT_FALSE(read_partition("=x"));
  EXPECT_EQ(read_partition("Country=Costa%20Rica")->key, "country");
  EXPECT_EQ(read_partition("Country=Costa%20Rica")->value, "Costa Rica");
  EXPECT_EQ(read_partition("rate=5%")->value, "5%");
  EXPECT_EQ(read_partition("a=b%2")->value, "b%2");
}

TEST(Partition, CollectsTheDayOfAPath) {
  EXPECT_EQ(day_of_folders({"a", "country=es"}), "none");
  EXPECT_EQ(day_of_folders({"drop=2024-02-29.2"}), "drop=2024-02-29.2");
  for (const auto* folder : {"dt=2024-02-29", "DATE=20240229", "ds=2024-02-29T00:00:00Z", "day=2024-02-29",
                             "date=2024-02-29 00%3A00%3A00"})
    EXPECT_EQ(day_of_folders({folder}), "drop=2024-02-29") << folder;
  EXPECT_EQ(day_of_folders({"year=2024", "month=2", "day=29"}), "drop=2024-02-29");
  EXPECT_EQ(day_of_folders({"year=2024", "country=es", "month=02"}), "drop=2024-02-01");
  EXPECT_EQ(day_of_folders({"year=2024"}), "drop=2024-01-01");
}

TEST(Partition, SaysWhyFoldersNameNoDay) {
  EXPECT_THAT(day_of_folders({"dt=soon"}), HasSubstr("'dt=soon' does not name a day"));
  EXPECT_THAT(day_of_folders({"dt=2023-02-29"}), HasSubstr("does not name a day"));
  EXPECT_THAT(day_of_folders({"dt=2024-02-28", "drop=2024-02-28"}), HasSubstr("within a drop folder"));
  EXPECT_THAT(day_of_folders({"year=2024", "month=13"}),
              HasSubstr("name no day (year 2024, month 13, day -)"));
  EXPECT_THAT(day_of_folders({"month=1", "day=1"}), HasSubstr("name no day (year -"));
  EXPECT_THAT(day_of_folders({"year=2024", "day=1"}), HasSubstr("name no day"));
  EXPECT_THAT(day_of_folders({"year=2024", "year=2025"}), HasSubstr("another has named"));
  EXPECT_THAT(day_of_folders({"dt=2024-01-01", "month=1"}), HasSubstr("another has named"));
}

}  // namespace
}  // namespace reelhouse::catalog
