#include "lake/local_store.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "base/files.hpp"
#include "lake/arriving_folder.hpp"
#include "lake/folder_walk.hpp"
#include "lake/keys.hpp"

namespace reelhouse::lake {
namespace {

namespace fs = std::filesystem;
/// Holds a folder's flock, so that comparing and replacing an object in it is one step for all of us.
class FolderLock {
 public:
  explicit FolderLock(const fs::path& folder)
      : descriptor_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    if (descriptor_ < 0) {
      reason_ = errno;
      return;
    }
    while (::flock(descriptor_, LOCK_EX) != 0) {
      reason_ = errno;
      if (reason_ != EINTR) return;
    }
    held_ = true;
  }
  ~FolderLock() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  bool held() const { return held_; }
  int reason() const { return reason_; }

 private:
  int descriptor_;
  int reason_ = 0;
  bool held_ = false;
};

/// A folder of files; keys are paths relative to it.
class LocalStore final : public ObjectStore {
 public:
  explicit LocalStore(fs::path root) : root_(std::move(root)) {}

  std::string name() const override { return root_.string(); }

  Result<std::vector<ObjectInfo>> list(const std::string& prefix) const override {
    RH_ASSIGN(auto found, survey(prefix));
    return std::move(found.objects);
  }

  Result<Listing> survey(const std::string& prefix) const override { return FolderWalk(root_, prefix).run(); }

  Result<ObjectInfo> head(const std::string& key) const override {
    RH_TRY(check_key(key));
    struct stat status {};
    const fs::path path = root_ / key;
    if (::stat(path.c_str(), &status) != 0) {
      Error error = system_error("looking up the object", path.string(), errno);
      error.where = key;
      return fail(std::move(error));
    }
    if (!S_ISREG(status.st_mode))
      return fail(ErrorKind::kNotFound, "looking up the object: it is not a regular file", "", key);
    return object_info(key, status);
  }

  Result<fs::path> local_copy(const ObjectInfo& info) const override {
    RH_ASSIGN(const ObjectInfo now, head(info.key));
    if (now.etag != info.etag)
      return fail(ErrorKind::kBusy, "the object was written after it was listed",
                  "Crawl again when nobody writes to the lake.", info.key);
    const fs::path path = root_ / info.key;
    if (::access(path.c_str(), R_OK) != 0) {
      Error error = system_error("reading the object", path.string(), errno);
      error.where = info.key;
      return fail(std::move(error));
    }
    return path;
  }

  Result<> put(const fs::path& file, const std::string& key) override {
    RH_ASSIGN(const Staged staged, stage(file, key));
    const FolderLock lock(staged.target.parent_path());
    return rename_durably(staged.temporary, staged.target);
  }

  Result<ObjectInfo> put_if(const fs::path& file, const std::string& key,
                            const std::optional<std::string>& etag) override {
    RH_ASSIGN(const Staged staged, stage(file, key));
    const FolderLock lock(staged.target.parent_path());
    if (!lock.held())
      return fail(system_error("locking the folder", staged.target.parent_path().string(), lock.reason()));
    if (etag) {
      const auto now = head(key);
      if (!now && now.error().kind != ErrorKind::kNotFound) return fail(now.error());
      if (!now || now->etag != *etag)
        return fail(ErrorKind::kBusy,
                    now ? "somebody else has written the object meanwhile" : "the object is gone meanwhile",
                    "Read it again, then decide anew.", key);
      RH_TRY(rename_durably(staged.temporary, staged.target));
    } else {
      RH_TRY(place_new(staged, key));
    }
    return head(key);
  }

  Result<> put_folder(std::span<const FolderFile> files, const std::string& folder,
                      const std::string&) override {
    RH_TRY(check_key(folder));
    for (const auto& file : files) RH_TRY(check_key(file.name));
    const fs::path target = root_ / folder;
    RH_TRY(make_folders(target.parent_path()));
    RH_ASSIGN(ArrivingFolder arriving, ArrivingFolder::make(target.parent_path()));
    for (const auto& file : files) RH_TRY(arriving.add(file));
    return arriving.arrive(target);
  }

  Result<> remove(const std::string& key) override {
    RH_TRY(check_key(key));
    const fs::path target = root_ / key;
    if (::unlink(target.c_str()) != 0) {
      if (errno == ENOENT || errno == ENOTDIR) return {};
      if (errno == EISDIR)
        return fail(ErrorKind::kUsage, "the key names a folder of the lake", "Name one object.", key);
      return fail(system_error("removing the object", target.string(), errno));
    }
    return sync_to_disk(target.parent_path());
  }

 private:
  /// A file's content beside the place where it will be; gone with this unless it was renamed.
  struct Staged {
    fs::path target;
    std::string temporary;

    Staged(fs::path to, std::string from) : target(std::move(to)), temporary(std::move(from)) {}
    Staged(Staged&& other) noexcept
        : target(std::move(other.target)), temporary(std::exchange(other.temporary, {})) {}
    Staged& operator=(Staged&&) = delete;
    ~Staged() {
      if (!temporary.empty()) ::unlink(temporary.c_str());
    }
  };

  Result<Staged> stage(const fs::path& file, const std::string& key) const {
    RH_TRY(check_key(key));
    const fs::path target = root_ / key;
    RH_TRY(make_folders(target.parent_path()));
    std::error_code code;
    if (fs::is_directory(target, code))
      return fail(ErrorKind::kUsage, "the key names a folder of the lake",
                  "Add the object's own name to the key.", key);
    std::string temporary = (target.parent_path() / ".put-XXXXXX").string();
    const int descriptor = ::mkostemp(temporary.data(), O_CLOEXEC);
    if (descriptor < 0) return fail(system_error("writing the object", target.string(), errno));
    Staged staged(target, temporary);
    (void)::fchmod(descriptor, 0644);
    Result<> outcome = copy_content(file, descriptor, target.string());
    if (::close(descriptor) != 0 && outcome)
      outcome = fail(system_error("writing the object", target.string(), errno));
    if (!outcome) return fail(outcome.error());
    return staged;
  }

  /// Gives the content its name unless that is taken; a hard link does so in one step. Where links are
  /// not known the folder's lock stands in.
  static Result<> place_new(const Staged& staged, const std::string& key) {
    if (::link(staged.temporary.c_str(), staged.target.c_str()) == 0) {
      ::unlink(staged.temporary.c_str());  // now: losing a name changes a file's token
      return sync_to_disk(staged.target.parent_path());
    }
    struct stat status {};
    const int reason = errno;
    if (reason == EEXIST || ::lstat(staged.target.c_str(), &status) == 0)
      return fail(ErrorKind::kBusy, "somebody else has written the object meanwhile",
                  "Read it, then decide anew.", key);
    if (reason != EPERM && reason != EOPNOTSUPP && reason != EMLINK)
      return fail(system_error("writing the object", staged.target.string(), reason));
    return rename_durably(staged.temporary, staged.target);
  }

  fs::path root_;
};

}  // namespace

std::unique_ptr<ObjectStore> make_local_store(fs::path root) {
  return std::make_unique<LocalStore>(std::move(root));
}

}  // namespace reelhouse::lake
