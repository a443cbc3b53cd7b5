#include "base/hash.hpp"
#include "lake/object_store.hpp"
#include "warehouse/bucket_warehouse.hpp"
#include "warehouse/folder_warehouse.hpp"
#include "warehouse/postgresql/warehouse.hpp"

namespace reelhouse::warehouse {

namespace {
constexpr size_t kMarkLength = 12;
}  // namespace

bool is_server(const std::string& location) {
  return location.starts_with("postgresql:") || location.starts_with("postgres:");
}

bool is_bucket(const std::string& location) {
  return location.starts_with("s3://");
}

Result<std::unique_ptr<Warehouse>> open_warehouse(const WarehouseOptions& options) {
  if (is_server(options.location)) return postgresql::open(options);
  if (is_bucket(options.location)) {
    RH_ASSIGN(auto bucket, lake::open_store(options.location, {options.cache / "objects", 0}));
    const std::string mark = sha256(bucket->name()).substr(0, kMarkLength);
    return std::unique_ptr<Warehouse>(
        std::make_unique<BucketWarehouse>(std::move(bucket), options.cache / ("bucket-" + mark)));
  }
  if (options.location.find("://") != std::string::npos)
    return fail(ErrorKind::kUsage,
                "the warehouse is neither a folder, nor a bucket, nor a server that is known",
                "Name a folder, s3://bucket/prefix, or postgresql://user@host/database.",
                options.location.substr(0, options.location.find("://") + 3) + "...");
  return std::unique_ptr<Warehouse>(std::make_unique<FolderWarehouse>(options.location));
}

}  // namespace reelhouse::warehouse
