#include "lake/fetch/unpack.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <locale.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <set>

#include "base/files.hpp"
#include "base/interrupt.hpp"
#include "lake/keys.hpp"

namespace reelhouse::lake {
namespace {

namespace fs = std::filesystem;

constexpr size_t kBlock = 1 << 16;
constexpr size_t kShownNames = 5;

struct Close {
  void operator()(archive* opened) const { archive_read_free(opened); }
};

/// Lets this thread read names as UTF-8, whatever the user's locale is: libarchive goes by that.
class Utf8Names {
 public:
  Utf8Names() : locale_(::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {
    if (locale_ != nullptr) before_ = ::uselocale(locale_);
  }
  ~Utf8Names() {
    if (locale_ == nullptr) return;
    ::uselocale(before_);
    ::freelocale(locale_);
  }
  Utf8Names(const Utf8Names&) = delete;
  Utf8Names& operator=(const Utf8Names&) = delete;

 private:
  locale_t locale_;
  locale_t before_ = nullptr;
};

bool matches(const std::vector<std::string>& globs, const std::string& name) {
  const std::string file = name.substr(name.rfind('/') + 1);
  return globs.empty() || std::ranges::any_of(globs, [&](const std::string& glob) {
           return ::fnmatch(glob.c_str(), name.c_str(), FNM_CASEFOLD) == 0 ||
                  ::fnmatch(glob.c_str(), file.c_str(), FNM_CASEFOLD) == 0;
         });
}

/// Unpacks one archive; the state that one member hands to the next.
class Unpacking {
 public:
  Unpacking(const fs::path& path, const std::vector<std::string>& globs, const fs::path& into,
            const UnpackLimits& limits)
      : globs_(globs), into_(into), limits_(limits), archive_(archive_read_new()) {
    std::error_code code;
    const uint64_t packed = fs::file_size(path, code);
    most_ = std::max(limits.least, (code ? 0 : packed) * limits.ratio);
    archive_read_support_format_zip_seekable(archive_.get());
    opened_ = archive_read_open_filename(archive_.get(), path.c_str(), kBlock) == ARCHIVE_OK;
  }

  Result<std::vector<Member>> run() {
    if (!opened_) return damaged("it is no zip archive, or one that was cut off");
    archive_entry* entry = nullptr;
    for (size_t count = 0;; ++count) {
      if (interrupted()) return fail(ErrorKind::kInterrupted, "the unpacking was interrupted");
      const int code = archive_read_next_header(archive_.get(), &entry);
      if (code == ARCHIVE_EOF) break;
      if (code != ARCHIVE_OK && code != ARCHIVE_WARN) return damaged(reason());
      if (count >= limits_.entries)
        return damaged(fmt::format("it has more than {} members", limits_.entries));
      RH_TRY(take(entry));
    }
    if (!members_.empty()) return std::move(members_);
    return damaged(seen_.empty() ? "it holds no files"
                                 : fmt::format("none of its members matches {}; it holds {}",
                                               fmt::join(globs_, ", "), fmt::join(seen_, ", ")));
  }

 private:
  tl::unexpected<Error> damaged(const std::string& why) const {
    return fail(ErrorKind::kDamaged, "unpacking the archive: " + why, "Look at the archive with unzip -l.");
  }

  std::string reason() const {
    const char* text = archive_error_string(archive_.get());
    return text == nullptr ? "it is damaged" : text;
  }

  /// A path below a folder, with '/' between parts; else why it is none.
  Result<> check_name(const std::string& name) const {
    const bool leads_out = !check_key(name) || name.find('\\') != std::string::npos || name.find(':') == 1;
    if (leads_out) return damaged(fmt::format("the path of a member leads out of the archive: '{}'", name));
    return {};
  }

  Result<> take(archive_entry* entry) {
    const char* utf8 = archive_entry_pathname_utf8(entry);
    const char* raw = utf8 == nullptr ? archive_entry_pathname(entry) : utf8;
    if (raw == nullptr) return damaged("the name of a member cannot be read");
    std::string name = raw;
    while (name.starts_with("./")) name.erase(0, 2);
    if (archive_entry_filetype(entry) == AE_IFDIR || name.empty() || name.ends_with('/')) return {};
    if (seen_.size() < kShownNames && !is_hidden_key(name)) seen_.push_back(name);
    if (!matches(globs_, name)) return {};
    RH_TRY(check_name(name));
    if (is_hidden_key(name)) return {};
    if (archive_entry_filetype(entry) != AE_IFREG) return damaged(fmt::format("'{}' is no plain file", name));
    if (archive_entry_is_encrypted(entry) != 0) return damaged(fmt::format("'{}' is encrypted", name));
    if (!names_.insert(name).second) return damaged(fmt::format("it has two members '{}'", name));
    const int64_t announced = archive_entry_size_is_set(entry) != 0 ? archive_entry_size(entry) : 0;
    RH_TRY(check_size(static_cast<uint64_t>(std::max<int64_t>(announced, 0))));
    return write(name);
  }

  Result<> check_size(uint64_t more) const {
    if (total_ + more <= most_) return {};
    return damaged(fmt::format(
        "it would unpack to more than {} bytes, which no honest archive of its size does", most_));
  }

  Result<> write(const std::string& name) {
    Member member{into_ / name, name, 0};
    RH_TRY(make_folders(member.file.parent_path()));
    const int descriptor = ::open(member.file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (descriptor < 0) return fail(system_error("unpacking", member.file.string(), errno));
    auto outcome = copy(descriptor, member);
    if (outcome && ::fsync(descriptor) != 0)
      outcome = fail(system_error("unpacking", member.file.string(), errno));
    ::close(descriptor);
    RH_TRY(std::move(outcome));
    members_.push_back(std::move(member));
    return {};
  }

  Result<> copy(int descriptor, Member& member) {
    std::vector<std::byte> buffer(kBlock);
    while (true) {
      if (interrupted()) return fail(ErrorKind::kInterrupted, "the unpacking was interrupted");
      const la_ssize_t got = archive_read_data(archive_.get(), buffer.data(), buffer.size());
      if (got < 0) return damaged(fmt::format("'{}': {}", member.name, reason()));
      if (got == 0) return {};
      RH_TRY(check_size(static_cast<uint64_t>(got)));
      for (la_ssize_t done = 0; done < got;) {
        const ssize_t put = ::write(descriptor, buffer.data() + done, static_cast<size_t>(got - done));
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return fail(system_error("unpacking", member.file.string(), errno));
        done += put;
      }
      total_ += static_cast<uint64_t>(got);
      member.bytes += static_cast<uint64_t>(got);
    }
  }

  const std::vector<std::string>& globs_;
  const fs::path& into_;
  const UnpackLimits& limits_;
  std::unique_ptr<archive, Close> archive_;
  bool opened_ = false;
  uint64_t most_ = 0;
  uint64_t total_ = 0;
  std::vector<std::string> seen_;
  std::set<std::string> names_;
  std::vector<Member> members_;
};

}  // namespace

Result<std::vector<Member>> unpack_zip(const fs::path& archive, const std::vector<std::string>& globs,
                                       const fs::path& into, const UnpackLimits& limits) {
  const Utf8Names names;
  auto members = Unpacking(archive, globs, into, limits).run();
  if (members || members.error().kind != ErrorKind::kDamaged) return members;
  Error error = members.error();
  error.where = archive.string();
  return fail(std::move(error));
}

}  // namespace reelhouse::lake
