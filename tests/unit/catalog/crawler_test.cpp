#include "catalog/crawler.hpp"

#include <gmock/gmock.h>

#include "catalog/crawl_fakes.hpp"
#include "matchers.hpp"

namespace reelhouse::catalog {
namespace {

using ::testing::HasSubstr;

/// A lake whose only object changes each time that it is to be read, so many times.
class RestlessLake final : public lake::ObjectStore {
 public:
  explicit RestlessLake(int changes) : changes_(changes) {}
  std::string name() const override { return "restless"; }
  Result<std::vector<lake::ObjectInfo>> list(const std::string&) const override {
    return std::vector{info()};
  }
  Result<lake::ObjectInfo> head(const std::string&) const override { return info(); }
  Result<std::filesystem::path> local_copy(const lake::ObjectInfo& asked) const override {
    if (changes_ > 0) {
      --changes_;
      ++version_;
    }
    if (asked.etag != info().etag) return fail(ErrorKind::kBusy, "it has changed");
    return std::filesystem::path("copy");
  }
  Result<> prefetch(std::span<const lake::ObjectInfo> objects) const override {
    prefetched += objects.size();
    if (gone) return fail(ErrorKind::kUnavailable, "the server is gone");
    return {};
  }
  Result<> put(const std::filesystem::path&, const std::string&) override { return {}; }
  Result<lake::ObjectInfo> put_if(const std::filesystem::path&, const std::string&,
                                  const std::optional<std::string>&) override {
    return info();
  }
  Result<> remove(const std::string&) override { return {}; }

  lake::ObjectInfo info() const { return {"raw/shop/a.csv", 10, "version " + std::to_string(version_), {}}; }
  mutable size_t prefetched = 0;
  bool gone = false;

 private:
  mutable int changes_;
  mutable int version_ = 0;
};

class CrawlerTest : public ::testing::Test {
 protected:
  Result<> read(RestlessLake& lake) {
    object_.object.info = lake.info();
    return read_objects(lake, {&object_}, 1,
                        [](const std::filesystem::path&, const std::string&, const FormatOverride&, int,
                           Progress*) -> Result<ObjectProfile> { return table_of({"id"}); });
  }
  CrawledObject object_;
};

TEST_F(CrawlerTest, ReadsTheNewVersionOfWhatChangedSinceTheListing) {
  RestlessLake lake(2);
  ASSERT_TRUE(read(lake));
  EXPECT_TRUE(object_.has_profile) << object_.read_problem;
  EXPECT_EQ(object_.object.info.etag, "version 2");
  EXPECT_EQ(lake.prefetched, 1U);
}

TEST_F(CrawlerTest, GivesUpOnWhatNeverRests) {
  RestlessLake lake(1000);
  ASSERT_TRUE(read(lake));
  EXPECT_FALSE(object_.has_profile);
  EXPECT_THAT(object_.read_problem, HasSubstr("it was changed while it was crawled"));
}

TEST_F(CrawlerTest, EndsWhenTheLakeIsOutOfReach) {
  RestlessLake lake(0);
  lake.gone = true;
  EXPECT_THAT(read(lake), IsError(ErrorKind::kUnavailable));
}

}  // namespace
}  // namespace reelhouse::catalog
