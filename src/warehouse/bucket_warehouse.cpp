#include "warehouse/bucket_warehouse.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>

#include "base/files.hpp"
#include "base/interrupt.hpp"
#include "warehouse/choice.hpp"
#include "warehouse/database_file.hpp"

namespace reelhouse::warehouse {
namespace {

namespace fs = std::filesystem;

constexpr const char* kCurrent = "CURRENT";
constexpr const char* kNextCurrent = "CURRENT.next";  ///< here, on its way into the bucket
constexpr const char* kDraft = "draft";
constexpr int kMostRaces = 20;

std::string database_key(int number) {
  return name_of_version(number) + ".duckdb";
}
std::string manifest_key(int number) {
  return name_of_version(number) + ".json";
}

/// Says what a refused conditional write means to who publishes.
Error told_as_race(Error error) {
  if (error.kind != ErrorKind::kBusy) return error;
  error.message =
      "publishing: another machine published to this bucket meanwhile, so this version is not shown";
  error.hint = "Nothing of it was left behind. Run again to publish on top of the other one.";
  return error;
}

/// True for "v000014.duckdb.4711", a copy on its way to its place, when there is no process 4711.
bool is_of_dead(const std::string& file) {
  const size_t dot = file.rfind('.');
  pid_t process = 0;
  if (dot == std::string::npos || !number_of(file.substr(0, dot), ".duckdb")) return false;
  const char* end = file.data() + file.size();
  if (std::from_chars(file.data() + dot + 1, end, process).ptr != end || process <= 0) return false;
  return ::kill(process, 0) != 0 && errno == ESRCH;
}

/// Removes a folder when it goes.
class Scratch {
 public:
  explicit Scratch(fs::path path) : path_(std::move(path)) {}
  ~Scratch() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

 private:
  fs::path path_;
};

}  // namespace

Result<std::optional<BucketWarehouse::Current>> BucketWarehouse::read_current() const {
  for (int attempt = 0;; ++attempt) {
    auto info = bucket_->head(kCurrent);
    if (!info && info.error().kind == ErrorKind::kNotFound) return std::optional<Current>();
    if (!info) return fail(std::move(info).error());
    const auto copy = bucket_->local_copy(*info);
    if (!copy) {
      // Another machine publishes just now.
      const bool moved = copy.error().kind == ErrorKind::kBusy || copy.error().kind == ErrorKind::kNotFound;
      if (moved && attempt < kMostRaces) continue;
      return fail(copy.error());
    }
    RH_ASSIGN(const std::string text, read_file(*copy));
    auto number = version_named_by(text, name() + "/" + kCurrent);
    if (number) return std::optional(Current{*number, info->etag});
    return std::optional(Current{0, info->etag, std::move(number).error()});
  }
}

Result<BucketWarehouse::Current> BucketWarehouse::need_current() const {
  RH_ASSIGN(auto current, read_current());
  if (!current)
    return fail(ErrorKind::kNotFound, "nothing is published yet", "Publish with: reelhouse run", name());
  if (current->number > 0) return std::move(*current);
  current->damage.hint = way_back(0);
  return fail(std::move(current->damage));
}

/// Advises where to go from a current version that cannot be used.
std::string BucketWarehouse::way_back(int broken) const {
  auto there = whole();
  if (there) std::erase(*there, broken);
  if (!there || there->empty()) return "Publish anew: reelhouse run";
  return fmt::format("Publish anew: reelhouse run; or go back: reelhouse rollback {}", there->back());
}

/// Calls `use` with the current version's number; again when another version became current while it was
/// looked at (its objects may be gone by then).
template <typename Use>
auto BucketWarehouse::with_current(Use use) const -> decltype(use(0)) {
  RH_ASSIGN(Current now, need_current());
  for (int attempt = 0;; ++attempt) {
    auto result = use(now.number);
    if (result) return result;
    Error error = std::move(result).error();
    const bool lacks = error.kind == ErrorKind::kNotFound || error.kind == ErrorKind::kDamaged;
    if (!lacks) return fail(std::move(error));
    RH_ASSIGN(Current then, need_current());
    if (then.number == now.number || attempt == kMostRaces) {
      if (error.kind == ErrorKind::kNotFound)
        error.message =
            fmt::format("CURRENT names {}, which is missing or not whole", name_of_version(now.number));
      error.kind = ErrorKind::kDamaged;
      error.hint = way_back(now.number);
      return fail(std::move(error));
    }
    now = std::move(then);
  }
}

Result<std::optional<int>> BucketWarehouse::current_number() const {
  RH_ASSIGN(const auto current, read_current());
  if (!current) return std::optional<int>();
  if (current->number == 0) return fail(current->damage);
  return std::optional(current->number);
}

/// Lists the versions of which the bucket has an object with this ending, ascending.
Result<std::vector<int>> BucketWarehouse::numbers(const std::string& ending) const {
  RH_ASSIGN(const auto objects, bucket_->list("v"));
  std::vector<int> found;
  for (const auto& object : objects)
    if (const auto number = number_of(object.key, ending)) found.push_back(*number);
  std::ranges::sort(found);
  return found;
}

/// Lists the versions that have both their objects, ascending.
Result<std::vector<int>> BucketWarehouse::whole() const {
  RH_ASSIGN(const auto manifests, numbers(".json"));
  RH_ASSIGN(const auto databases, numbers(".duckdb"));
  std::vector<int> both;
  std::ranges::set_intersection(manifests, databases, std::back_inserter(both));
  return both;
}

Result<Version> BucketWarehouse::read_manifest(int number) const {
  RH_ASSIGN(const auto info, bucket_->head(manifest_key(number)));
  RH_ASSIGN(const auto copy, bucket_->local_copy(info));
  RH_ASSIGN(const std::string text, read_file(copy));
  return version_from(text, number, name() + "/" + manifest_key(number));
}

Result<Version> BucketWarehouse::current() const {
  return with_current([this](int number) {
    auto version = read_manifest(number);
    if (version) version->current = true;
    return version;
  });
}

Result<std::vector<Version>> BucketWarehouse::versions() const {
  RH_ASSIGN(const auto now, read_current());
  RH_ASSIGN(const auto there, whole());
  std::vector<Version> found;
  for (auto number = there.rbegin(); number != there.rend(); ++number) {
    auto version = read_manifest(*number);
    if (!version && version.error().kind == ErrorKind::kNotFound) continue;  // retired since it was listed
    if (!version) return fail(std::move(version).error());
    version->current = now && now->number == *number;
    found.push_back(std::move(*version));
  }
  return found;
}

/// Brings a version to this machine, unless it is here, and removes here what was retired there.
Result<Version> BucketWarehouse::bring(int number) const {
  RH_ASSIGN(Version version, read_manifest(number));
  const fs::path file = local_.database(number);
  std::error_code code;
  if (fs::file_size(file, code) != version.bytes || code) {
    RH_TRY(make_folders(local_.path()));
    RH_ASSIGN(const auto info, bucket_->head(database_key(number)));
    RH_ASSIGN(const auto copy, bucket_->local_copy(info));
    const fs::path arriving = fmt::format("{}.{}", file.string(), ::getpid());
    fs::remove(arriving, code);
    fs::create_hard_link(copy, arriving, code);
    if (code) {
      code.clear();
      fs::copy_file(copy, arriving, fs::copy_options::overwrite_existing, code);
    }
    if (!code) fs::rename(arriving, file, code);
    if (code)
      return fail(system_error("keeping a copy of the published version at", file.string(), code.value()));
    fs::remove(copy, code);  // of the two names for it one is enough
  }
  const auto content = local_.content();
  if (content)
    for (const int other : content->databases)
      if (other < number - 1) local_.remove(other);
  return version;
}

Result<std::unique_ptr<engine::Database>> BucketWarehouse::open_current() const {
  RH_ASSIGN(const Version version, with_current([this](int number) { return bring(number); }));
  engine::DatabaseOptions options;
  options.path = local_.database(version.number).string();
  options.read_only = true;
  RH_ASSIGN(auto database, engine::open_duckdb(options));
  RH_TRY(database->lock_down());
  return database;
}

Result<std::unique_ptr<engine::Database>> BucketWarehouse::attach_current(Version& opened) const {
  RH_ASSIGN(opened, with_current([this](int number) { return bring(number); }));
  opened.current = true;
  return attach_read_only(local_.database(opened.number));
}

/// Writes the version's database and manifest into a folder of this publish.
Result<> BucketWarehouse::write_draft(const Folder& draft, Version& version,
                                      const std::vector<PublishedTable>& tables) const {
  RH_TRY(make_folders(draft.path()));
  const fs::path file = draft.database(version.number);
  RH_TRY(write_database(file, draft.spill(version.number), tables));
  RH_TRY(verify_database(file, version.tables));
  std::error_code code;
  version.bytes = fs::file_size(file, code);
  return draft.write_manifest(version);
}

/// Stores the draft under its own names, and makes it current if nobody else published meanwhile.
Result<> BucketWarehouse::store_draft(const Folder& draft, const Version& version,
                                      const std::optional<Current>& before) {
  const int number = version.number;
  // The manifest claims the number: it is small enough for a conditional write of any server.
  if (auto claimed = bucket_->put_if(draft.manifest(number), manifest_key(number), std::nullopt); !claimed)
    return fail(told_as_race(std::move(claimed).error()));
  auto stored = bucket_->put(draft.database(number), database_key(number));
  if (stored && interrupted()) stored = fail(ErrorKind::kInterrupted, "publishing: interrupted", "", name());
  if (!stored) {
    (void)remove(number);  // what stays has no one's number but its own; the next publish removes it
    return stored;
  }
  auto switched = switch_to(number, before);
  // Without an answer it may have been done, or be done yet: then it must not be removed.
  const bool unknown = !switched && (switched.error().kind == ErrorKind::kUnavailable ||
                                     switched.error().kind == ErrorKind::kInterrupted);
  if (!switched && !unknown) (void)remove(number);
  return switched;
}

Result<> BucketWarehouse::switch_to(int number, const std::optional<Current>& before) {
  const fs::path file = local_.path() / kNextCurrent;
  RH_TRY(write_file_atomically(file, database_key(number) + "\n"));
  const Scratch gone(file);
  auto done = bucket_->put_if(file, kCurrent, before ? std::optional(before->etag) : std::nullopt);
  if (done) return {};
  Error error = told_as_race(std::move(done).error());
  const auto now = read_current();
  if (now && *now && (*now)->number == number) return {};  // it was done, and only its answer was lost
  if (!now && error.kind == ErrorKind::kUnavailable)
    error.hint +=
        fmt::format(" Whether version {} became current is not known; see: reelhouse doctor", number);
  return fail(std::move(error));
}

/// Removes what processes that died have left here. Only for who holds the lock.
void BucketWarehouse::remove_leftovers() const {
  std::error_code code;
  fs::remove_all(local_.path() / kDraft, code);
  for (fs::directory_iterator at(local_.path(), code), end; !code && at != end; at.increment(code)) {
    std::error_code ignored;
    const std::string file = at->path().filename().string();
    if (file.starts_with(std::string(".") + kNextCurrent + ".") || is_of_dead(file))
      fs::remove(at->path(), ignored);
  }
  fs::remove(local_.path() / kNextCurrent, code);
}

Result<> BucketWarehouse::check_writable() const {
  return lake::check_writable(*bucket_, lake::WriteCheck::kConditional);
}

Result<Version> BucketWarehouse::publish(const std::vector<PublishedTable>& tables, const std::string& run,
                                         int keep, const Clock& clock) {
  if (tables.empty())
    return fail(ErrorKind::kProject, "publishing: there is no table to publish", "", name());
  RH_TRY(make_folders(local_.path()));
  RH_ASSIGN(const FileLock held, FileLock::take(local_.lock(), "publishing to this warehouse"));
  RH_ASSIGN(const auto before, read_current());
  RH_ASSIGN(const auto manifests, numbers(".json"));
  RH_ASSIGN(const auto databases, numbers(".duckdb"));
  int newest = before ? before->number : 0;
  for (const auto* list : {&manifests, &databases})
    if (!list->empty()) newest = std::max(newest, list->back());
  Version version = describe(newest + 1, tables, run, clock);
  remove_leftovers();
  const Folder draft(local_.path() / kDraft);
  const Scratch gone(draft.path());
  std::error_code code;
  RH_TRY(write_draft(draft, version, tables));
  RH_TRY(store_draft(draft, version, before));
  // What was written is what the readers here will ask for.
  fs::rename(draft.database(version.number), local_.database(version.number), code);
  if (!code) (void)::chmod(local_.database(version.number).c_str(), 0444);
  if (const auto retired = retire(keep, version.number); !retired)
    version.remarks.push_back("old versions stay in the bucket: " + retired.error().message);
  return version;
}

/// Removes a version from the bucket, its manifest last: what has one still bears its number.
Result<> BucketWarehouse::remove(int number) {
  RH_TRY(bucket_->remove(database_key(number)));
  return bucket_->remove(manifest_key(number));
}

/// Removes versions beyond the newest `keep`, and what a publish that died has left below the current one.
Result<> BucketWarehouse::retire(int keep, int current) {
  RH_ASSIGN(const auto manifests, numbers(".json"));
  RH_ASSIGN(const auto databases, numbers(".duckdb"));
  std::vector<int> both;
  std::ranges::set_intersection(manifests, databases, std::back_inserter(both));
  const auto kept = static_cast<size_t>(std::max(keep, 1));
  for (size_t i = 0; i + kept < both.size(); ++i)
    if (both[i] != current) RH_TRY(remove(both[i]));
  std::vector<int> either;
  std::ranges::set_union(manifests, databases, std::back_inserter(either));
  for (const int number : either)
    if (number < current && !std::ranges::binary_search(both, number)) RH_TRY(remove(number));
  return {};
}

Result<Version> BucketWarehouse::roll_back(int number) {
  RH_TRY(make_folders(local_.path()));
  RH_ASSIGN(const FileLock held, FileLock::take(local_.lock(), "publishing to this warehouse"));
  RH_ASSIGN(const auto now, read_current());
  RH_ASSIGN(const auto there, whole());
  const bool known = now && now->number > 0;
  RH_ASSIGN(const int chosen,
            choose_version(there, known ? std::optional(now->number) : std::nullopt, number, name()));
  RH_ASSIGN(Version version, bring(chosen));
  RH_TRY(verify_database(local_.database(chosen), version.tables));
  if (!now || chosen != now->number) RH_TRY(switch_to(chosen, now));
  version.current = true;
  return version;
}

std::vector<Finding> BucketWarehouse::inspect(int keep) const {
  const auto version = current();
  if (!version) {
    const bool none = version.error().kind == ErrorKind::kNotFound;
    return {{"published", none ? Finding::State::kNote : Finding::State::kWrong,
             version.error().message + ". " + version.error().hint}};
  }
  std::vector<Finding> findings{
      {"published", Finding::State::kOk, fmt::format("version {} of {}", version->number, version->created)}};
  if (const auto there = whole())
    if (auto more = more_than_kept(*there, version->number, keep)) findings.push_back(std::move(*more));
  return findings;
}

}  // namespace reelhouse::warehouse
