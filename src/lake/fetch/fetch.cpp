#include "lake/fetch/fetch.hpp"

#include <algorithm>
#include <map>
#include <random>

#include "base/files.hpp"
#include "base/hash.hpp"
#include "lake/fetch/arrival.hpp"
#include "lake/keys.hpp"

namespace reelhouse::lake {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMarkLength = 16;
constexpr int kMostNumbersTried = 20;
constexpr std::chrono::minutes kPatience{15};      ///< without any progress, over all tries
constexpr std::chrono::seconds kLongestWait{120};  ///< between two tries, whatever a server asks for

/// Names this project's work folder, so that it knows its own half-done work again.
Result<std::string> owner_of(const fs::path& work) {
  const fs::path file = work / "owner";
  if (const auto known = read_file(file); known && known->size() >= kMarkLength) return *known;
  std::random_device random;
  std::string name;
  for (int i = 0; i < 4; ++i) name += fmt::format("{:08x}", random());
  RH_TRY(write_file_atomically(file, name));
  return name;
}

/// Refuses two files under one name.
Result<> check_names(const FetchSource& source, const std::vector<CheckedFile>& files) {
  std::map<std::string, std::string> urls;
  for (const auto& file : files)
    for (const auto& object : file.record.objects) {
      const auto [first, is_new] = urls.emplace(object.name, file.record.url);
      if (!is_new)
        return fail(
            ErrorKind::kUsage,
            fmt::format("{} would come from {} and from {}", object.name, first->second, file.record.url),
            "Give one of them another name:, or keep fewer members.", source.where);
    }
  return {};
}

/// One dataset's way into the lake.
class Arrival {
 public:
  Arrival(const FetchSource& source, ObjectStore& lake, const FetchOptions& options, const Clock& clock)
      : source_(source),
        lake_(lake),
        options_(options),
        clock_(clock),
        base_(std::string(kRaw) + source.dataset) {}

  Result<FetchReport> run() {
    RH_TRY(make_folders(options_.work));
    const std::string mark = sha256(source_.dataset).substr(0, kMarkLength);
    RH_ASSIGN(const auto lock,
              FileLock::take(options_.work / (mark + ".lock"), fmt::format("fetching {}", source_.dataset)));
    RH_ASSIGN(owner_, owner_of(options_.work));
    RH_ASSIGN(there_, list_deliveries(lake_, source_.dataset));
    RH_ASSIGN(before_, newest_delivery(lake_, source_, there_));
    RH_TRY(download_all());
    RH_TRY(check_names(source_, files_));
    report_.dataset = source_.dataset;
    report_.unchanged = nothing_new();
    RH_TRY(report_.unchanged ? note_validators() : source_.as_drop ? deliver() : replace());
    for (const auto& file : files_) forget(file);
    return std::move(report_);
  }

 private:
  Result<> download_all() {
    RetryPolicy policy;
    policy.attempts = std::max(1, options_.attempts);
    policy.first = options_.first_wait;
    policy.longest = kLongestWait;
    policy.deadline = kPatience;
    policy.stall = options_.stall;
    const auto transport = make_curl_transport(options_.ca_file);
    const auto timing = make_system_timing();
    const Fetching with{*transport, policy, *timing, options_.work};
    for (const auto& file : source_.files) {
      const FetchedFile* known = before_ ? before_->find(file) : nullptr;
      RH_ASSIGN(CheckedFile checked, fetch_file(file, source_.dataset, known, with));
      report_.downloaded += checked.received;
      files_.push_back(std::move(checked));
    }
    return {};
  }

  bool nothing_new() const {
    return before_ && before_->files.size() == files_.size() &&
           std::ranges::all_of(files_, &CheckedFile::unchanged);
  }

  Delivery as_delivery(std::string folder) const {
    Delivery delivery{std::move(folder), {}};
    for (const auto& file : files_) delivery.files.push_back(file.record);
    return delivery;
  }

  /// Remembers what servers call unchanged files now.
  Result<> note_validators() {
    const bool same =
        std::ranges::equal(files_, before_->files, [](const CheckedFile& now, const FetchedFile& was) {
          return now.record.etag == was.etag && now.record.last_modified == was.last_modified;
        });
    if (same) return {};
    return put_text(lake_, render(as_delivery(before_->folder), clock_.now()), record_key(before_->folder));
  }

  /// All files of the delivery; unchanged ones from the one before.
  Result<std::vector<FolderFile>> whole_delivery() const {
    std::vector<FolderFile> whole;
    for (const auto& file : files_) {
      if (!file.unchanged) whole.insert(whole.end(), file.stored.begin(), file.stored.end());
      if (!file.unchanged) continue;
      for (const auto& object : file.record.objects) {
        const std::string key = before_->folder + "/" + object.name;
        const auto info = std::ranges::lower_bound(there_.objects, key, {}, &ObjectInfo::key);
        RH_ASSIGN(const fs::path local, lake_.local_copy(*info));
        whole.push_back({local, object.name, false});
      }
    }
    return whole;
  }

  void report(const std::string& folder) {
    for (const auto& file : files_)
      for (const auto& object : file.record.objects)
        if (source_.as_drop || !file.unchanged)
          report_.objects.push_back({folder + "/" + object.name, file.record.url, object.bytes});
  }

  /// Removes what earlier tries of ours have left half done under another name.
  Result<> clear_unfinished(const std::string& but) {
    for (const auto& folder : there_.unfinished) {
      if (folder == but) continue;
      RH_ASSIGN(const auto marker, lake_.head(incomplete_marker(folder)));
      RH_ASSIGN(const fs::path local, lake_.local_copy(marker));
      if (read_file(local).value_or("") != owner_) continue;
      RH_ASSIGN(const auto left, lake_.list(folder + "/"));
      for (const auto& object : left) RH_TRY(lake_.remove(object.key));
      RH_TRY(lake_.remove(record_key(folder)));
      RH_TRY(lake_.remove(incomplete_marker(folder)));
    }
    return {};
  }

  /// The name after the last delivery of today; that one's own when it is ours to finish.
  DropName next_name() const {
    DropName name{Date(std::chrono::floor<std::chrono::days>(clock_.now())), 1};
    for (const auto& drop : there_.drops) {
      if (drop.day != name.day) continue;
      const std::string folder = fmt::format("{}/{}", base_, drop.to_string());
      const bool unfinished = std::ranges::find(there_.unfinished, folder) != there_.unfinished.end();
      name.number = drop.number + (unfinished ? 0 : 1);
    }
    return name;
  }

  Result<> deliver() {
    RH_ASSIGN(std::vector<FolderFile> files, whole_delivery());
    const fs::path record = options_.work / (sha256(source_.dataset).substr(0, kMarkLength) + ".record");
    DropName name = next_name();
    for (int tried = 0;; ++tried, ++name.number) {
      const std::string folder = fmt::format("{}/{}", base_, name.to_string());
      RH_TRY(clear_unfinished(folder));
      RH_TRY(write_file_atomically(record, render(as_delivery(folder), clock_.now())));
      std::vector<FolderFile> all = files;
      all.push_back({record, "_fetched.json", false});
      const auto put = lake_.put_folder(all, folder, owner_);
      if (!put && put.error().kind == ErrorKind::kBusy && tried < kMostNumbersTried) continue;
      if (!put) return fail(put.error());
      std::error_code code;
      fs::remove(record, code);
      report_.drop = name.to_string();
      report(folder);
      return {};
    }
  }

  Result<> replace() {
    for (const auto& file : files_)
      for (const auto& stored : file.stored) RH_TRY(lake_.put(stored.file, base_ + "/" + stored.name));
    RH_TRY(put_text(lake_, render(as_delivery(base_), clock_.now()), record_key(base_)));
    report(base_);
    return {};
  }

  const FetchSource& source_;
  ObjectStore& lake_;
  const FetchOptions& options_;
  const Clock& clock_;
  std::string base_;
  std::string owner_;
  Deliveries there_;
  std::optional<Delivery> before_;
  std::vector<CheckedFile> files_;
  FetchReport report_;
};

}  // namespace

Result<FetchReport> fetch(const FetchSource& source, ObjectStore& lake, const FetchOptions& options,
                          const Clock& clock) {
  return Arrival(source, lake, options, clock).run();
}

}  // namespace reelhouse::lake
