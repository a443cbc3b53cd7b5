#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
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

/// What lies in a store where objects lie, and is none, or none that is taken.
struct LeftOut {
  std::string key;
  std::string reason;  ///< "is a pipe, no file"
  bool is_refused =
      false;  ///< it was meant as an object, and what it means cannot be had: a link that leads nowhere
};

/// All that a walk through a store finds, each sorted by key.
struct Listing {
  std::vector<ObjectInfo> objects;
  std::vector<LeftOut> left_out;
};

/// One file of a folder that is put.
struct FolderFile {
  std::filesystem::path file;
  std::string name;       ///< below the folder; may hold '/'
  bool may_move = false;  ///< the file is not needed any more
};

/// Objects by key: a folder or an S3 bucket. Thread-safe; several processes may use one at a time.
class ObjectStore {
 public:
  virtual ~ObjectStore() = default;
  /// Names the store for messages ("/data/lake", "s3://bucket/prefix"); never holds a secret.
  virtual std::string name() const = 0;
  /// Lists the objects whose key starts with `prefix`, sorted by key. Hidden files (a part that begins
  /// with '.' or '_') are left out. A root or prefix without objects is an empty list.
  /// Errors: kNotFound (the root does not exist), kPermission, kUnavailable, kInterrupted.
  virtual Result<std::vector<ObjectInfo>> list(const std::string& prefix) const = 0;
  /// Lists the same, and tells what is no object though people may expect it to be one. Errors: as list.
  virtual Result<Listing> survey(const std::string& prefix) const;
  /// Errors: kNotFound, kPermission, kUnavailable, kInterrupted.
  virtual Result<ObjectInfo> head(const std::string& key) const = 0;
  /// Returns a local file with the object's content as of `info.etag`: for a folder the object itself,
  /// for a bucket a verified copy in the cache, brought there when it is not.
  /// Errors: kNotFound, kPermission, kUnavailable, kDamaged (it arrives damaged again and again), kFull,
  /// kInterrupted; kBusy when the object has changed since.
  virtual Result<std::filesystem::path> local_copy(const ObjectInfo& info) const = 0;
  /// Brings objects to where local_copy will find them, several at a time, with one progress bar over
  /// their bytes; for a folder nothing. An object that cannot be had (changed, gone, not allowed) is
  /// left to local_copy to report. Errors: kFull, kInterrupted, kUnavailable (the server is gone).
  virtual Result<> prefetch(std::span<const ObjectInfo> objects) const;
  /// Removes the local copies of all objects but `wanted` that nobody asked for within the hour; for a
  /// folder nothing. Who has one open goes on reading it. What cannot be removed stays for the next time.
  virtual void forget_others(std::span<const ObjectInfo> wanted) const;
  /// Stores a file under a key, whole or not at all; a listing leaves it out when its name is hidden. Errors:
  /// kPermission, kFull, kUnavailable, kInterrupted, kBusy (the file changes while it is read), kUsage (a key
  /// that would leave the root).
  virtual Result<> put(const std::filesystem::path& file, const std::string& key) = 0;
  /// Stores a file as `put` does, but only over the object whose ETag is `etag` (nullopt: only when
  /// there is none), and returns what is stored then. Of several who try at once one wins.
  /// Errors: kBusy when the object is not as expected; else as put. A bucket takes at most 5 GB so.
  virtual Result<ObjectInfo> put_if(const std::filesystem::path& file, const std::string& key,
                                    const std::optional<std::string>& etag) = 0;
  /// Stores files as a folder that is not there yet: whoever lists the store (and calls leave_out_incomplete,
  /// drops.hpp) sees all of it or nothing. `owner` names the project that puts: what a process of the same
  /// owner left half done is done again. Of several who try at once one wins.
  /// Errors: kBusy (the folder is there, or somebody else puts it); else as put.
  virtual Result<> put_folder(std::span<const FolderFile> files, const std::string& folder,
                              const std::string& owner);
  /// Removes an object; that there is none is fine. Errors: kPermission, kUnavailable, kInterrupted,
  /// kUsage (as put).
  virtual Result<> remove(const std::string& key) = 0;
};

/// How a store works; what does not apply to its kind is ignored.
struct StoreOptions {
  /// Folder for local copies of a bucket's objects, shared by runs and processes; empty: a private
  /// temporary folder that goes with the store.
  std::filesystem::path cache;
  int parallel = 0;  ///< transfers at a time; 0 = 8
};

/// What a check of a store's rights tries besides putting and removing a small object.
enum class WriteCheck { kPlain, kConditional };

/// Finds out whether objects may be written below a store's root, by one that listings leave out and that
/// is removed again, unless removing is not allowed. kConditional: also whether the store heeds a condition.
/// Errors: as put; kUsage when it does not heed it.
Result<> check_writable(ObjectStore& store, WriteCheck check);

/// Opens a store: a folder's path, or "s3://bucket" or "s3://bucket/prefix". Does not touch it yet.
/// Errors: kUsage (a scheme or bucket name that is not known, a wrong AWS setting).
Result<std::unique_ptr<ObjectStore>> open_store(const std::string& location,
                                                const StoreOptions& options = {});

}  // namespace reelhouse::lake
