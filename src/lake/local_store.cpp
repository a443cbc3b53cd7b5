#include "lake/local_store.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "base/files.hpp"
#include "lake/arriving_folder.hpp"
#include "lake/keys.hpp"

namespace reelhouse::lake {
namespace {

namespace fs = std::filesystem;
using FileId = std::pair<dev_t, ino_t>;

int64_t nanoseconds(const timespec& time) {
  return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
}

ObjectInfo info_from(std::string key, const struct stat& status) {
  ObjectInfo info;
  info.key = std::move(key);
  info.size = static_cast<uint64_t>(status.st_size);
  info.etag = fmt::format("{:x}-{:x}-{:x}-{:x}", status.st_size, nanoseconds(status.st_mtim),
                          nanoseconds(status.st_ctim), status.st_ino);
  info.modified = Time(std::chrono::milliseconds(nanoseconds(status.st_mtim) / 1'000'000));
  return info;
}

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
    struct stat status {};
    if (::stat(root_.c_str(), &status) != 0) {
      Error error = system_error("listing the lake", root_.string(), errno);
      if (error.kind == ErrorKind::kNotFound)
        error.hint = "The lake's folder does not exist. Make it, or name another with --lake.";
      return fail(std::move(error));
    }
    if (!S_ISDIR(status.st_mode))
      return fail(ErrorKind::kNotFound, "listing the lake: it is a file, not a folder",
                  "Name the folder that holds raw/ with --lake.", root_.string());
    std::vector<ObjectInfo> found;
    std::vector<FileId> above;
    const size_t slash = prefix.rfind('/');
    const std::string folder = slash == std::string::npos ? "" : prefix.substr(0, slash + 1);
    if (!folder.empty()) {
      if (!check_key(folder.substr(0, slash))) return found;
      for (const auto& part : fs::path(folder))
        if (is_hidden_part(part.string())) return found;
      if (::stat((root_ / folder).c_str(), &status) != 0) {
        if (errno == ENOENT || errno == ENOTDIR) return found;
        return fail(system_error("listing the folder", (root_ / folder).string(), errno));
      }
      if (!S_ISDIR(status.st_mode)) return found;
    }
    above.emplace_back(status.st_dev, status.st_ino);
    RH_TRY(list_folder(folder, prefix, above, found));
    std::sort(found.begin(), found.end(),
              [](const ObjectInfo& a, const ObjectInfo& b) { return a.key < b.key; });
    return found;
  }

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
    return info_from(key, status);
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

  /// Adds the objects of one folder; `above` are the folders on the way to it, to see a link that
  /// leads back to one of them.
  Result<> list_folder(const std::string& folder, const std::string& prefix, std::vector<FileId>& above,
                       std::vector<ObjectInfo>& found) const {
    const fs::path path = folder.empty() ? root_ : root_ / folder;
    std::error_code code;
    fs::directory_iterator entries(path, code);
    for (; !code && entries != fs::directory_iterator(); entries.increment(code)) {
      const std::string part = entries->path().filename().string();
      const std::string key = folder + part;
      const bool leads_there = key.starts_with(prefix) || prefix.starts_with(key + "/");
      if (is_hidden_part(part) || !leads_there) continue;
      RH_TRY(list_entry(entries->path(), key, prefix, above, found));
    }
    if (code) return fail(system_error("listing the folder", path.string(), code.value()));
    return {};
  }

  Result<> list_entry(const fs::path& path, const std::string& key, const std::string& prefix,
                      std::vector<FileId>& above, std::vector<ObjectInfo>& found) const {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) {
      const int reason = errno;
      if (::lstat(path.c_str(), &status) != 0)
        return errno == ENOENT ? Result<>{} : fail(system_error("looking up", path.string(), errno));
      if (!S_ISLNK(status.st_mode))
        return reason == ENOENT ? Result<>{} : fail(system_error("looking up", path.string(), reason));
      if (key.starts_with(prefix)) found.push_back(info_from(key, status));
      return {};
    }
    if (S_ISREG(status.st_mode)) {
      if (key.starts_with(prefix)) found.push_back(info_from(key, status));
      return {};
    }
    if (!S_ISDIR(status.st_mode)) return {};
    const FileId id(status.st_dev, status.st_ino);
    if (std::find(above.begin(), above.end(), id) != above.end()) return {};
    above.push_back(id);
    RH_TRY(list_folder(key + "/", prefix, above, found));
    above.pop_back();
    return {};
  }

  fs::path root_;
};

}  // namespace

std::unique_ptr<ObjectStore> make_local_store(fs::path root) {
  return std::make_unique<LocalStore>(std::move(root));
}

}  // namespace reelhouse::lake
