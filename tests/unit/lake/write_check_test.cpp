#include <gtest/gtest.h>

#include <map>

#include "lake/object_store.hpp"
#include "lake/temporary_folder.hpp"
#include "matchers.hpp"

namespace reelhouse::lake {
namespace {

/// Keeps names of objects only; refuses what it is told to.
class Shelf final : public ObjectStore {
 public:
  std::string name() const override { return "shelf"; }
  Result<std::vector<ObjectInfo>> list(const std::string&) const override {
    return std::vector<ObjectInfo>();
  }
  Result<ObjectInfo> head(const std::string&) const override { return fail(ErrorKind::kNotFound, "none"); }
  Result<std::filesystem::path> local_copy(const ObjectInfo&) const override {
    return fail(ErrorKind::kNotFound, "none");
  }
  Result<> put(const std::filesystem::path&, const std::string& key) override {
    if (!may_put) return fail(ErrorKind::kPermission, "no", "Ask.", "shelf/" + key);
    ++objects[key];
    return {};
  }
  Result<ObjectInfo> put_if(const std::filesystem::path&, const std::string& key,
                            const std::optional<std::string>&) override {
    if (heeds) return fail(ErrorKind::kBusy, "somebody else");
    return ObjectInfo{key, 1, "etag", {}};
  }
  Result<> remove(const std::string& key) override {
    if (!may_remove) return fail(ErrorKind::kPermission, "no");
    objects.erase(key);
    return {};
  }

  std::map<std::string, int> objects;
  bool may_put = true;
  bool may_remove = true;
  bool heeds = true;
};

TEST(WriteCheck, LeavesNothing) {
  Shelf shelf;
  EXPECT_THAT(check_writable(shelf, WriteCheck::kPlain), IsOk());
  EXPECT_THAT(check_writable(shelf, WriteCheck::kConditional), IsOk());
  EXPECT_TRUE(shelf.objects.empty());
  const test::TemporaryFolder folder;
  const auto store = open_store(folder.path().string());
  EXPECT_THAT(check_writable(**store, WriteCheck::kConditional), IsOk());
  EXPECT_FALSE(std::filesystem::exists(folder.path() / ".write-check"));
}

TEST(WriteCheck, SaysWhatMayNotBeDone) {
  Shelf shelf;
  shelf.may_put = false;
  const auto refused = check_writable(shelf, WriteCheck::kPlain);
  EXPECT_THAT(refused,
              IsError(ErrorKind::kPermission, HasPlace("shelf/.write-check"), HasHint(testing::Eq("Ask."))));
}

TEST(WriteCheck, LetsWhoMayNotRemoveLeaveOneObject) {
  Shelf shelf;
  shelf.may_remove = false;
  EXPECT_THAT(check_writable(shelf, WriteCheck::kConditional), IsOk());
  EXPECT_THAT(check_writable(shelf, WriteCheck::kConditional), IsOk());
  EXPECT_EQ(shelf.objects.size(), 1U);
}

TEST(WriteCheck, FindsAServerThatDoesNotHeedConditions) {
  Shelf shelf;
  shelf.heeds = false;
  EXPECT_THAT(check_writable(shelf, WriteCheck::kPlain), IsOk());
  const auto found = check_writable(shelf, WriteCheck::kConditional);
  EXPECT_THAT(found, IsError(ErrorKind::kUsage));
  EXPECT_TRUE(shelf.objects.empty());
}

}  // namespace
}  // namespace reelhouse::lake
