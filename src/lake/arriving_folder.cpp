#include "lake/arriving_folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <set>
#include <utility>

#include "base/files.hpp"

namespace reelhouse::lake {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPrefix = ".arriving-";

/// Opens a folder and takes its flock; -1 when somebody else has it.
int lock_folder(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor >= 0 && ::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return descriptor;
  if (descriptor >= 0) ::close(descriptor);
  return -1;
}

/// Removes what processes that died have left below a folder.
void remove_left(const fs::path& parent) {
  std::error_code code;
  for (fs::directory_iterator entry(parent, code), end; !code && entry != end; entry.increment(code)) {
    if (!entry->path().filename().string().starts_with(kPrefix)) continue;
    const int descriptor = lock_folder(entry->path());
    if (descriptor < 0) continue;
    std::error_code ignored;
    fs::remove_all(entry->path(), ignored);
    ::close(descriptor);
  }
}

}  // namespace

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

Result<ArrivingFolder> ArrivingFolder::make(const fs::path& parent) {
  remove_left(parent);
  std::string path = (parent / (std::string(kPrefix) + "XXXXXX")).string();
  if (::mkdtemp(path.data()) == nullptr)
    return fail(system_error("making a folder for a delivery", parent.string(), errno));
  ArrivingFolder folder(path, lock_folder(path));
  if (folder.descriptor_ < 0)
    return fail(ErrorKind::kBusy, "somebody else took the folder of a delivery", "Try again.", path);
  (void)::chmod(path.c_str(), 0755);
  return folder;
}

ArrivingFolder::ArrivingFolder(ArrivingFolder&& other) noexcept
    : path_(std::exchange(other.path_, {})),
      descriptor_(std::exchange(other.descriptor_, -1)),
      moved_(std::exchange(other.moved_, {})) {}

ArrivingFolder::~ArrivingFolder() {
  if (!path_.empty()) {
    for (const auto& [from, to] : moved_) (void)::rename(to.c_str(), from.c_str());
    std::error_code code;
    fs::remove_all(path_, code);
  }
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<> ArrivingFolder::add(const FolderFile& file) {
  const fs::path to = path_ / file.name;
  RH_TRY(make_folders(to.parent_path()));
  if (file.may_move && ::rename(file.file.c_str(), to.c_str()) == 0) {
    moved_.emplace_back(file.file, to);
    return {};
  }
  const int descriptor = ::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (descriptor < 0) return fail(system_error("writing the object", to.string(), errno));
  auto outcome = copy_content(file.file, descriptor, to.string());
  if (::close(descriptor) != 0 && outcome)
    outcome = fail(system_error("writing the object", to.string(), errno));
  return outcome;
}

Result<> ArrivingFolder::arrive(const fs::path& target) {
  std::set<fs::path> folders = {path_};
  std::error_code code;
  for (fs::recursive_directory_iterator entry(path_, code), end; !code && entry != end; entry.increment(code))
    if (entry->is_directory(code)) folders.insert(entry->path());
  for (const auto& folder : folders) RH_TRY(sync_to_disk(folder));
  if (::rename(path_.c_str(), target.c_str()) != 0) {
    if (errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR)
      return fail(ErrorKind::kBusy, "there is a delivery of that name", "Choose another name.",
                  target.string());
    return fail(system_error("letting the delivery arrive as", target.string(), errno));
  }
  path_.clear();
  moved_.clear();
  return sync_to_disk(target.parent_path());
}

}  // namespace reelhouse::lake
