#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace reelhouse::lake {

/// One object as a listing shows it. The key is relative to the store's root, with '/' between parts
/// ("raw/shop/orders.tsv.gz").
struct ObjectInfo {
  std::string key;
  uint64_t size = 0;
  /// Changes whenever the object is written. For S3 its ETag; for a folder a token made of size,
  /// times and inode: equal tokens mean the same content, different ones only that somebody wrote.
  std::string etag;
  Time modified;
};

/// Objects by key: a folder (LocalStore), later a bucket. Thread-safe.
class ObjectStore {
 public:
  virtual ~ObjectStore() = default;
  /// Names the store for messages ("/data/lake", "s3://bucket/prefix").
  virtual std::string name() const = 0;
  /// Lists the objects whose key starts with `prefix`, sorted by key. Hidden files (a part that begins
  /// with '.' or '_') are left out. A root or prefix without objects is an empty list.
  /// Errors: kNotFound (the root does not exist), kPermission, kUnavailable.
  virtual Result<std::vector<ObjectInfo>> list(const std::string& prefix) const = 0;
  /// Errors: kNotFound, kPermission, kUnavailable.
  virtual Result<ObjectInfo> head(const std::string& key) const = 0;
  /// Returns a local file with the object's content as of `info.etag`.
  /// Errors: kNotFound, kPermission, kUnavailable; kBusy when the object has changed since.
  virtual Result<std::filesystem::path> local_copy(const ObjectInfo& info) const = 0;
  /// Stores a file under a key, whole or not at all. Errors: kPermission, kFull, kUnavailable, kUsage
  /// (a key that would leave the root).
  virtual Result<> put(const std::filesystem::path& file, const std::string& key) = 0;
};

/// Opens a lake: a folder's path. Does not touch it yet. Errors: kUsage (a scheme that is not known).
Result<std::unique_ptr<ObjectStore>> open_store(const std::string& location);

}  // namespace reelhouse::lake
