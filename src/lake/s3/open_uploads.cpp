#include "lake/s3/open_uploads.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <utility>

#include "base/files.hpp"
#include "base/json.hpp"

namespace reelhouse::lake::s3 {
namespace {

namespace fs = std::filesystem;

/// A note that cannot be read may be about to be written.
constexpr auto kYoung = std::chrono::hours(1);

bool is_young(const fs::path& file) {
  std::error_code code;
  const auto written = fs::last_write_time(file, code);
  return !code && fs::file_time_type::clock::now() - written < kYoung;
}

bool is_unlinked(int descriptor) {
  struct stat status {};
  return ::fstat(descriptor, &status) != 0 || status.st_nlink == 0;
}

}  // namespace

UploadNote::UploadNote(UploadNote&& other) noexcept
    : file_(std::move(other.file_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

UploadNote& UploadNote::operator=(UploadNote&& other) noexcept {
  std::swap(file_, other.file_);
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

UploadNote::~UploadNote() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void UploadNote::write(const std::string& place, const std::string& key, const std::string& id) const {
  if (descriptor_ < 0) return;
  const std::string text =
      Json{{"place", place}, {"key", key}, {"id", id}}.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (::pwrite(descriptor_, text.data(), text.size(), 0) < 0) return;
  (void)::ftruncate(descriptor_, static_cast<off_t>(text.size()));
}

void UploadNote::forget() {
  if (descriptor_ < 0) return;
  ::unlink(file_.c_str());
  ::close(std::exchange(descriptor_, -1));
}

UploadNote OpenUploads::begin() const {
  if (folder_.empty() || !make_folders(folder_)) return {};
  while (true) {
    std::string name = (folder_ / "XXXXXX").string();
    const int descriptor = ::mkostemp(name.data(), O_CLOEXEC);
    if (descriptor < 0) return {};
    UploadNote note(name, descriptor);
    if (::flock(descriptor, LOCK_EX) == 0 && !is_unlinked(descriptor)) return note;
  }
}

OpenUploads::Found OpenUploads::look(const std::string& place) const {
  Found found;
  if (folder_.empty()) return found;
  std::error_code code;
  for (fs::directory_iterator at(folder_, code), end; !code && at != end; at.increment(code)) {
    const int descriptor = ::open(at->path().c_str(), O_RDWR | O_CLOEXEC);
    if (descriptor < 0) continue;
    UploadNote note(at->path(), descriptor);
    const bool is_left = ::flock(descriptor, LOCK_EX | LOCK_NB) == 0;
    if (is_unlinked(descriptor)) continue;
    const Json json = Json::parse(read_file(at->path()).value_or(""), nullptr, false);
    if (!json.is_object()) {
      if (is_left && !is_young(at->path())) note.forget();
      continue;
    }
    if (json.value("place", "") != place) continue;
    const std::string key = json.value("key", "");
    if (is_left)
      found.left.push_back({key, json.value("id", ""), std::move(note)});
    else
      found.alive.insert(key);
  }
  return found;
}

}  // namespace reelhouse::lake::s3
