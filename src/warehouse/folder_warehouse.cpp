#include "warehouse/folder_warehouse.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/files.hpp"
#include "base/interrupt.hpp"
#include "warehouse/choice.hpp"
#include "warehouse/database_file.hpp"
#include "warehouse/folder.hpp"

namespace reelhouse::warehouse {
namespace {

namespace fs = std::filesystem;

constexpr int kRetries = 100;

/// Removes the files of a version that is being written, unless it was kept.
class Draft {
 public:
  Draft(const Folder& folder, int number) : folder_(folder), number_(number) {}
  ~Draft() {
    if (!kept_) folder_.remove(number_);
  }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;
  void keep() { kept_ = true; }

 private:
  const Folder& folder_;
  int number_;
  bool kept_ = false;
};

/// Advises where to go from a current version that cannot be used.
std::string way_back(const Folder& folder, std::optional<int> broken) {
  const auto content = folder.content();
  std::vector<int> whole = content ? content->whole() : std::vector<int>();
  std::erase_if(whole, [&](int number) { return number == broken; });
  if (whole.empty()) return "Publish anew: reelhouse run";
  return fmt::format("Publish anew: reelhouse run; or go back: reelhouse rollback {}", whole.back());
}

Error not_published(const Folder& folder) {
  return {ErrorKind::kNotFound, "nothing is published yet", "Publish with: reelhouse run",
          folder.path().string()};
}

/// Reads CURRENT, which must be there. Errors: kNotFound, kDamaged, kPermission.
Result<int> number_of_current(const Folder& folder) {
  auto number = folder.current();
  if (!number) {
    Error error = std::move(number).error();
    if (error.kind == ErrorKind::kDamaged) error.hint = way_back(folder, std::nullopt);
    return fail(std::move(error));
  }
  if (!*number) return fail(not_published(folder));
  return **number;
}

/// Calls `use` with the current version's number; again when another version became current while it
/// was being looked at (its files may be gone by then).
template <typename Use>
auto with_current(const Folder& folder, Use use) -> decltype(use(0)) {
  RH_ASSIGN(int number, number_of_current(folder));
  for (int attempt = 0;; ++attempt) {
    auto result = use(number);
    if (result || attempt == kRetries) return result;
    RH_ASSIGN(const int now, number_of_current(folder));
    if (now == number) {
      Error error = std::move(result).error();
      if (error.kind == ErrorKind::kNotFound) {
        error.kind = ErrorKind::kDamaged;
        error.message =
            fmt::format("CURRENT names {}, which is missing or not whole", name_of_version(number));
      }
      if (error.kind == ErrorKind::kDamaged) error.hint = way_back(folder, number);
      return fail(std::move(error));
    }
    number = now;
  }
}

/// Removes versions beyond the newest `keep`, never `current`.
void retire(const Folder& folder, int keep, int current) {
  const auto content = folder.content();
  if (!content) return;
  const std::vector<int> whole = content->whole();
  const auto kept = static_cast<size_t>(std::max(keep, 1));
  for (size_t i = 0; i + kept < whole.size(); ++i)
    if (whole[i] != current) folder.remove(whole[i]);
}

Result<FileLock> lock(const Folder& folder) {
  return FileLock::take(folder.lock(), "publishing to this warehouse");
}

}  // namespace

Result<Version> FolderWarehouse::publish(const std::vector<PublishedTable>& tables, const std::string& run,
                                         int keep, const Clock& clock) {
  const Folder folder(folder_);
  if (tables.empty())
    return fail(ErrorKind::kProject, "publishing: there is no table to publish", "", folder_.string());
  RH_ASSIGN(const FileLock held, lock(folder));
  RH_ASSIGN(const Folder::Content content, folder.content());
  const std::optional<int> before = folder.current().value_or(std::nullopt);
  const int newest = content.numbers.empty() ? 0 : *content.numbers.rbegin();
  Version version = describe(std::max(newest, before.value_or(0)) + 1, tables, run, clock);
  folder.remove_leftovers(content, before);

  Draft draft(folder, version.number);
  const fs::path file = folder.database(version.number);
  RH_TRY(write_database(file, folder.spill(version.number), tables));
  RH_TRY(verify_database(file, version.tables));
  std::error_code ignored;
  version.bytes = fs::file_size(file, ignored);
  // A program that opens it for writing would shut every reader out.
  (void)::chmod(file.c_str(), 0444);
  RH_TRY(sync_to_disk(file));
  RH_TRY(folder.write_manifest(version));
  if (interrupted()) return fail(ErrorKind::kInterrupted, "publishing: interrupted", "", file.string());

  const auto switched = folder.make_current(version.number);
  const bool is_current = folder.current().value_or(std::nullopt) == version.number;
  if (!switched && !is_current) return fail(switched.error());
  draft.keep();
  fs::remove_all(folder.spill(version.number), ignored);
  // When the rename was done but could not be synced, a crash may bring the old version back.
  if (switched) retire(folder, keep, version.number);
  return version;
}

Result<Version> FolderWarehouse::roll_back(int number) {
  const Folder folder(folder_);
  RH_ASSIGN(const Folder::Content before, folder.content());
  if (before.whole().empty()) return fail(not_published(folder));
  RH_ASSIGN(const FileLock held, lock(folder));
  RH_ASSIGN(const Folder::Content content, folder.content());
  const std::vector<int> there = content.whole();
  const std::optional<int> now = folder.current().value_or(std::nullopt);
  RH_ASSIGN(number, choose_version(there, now, number, folder_.string()));
  RH_ASSIGN(Version version, folder.read_manifest(number));
  if (auto good = verify_database(folder.database(number), version.tables); !good) {
    Error error = std::move(good).error();
    if (error.hint.empty()) error.hint = "Choose another. " + advice_of(there);
    return fail(std::move(error));
  }
  if (number != now) RH_TRY(folder.make_current(number));
  version.current = true;
  return version;
}

Result<std::vector<Version>> FolderWarehouse::versions() const {
  const Folder folder(folder_);
  const std::optional<int> now = folder.current().value_or(std::nullopt);
  RH_ASSIGN(const Folder::Content content, folder.content());
  const std::vector<int> whole = content.whole();
  std::vector<Version> found;
  for (auto number = whole.rbegin(); number != whole.rend(); ++number) {
    auto version = folder.read_manifest(*number);
    // Retired since it was listed.
    if (!version && version.error().kind == ErrorKind::kNotFound) continue;
    if (!version) return fail(std::move(version).error());
    version->current = *number == now;
    found.push_back(std::move(*version));
  }
  return found;
}

Result<Version> FolderWarehouse::current() const {
  const Folder folder(folder_);
  return with_current(folder, [&](int number) {
    auto version = folder.read_manifest(number);
    if (version) version->current = true;
    return version;
  });
}

Result<std::optional<int>> FolderWarehouse::current_number() const {
  return Folder(folder_).current();
}

Result<> FolderWarehouse::check_writable() const {
  RH_TRY(make_folders(folder_));
  const fs::path probe = folder_ / ".write-check";
  const int descriptor = ::open(probe.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  const bool written = descriptor >= 0 && ::write(descriptor, "x", 1) == 1;
  const int reason = errno;
  if (descriptor >= 0) {
    ::close(descriptor);
    ::unlink(probe.c_str());
  }
  if (written) return {};
  return fail(system_error("trying whether the warehouse can be written, at", probe.string(), reason));
}

std::vector<Finding> FolderWarehouse::inspect(int keep) const {
  const auto version = current();
  if (!version)
    return {{"published", Finding::State::kNote, version.error().message + ". " + version.error().hint}};
  std::vector<Finding> findings{
      {"published", Finding::State::kOk, fmt::format("version {} of {}", version->number, version->created)}};
  if (const auto content = Folder(folder_).content())
    if (auto more = more_than_kept(content->whole(), version->number, keep))
      findings.push_back(std::move(*more));
  return findings;
}

Result<std::unique_ptr<engine::Database>> FolderWarehouse::open_current() const {
  const Folder folder(folder_);
  RH_ASSIGN(auto database, with_current(folder, [&](int number) {
              engine::DatabaseOptions options;
              options.path = folder.database(number).string();
              options.read_only = true;
              return engine::open_duckdb(options);
            }));
  RH_TRY(database->lock_down());
  return database;
}

Result<std::unique_ptr<engine::Database>> FolderWarehouse::attach_current(Version& opened) const {
  const Folder folder(folder_);
  return with_current(folder, [&](int number) -> Result<std::unique_ptr<engine::Database>> {
    RH_ASSIGN(opened, folder.read_manifest(number));
    opened.current = true;
    return attach_read_only(folder.database(number));
  });
}

}  // namespace reelhouse::warehouse
