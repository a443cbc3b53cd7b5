#pragma once

#include <memory>
#include <string>

#include "lake/object_store.hpp"

namespace reelhouse::lake::s3 {

/// Opens a bucket, or the part of it below a prefix: "s3://bucket/prefix". Reads the AWS settings
/// (variables and config files); asks no server yet. Errors: kUsage.
Result<std::unique_ptr<ObjectStore>> open_s3_store(const std::string& location, const StoreOptions& options);

}  // namespace reelhouse::lake::s3
