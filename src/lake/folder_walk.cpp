#include "lake/folder_walk.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "base/files.hpp"
#include "base/text.hpp"
#include "lake/keys.hpp"

namespace reelhouse::lake {
namespace {

namespace fs = std::filesystem;

int64_t nanoseconds(const timespec& time) {
  return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
}

bool holds_a_file(const fs::path& folder) {
  std::error_code code;
  for (fs::recursive_directory_iterator entry(folder, code), end; !code && entry != end;
       entry.increment(code))
    if (entry->symlink_status(code).type() == fs::file_type::regular) return true;
  return false;
}

/// True for "users.csv" and the like; a delivery's number ("drop=2024-01-31.2") is no ending.
bool is_named_as_file(const std::string& part) {
  const std::string ending = fs::path(part).extension().string();
  return std::ranges::any_of(ending, [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); });
}

bool is_within(const fs::path& path, const fs::path& folder) {
  return std::ranges::mismatch(folder, path).in1 == folder.end();
}

const char* kind_of(mode_t mode) {
  if (S_ISFIFO(mode)) return "is a pipe, no file";
  if (S_ISSOCK(mode)) return "is a socket, no file";
  return "is a device, no file";
}

}  // namespace

ObjectInfo object_info(std::string key, const struct stat& status) {
  ObjectInfo info;
  info.key = std::move(key);
  info.size = static_cast<uint64_t>(status.st_size);
  info.etag = fmt::format("{:x}-{:x}-{:x}-{:x}", status.st_size, nanoseconds(status.st_mtim),
                          nanoseconds(status.st_ctim), status.st_ino);
  info.modified = Time(std::chrono::milliseconds(nanoseconds(status.st_mtim) / 1'000'000));
  return info;
}

Result<Listing> FolderWalk::run() {
  std::string folder;
  RH_ASSIGN(const bool is_there, start(folder));
  if (!is_there) return std::move(listing_);
  RH_TRY(list_folder(folder));
  is_below_link_ = true;
  std::ranges::sort(links_);
  for (size_t i = 0; i < links_.size(); ++i) RH_TRY(follow(std::string(links_[i])));
  std::ranges::sort(listing_.objects, {}, &ObjectInfo::key);
  std::ranges::sort(listing_.left_out, {}, &LeftOut::key);
  return std::move(listing_);
}

/// Finds the folder to begin with, the last that all keys with the prefix share; false when there is none.
Result<bool> FolderWalk::start(std::string& folder) {
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
  std::error_code code;
  real_root_ = fs::canonical(root_, code);
  if (code) return fail(system_error("listing the lake", root_.string(), code.value()));
  const size_t slash = prefix_.rfind('/');
  if (slash == std::string::npos) return true;
  folder = prefix_.substr(0, slash + 1);
  if (!check_key(folder.substr(0, slash)) || is_hidden_key(folder.substr(0, slash))) return false;
  if (::stat((root_ / folder).c_str(), &status) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return false;
    return fail(system_error("listing the folder", (root_ / folder).string(), errno));
  }
  return S_ISDIR(status.st_mode) && is_within(fs::canonical(root_ / folder, code), real_root_);
}

Result<> FolderWalk::list_folder(const std::string& folder) {
  const fs::path path = folder.empty() ? root_ : root_ / folder;
  std::error_code code;
  fs::directory_iterator entries(path, code);
  for (; !code && entries != fs::directory_iterator(); entries.increment(code)) {
    const std::string part = entries->path().filename().string();
    const std::string key = folder + part;
    if (key.starts_with(prefix_) || prefix_.starts_with(key + "/")) RH_TRY(list_entry(key, part));
  }
  if (code) return fail(system_error("listing the folder", path.string(), code.value()));
  return {};
}

Result<> FolderWalk::list_entry(const std::string& key, const std::string& part) {
  if (is_hidden_part(part)) {
    if (is_unfinished_part(part) && holds_a_file(root_ / key)) leave_out(key, std::string(kUnfinishedWork));
    return {};
  }
  struct stat status {};
  if (::lstat((root_ / key).c_str(), &status) != 0)
    return errno == ENOENT ? Result<>{} : fail(system_error("looking up", (root_ / key).string(), errno));
  if (S_ISLNK(status.st_mode)) {
    links_.push_back(key);
    return {};
  }
  return list_found(key, part, status);
}

/// Lists what is no link, or what a link leads to.
Result<> FolderWalk::list_found(const std::string& key, const std::string& part, const struct stat& status) {
  if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) {
    leave_out(key, kind_of(status.st_mode));
    return {};
  }
  if (is_below_link_) {
    const auto [first, is_new] = by_link_.emplace(FileId(status.st_dev, status.st_ino), key);
    if (!is_new) {
      leave_out(key, fmt::format("is what {} is, which is taken", first->second));
      return {};
    }
  }
  if (S_ISREG(status.st_mode)) {
    if (key.starts_with(prefix_)) listing_.objects.push_back(object_info(key, status));
    return {};
  }
  const size_t before = seen();
  RH_TRY(list_folder(key + "/"));
  if (seen() == before && is_named_as_file(part))
    leave_out(key, "is a folder named as a file, and holds none");
  return {};
}

Result<> FolderWalk::follow(const std::string& link) {
  const fs::path path = root_ / link;
  std::error_code code;
  std::error_code ignored;
  const std::string written = one_line(valid_utf8(fs::read_symlink(path, ignored).string()));
  const fs::path target = fs::canonical(path, code);
  struct stat status {};
  if (!code && ::stat(target.c_str(), &status) != 0) code.assign(errno, std::generic_category());
  if (code == std::errc::too_many_symbolic_link_levels) {
    leave_out(link, fmt::format("is a link that leads in a circle (to {})", written), true);
  } else if (code == std::errc::no_such_file_or_directory || code == std::errc::not_a_directory) {
    leave_out(link, fmt::format("is a link that leads nowhere (to {})", written), true);
  } else if (code) {
    leave_out(link, fmt::format("is a link that cannot be followed (to {}): {}", written, code.message()),
              true);
  } else if (!is_within(target, real_root_)) {
    leave_out(
        link,
        fmt::format("is a link that leads out of the lake (to {}); put the files themselves there", written),
        true);
  } else if (is_within(fs::canonical(path.parent_path(), ignored), target)) {
    leave_out(link, "is a link to a folder that it lies in");
  } else if (const std::string key = target.lexically_relative(real_root_).string();
             (key + "/").starts_with(kRaw) && !is_hidden_key(key)) {
    leave_out(link, fmt::format("is a link to {}, which counts there", key));
  } else {
    return list_found(link, path.filename().string(), status);
  }
  return {};
}

void FolderWalk::leave_out(const std::string& key, std::string reason, bool is_refused) {
  if (key.starts_with(prefix_)) listing_.left_out.push_back({key, std::move(reason), is_refused});
}

}  // namespace reelhouse::lake
