#pragma once

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lake/object_store.hpp"

namespace reelhouse::lake::s3 {

/// Local copies of objects by bucket, key and ETag. Files are named by hashes, since a key may be no path.
/// Thread-safe; several processes may share a folder: a copy appears whole, under its name, or not at all.
class Cache {
 public:
  /// An empty folder: a private one, made when it is needed and removed with this.
  explicit Cache(std::filesystem::path folder) : folder_(std::move(folder)), is_private_(folder_.empty()) {}
  ~Cache();
  Cache(const Cache&) = delete;
  Cache& operator=(const Cache&) = delete;

  /// Fills an empty file, open for reading and writing, of this name.
  using Fill = std::function<Result<>(int descriptor, const std::string& name)>;

  /// Removes the copies of all but these objects of a bucket that nobody asked for within the hour.
  void forget_others(const std::string& bucket, const std::vector<ObjectInfo>& wanted);
  /// Returns the copy of an object when there is one.
  std::optional<std::filesystem::path> find(const std::string& bucket, const ObjectInfo& info);
  /// Returns the copy, filled first when there is none; of several threads that ask at once one fills.
  /// Errors: those of `fill`, kPermission, kFull, kUnavailable.
  Result<std::filesystem::path> get(const std::string& bucket, const ObjectInfo& info, const Fill& fill);

 private:
  Result<std::filesystem::path> make(const std::filesystem::path& place, const Fill& fill);
  Result<> open_folder();
  std::filesystem::path place_of(const std::string& bucket, const ObjectInfo& info) const;

  std::filesystem::path folder_;
  bool is_private_;
  bool is_open_ = false;
  std::mutex mutex_;
  std::condition_variable ready_;
  std::set<std::filesystem::path> filling_;
};

}  // namespace reelhouse::lake::s3
