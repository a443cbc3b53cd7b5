#include "lake/s3/cache.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <utility>

#include "base/files.hpp"
#include "base/hash.hpp"

namespace reelhouse::lake::s3 {
namespace {

namespace fs = std::filesystem;

/// What is older and of no use is removed: copies of other versions of an object, files that nobody
/// fills any more.
constexpr auto kOld = std::chrono::hours(24);
constexpr auto kUnused = std::chrono::hours(1);
constexpr size_t kShelfName = 2;  ///< the first digits of an object's hash

bool is_old(const fs::path& file) {
  std::error_code code;
  const auto written = fs::last_write_time(file, code);
  return !code && fs::file_time_type::clock::now() - written > kOld;
}

/// Notes that somebody wants a copy: who asks for its path opens it a moment later.
void mark_used(const fs::path& place) {
  const std::array<timespec, 2> times{timespec{0, UTIME_NOW}, timespec{0, UTIME_OMIT}};
  (void)::utimensat(AT_FDCWD, place.c_str(), times.data(), 0);
}

bool is_unused(const fs::path& place) {
  struct stat status {};
  if (::stat(place.c_str(), &status) != 0) return false;
  const auto used = std::chrono::system_clock::from_time_t(std::max(status.st_atime, status.st_mtime));
  return std::chrono::system_clock::now() - used > kUnused;
}

/// Removes a half-filled file whose process is gone: it holds no lock any more.
void remove_if_left(const fs::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return;
  if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) ::unlink(file.c_str());
  ::close(descriptor);
}

/// Calls `act` for the files in a folder, if it can be read.
template <typename Act>
void for_each_file(const fs::path& folder, Act act) {
  std::error_code code;
  for (fs::directory_iterator at(folder, code); !code && at != fs::directory_iterator(); at.increment(code))
    act(at->path());
}

bool is_whole(const fs::path& place, uint64_t size) {
  struct stat status {};
  return ::stat(place.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         static_cast<uint64_t>(status.st_size) == size;
}

}  // namespace

Cache::~Cache() {
  std::error_code code;
  if (is_private_ && is_open_) fs::remove_all(folder_, code);
}

fs::path Cache::place_of(const std::string& bucket, const ObjectInfo& info) const {
  const std::string object = sha256(bucket + '\0' + info.key);
  return folder_ / "s3" / object.substr(0, kShelfName) / object.substr(kShelfName) /
         sha256(info.etag).substr(0, 32);
}

Result<> Cache::open_folder() {
  if (is_open_) return {};
  if (is_private_) {
    std::error_code code;
    fs::path temporary = fs::temp_directory_path(code);
    std::string pattern = (code ? "/tmp" : temporary / "reelhouse-cache-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr)
      return fail(system_error("making a folder for copies of objects", pattern, errno));
    folder_ = pattern;
  }
  RH_TRY(make_folders(folder_ / "s3" / "partial"));
  for_each_file(folder_ / "s3" / "partial", remove_if_left);
  is_open_ = true;
  return {};
}

std::optional<fs::path> Cache::find(const std::string& bucket, const ObjectInfo& info) {
  const std::lock_guard lock(mutex_);
  if (is_private_ && !is_open_) return std::nullopt;
  fs::path place = place_of(bucket, info);
  if (!is_whole(place, info.size)) return std::nullopt;
  mark_used(place);
  return place;
}

void Cache::forget_others(const std::string& bucket, const std::vector<ObjectInfo>& wanted) {
  const std::lock_guard lock(mutex_);
  if (is_private_) return;
  std::set<fs::path> keep = filling_;
  for (const auto& info : wanted) keep.insert(place_of(bucket, info));
  for_each_file(folder_ / "s3", [&](const fs::path& shelf) {
    if (shelf.filename().string().size() != kShelfName) return;
    for_each_file(shelf, [&](const fs::path& object) {
      for_each_file(object, [&](const fs::path& copy) {
        std::error_code code;
        if (!keep.contains(copy) && is_unused(copy)) fs::remove(copy, code);
      });
      ::rmdir(object.c_str());  // when it is empty
    });
  });
}

Result<fs::path> Cache::get(const std::string& bucket, const ObjectInfo& info, const Fill& fill) {
  std::unique_lock lock(mutex_);
  RH_TRY(open_folder());
  const fs::path place = place_of(bucket, info);
  ready_.wait(lock, [&] { return !filling_.contains(place); });
  if (is_whole(place, info.size)) {
    mark_used(place);
    return place;
  }
  filling_.insert(place);
  lock.unlock();
  auto made = make(place, fill);
  lock.lock();
  filling_.erase(place);
  ready_.notify_all();
  return made;
}

Result<fs::path> Cache::make(const fs::path& place, const Fill& fill) {
  std::string name;
  int descriptor = -1;
  while (descriptor < 0) {
    name = (folder_ / "s3" / "partial" / "XXXXXX").string();
    descriptor = ::mkostemp(name.data(), O_CLOEXEC);
    if (descriptor < 0) return fail(system_error("writing a copy of an object", name, errno));
    (void)::flock(descriptor, LOCK_EX);  // says that somebody fills it
    struct stat status {};
    if (::fstat(descriptor, &status) != 0 || status.st_nlink > 0) break;
    ::close(std::exchange(descriptor, -1));  // taken for a dead process's before it was locked
  }
  Result<> filled = fill(descriptor, name);
  if (filled) filled = make_folders(place.parent_path());
  if (filled && ::rename(name.c_str(), place.c_str()) != 0)
    filled = fail(system_error("keeping a copy of an object", place.string(), errno));
  if (!filled) ::unlink(name.c_str());
  if (::close(descriptor) != 0 && filled)
    filled = fail(system_error("writing a copy of an object", place.string(), errno));
  if (!filled) return fail(std::move(filled).error());
  for_each_file(place.parent_path(), [&](const fs::path& other) {
    std::error_code code;
    if (other != place && is_old(other)) fs::remove(other, code);
  });
  return place;
}

}  // namespace reelhouse::lake::s3
