#include "lake/object_store.hpp"

#include "lake/drops.hpp"
#include "lake/local_store.hpp"
#include "lake/s3/s3_store.hpp"

namespace reelhouse::lake {

Result<Listing> ObjectStore::survey(const std::string& prefix) const {
  RH_ASSIGN(auto objects, list(prefix));
  return Listing{std::move(objects), {}};
}

Result<> ObjectStore::prefetch(std::span<const ObjectInfo>) const {
  return {};
}

Result<> ObjectStore::put_folder(std::span<const FolderFile> files, const std::string& folder,
                                 const std::string& owner) {
  return put_folder_by_marker(*this, files, folder, owner);
}

void ObjectStore::forget_others(std::span<const ObjectInfo>) const {}

Result<std::unique_ptr<ObjectStore>> open_store(const std::string& location, const StoreOptions& options) {
  if (location.empty())
    return fail(ErrorKind::kUsage, "the lake's location is empty",
                "Name a folder, or s3://bucket/prefix, with --lake.");
  if (location.starts_with("s3://")) return s3::open_s3_store(location, options);
  std::string path = location;
  if (path.starts_with("file://")) path = path.substr(7);
  const size_t scheme = path.find("://");
  if (scheme != std::string::npos)
    return fail(ErrorKind::kUsage, fmt::format("lakes at '{}://' are not known", path.substr(0, scheme)),
                "Name a folder's path, or s3://bucket/prefix.");
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return make_local_store(path);
}

}  // namespace reelhouse::lake
