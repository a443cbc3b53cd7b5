#include "base/files.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <sstream>

namespace reelhouse {
namespace {

namespace fs = std::filesystem;

/// Closes a descriptor at the end of a scope.
struct Descriptor {
  int number;
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
};

Result<> write_all(int descriptor, std::string_view content, const fs::path& path) {
  while (!content.empty()) {
    const ssize_t written = ::write(descriptor, content.data(), content.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return fail(system_error("writing", path.string(), errno));
    }
    content.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

}  // namespace

Result<std::string> read_file(const fs::path& path) {
  std::error_code code;
  if (fs::is_directory(path, code))
    return fail(ErrorKind::kNotFound, "reading: it is a folder, not a file", "", path.string());
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(system_error("reading", path.string(), errno ? errno : ENOENT));
  std::ostringstream text;
  text << in.rdbuf();
  if (in.bad()) return fail(system_error("reading", path.string(), errno ? errno : EIO));
  return std::move(text).str();
}

Result<> make_folders(const fs::path& path) {
  std::error_code code;
  fs::create_directories(path, code);
  if (code) return fail(system_error("making the folder", path.string(), code.value()));
  return {};
}

Result<> sync_to_disk(const fs::path& path) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.number < 0) return fail(system_error("opening to sync", path.string(), errno));
  if (::fsync(file.number) != 0) return fail(system_error("syncing", path.string(), errno));
  return {};
}

Result<> rename_durably(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0)
    return fail(system_error("renaming " + from.string() + " to", to.string(), errno));
  const fs::path folder = to.has_parent_path() ? to.parent_path() : fs::path(".");
  return sync_to_disk(folder);
}

Result<> write_file_atomically(const fs::path& path, std::string_view content) {
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  RH_TRY(make_folders(folder));
  std::string temporary = (folder / ("." + path.filename().string() + ".XXXXXX")).string();
  {
    const Descriptor file{::mkostemp(temporary.data(), O_CLOEXEC)};
    if (file.number < 0) return fail(system_error("writing beside", path.string(), errno));
    (void)::fchmod(file.number, 0644);
    auto written = write_all(file.number, content, path);
    if (written && ::fsync(file.number) != 0) written = fail(system_error("syncing", path.string(), errno));
    if (!written) {
      ::unlink(temporary.c_str());
      return written;
    }
  }
  auto renamed = rename_durably(temporary, path);
  if (!renamed) ::unlink(temporary.c_str());
  return renamed;
}

Result<FileLock> FileLock::take(const fs::path& path, std::string_view what_for) {
  if (path.has_parent_path()) RH_TRY(make_folders(path.parent_path()));
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0) return fail(system_error("opening the lock", path.string(), errno));
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    std::string holder = read_file(path).value_or("");
    ::close(descriptor);
    return fail(ErrorKind::kBusy,
                fmt::format("another process ({}) is {}", holder.empty() ? "unknown" : holder, what_for),
                "Wait until it ends, or stop it, then try again.", path.string());
  }
  FileLock lock(descriptor);
  if (::ftruncate(descriptor, 0) != 0) return fail(system_error("writing the lock", path.string(), errno));
  RH_TRY(write_all(descriptor, "process " + std::to_string(::getpid()), path));
  return lock;
}

FileLock::FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

FileLock::~FileLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace reelhouse
