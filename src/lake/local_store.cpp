#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "base/files.hpp"
#include "lake/object_store.hpp"

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

bool is_hidden(std::string_view part) {
  return part.starts_with('.') || part.starts_with('_');
}

/// Refuses keys that name nothing below the root.
Result<> check_key(const std::string& key) {
  const char* hint = "A key is a relative path with '/' between its parts, such as raw/sales/a.csv.";
  if (key.empty()) return fail(ErrorKind::kUsage, "an object's key is empty", hint);
  if (key.find('\0') != std::string::npos)
    return fail(ErrorKind::kUsage, "an object's key holds a NUL character", hint);
  size_t begin = 0;
  while (begin <= key.size()) {
    const size_t end = std::min(key.find('/', begin), key.size());
    const std::string_view part(key.data() + begin, end - begin);
    if (part.empty())
      return fail(ErrorKind::kUsage, "the key has an empty part or begins or ends with '/'", hint, key);
    if (part == "." || part == "..")
      return fail(ErrorKind::kUsage, "the key would leave the lake's folder", hint, key);
    begin = end + 1;
  }
  return {};
}

Result<> copy_content(const fs::path& from, int to, const std::string& to_name) {
  const int source = ::open(from.c_str(), O_RDONLY | O_CLOEXEC);
  if (source < 0) return fail(system_error("reading the file to put", from.string(), errno));
  std::string buffer(1 << 20, '\0');
  Result<> outcome;
  while (outcome) {
    const ssize_t got = ::read(source, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) outcome = fail(system_error("reading the file to put", from.string(), errno));
    if (got <= 0) break;
    for (ssize_t done = 0; done < got;) {
      const ssize_t put = ::write(to, buffer.data() + done, static_cast<size_t>(got - done));
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) {
        outcome = fail(system_error("writing the object", to_name, errno));
        break;
      }
      done += put;
    }
  }
  ::close(source);
  if (outcome && ::fsync(to) != 0) outcome = fail(system_error("syncing the object", to_name, errno));
  return outcome;
}

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
        if (is_hidden(part.string())) return found;
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
    RH_TRY(check_key(key));
    for (const auto& part : fs::path(key))
      if (is_hidden(part.string()))
        return fail(ErrorKind::kUsage, "names that begin with '.' or '_' are hidden in a lake",
                    "Choose another key.", key);
    const fs::path target = root_ / key;
    RH_TRY(make_folders(target.parent_path()));
    std::error_code code;
    if (fs::is_directory(target, code))
      return fail(ErrorKind::kUsage, "the key names a folder of the lake",
                  "Add the object's own name to the key.", key);
    std::string temporary = (target.parent_path() / ".put-XXXXXX").string();
    const int descriptor = ::mkostemp(temporary.data(), O_CLOEXEC);
    if (descriptor < 0) return fail(system_error("writing the object", target.string(), errno));
    (void)::fchmod(descriptor, 0644);
    Result<> outcome = copy_content(file, descriptor, target.string());
    if (::close(descriptor) != 0 && outcome)
      outcome = fail(system_error("writing the object", target.string(), errno));
    if (outcome) outcome = rename_durably(temporary, target);
    if (!outcome) ::unlink(temporary.c_str());
    return outcome;
  }

 private:
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
      if (is_hidden(part) || !leads_there) continue;
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

Result<std::unique_ptr<ObjectStore>> open_store(const std::string& location) {
  if (location.empty())
    return fail(ErrorKind::kUsage, "the lake's location is empty", "Name a folder with --lake.");
  std::string path = location;
  if (path.starts_with("file://")) path = path.substr(7);
  const size_t scheme = path.find("://");
  if (scheme != std::string::npos)
    return fail(ErrorKind::kUsage, fmt::format("lakes at '{}://' are not known", path.substr(0, scheme)),
                "Name a folder's path.", location);
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return std::make_unique<LocalStore>(path);
}

}  // namespace reelhouse::lake
