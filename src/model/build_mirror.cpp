#include "model/build_mirror.hpp"

#include <algorithm>
#include <map>

#include "base/files.hpp"
#include "base/json.hpp"

namespace reelhouse::model {

namespace fs = std::filesystem;

namespace {

constexpr const char* kRecord = "_build.json";
constexpr auto kYoung = std::chrono::hours(24);

std::string key_of(const std::string& model, const std::string& fingerprint, const std::string& file) {
  return fmt::format("curated/{}/{}/{}", model, fingerprint, file);
}

/// The names of the files that a build's record lists; none when the record cannot be read.
std::vector<std::string> files_of(const std::string& record) {
  std::vector<std::string> names;
  const Json json = Json::parse(record, nullptr, false);
  if (!json.is_object() || !json.contains("files") || !json["files"].is_object()) return names;
  for (const auto& [name, size] : json["files"].items()) names.push_back(name);
  return names;
}

/// Gives a cached copy its place in the store. It need not stay in the cache besides.
Result<> place(const fs::path& from, const fs::path& to) {
  std::error_code code;
  fs::create_hard_link(from, to, code);
  if (code) {
    code.clear();
    fs::copy_file(from, to, code);
  }
  std::error_code ignored;
  fs::remove(from, ignored);
  if (code) return fail(system_error("copying a build from the store to", to.string(), code.value()));
  return {};
}

}  // namespace

Result<bool> BuildMirror::fetch(const std::string& model, const std::string& fingerprint,
                                const fs::path& folder) const {
  const auto bring = [&](const std::string& name) -> Result<> {
    RH_ASSIGN(const auto info, bucket_->head(key_of(model, fingerprint, name)));
    RH_ASSIGN(const auto copy, bucket_->local_copy(info));
    return place(copy, folder / name);
  };
  auto record = bring(kRecord);
  if (!record && record.error().kind == ErrorKind::kNotFound) return false;
  RH_TRY(std::move(record));
  RH_ASSIGN(const std::string text, reelhouse::read_file(folder / kRecord));
  for (const auto& name : files_of(text)) {
    if (name != fs::path(name).filename() || name.starts_with(".")) return false;
    auto brought = bring(name);
    if (!brought && brought.error().kind == ErrorKind::kNotFound) return false;  // removed meanwhile
    RH_TRY(std::move(brought));
  }
  return true;
}

Result<> BuildMirror::store(const std::string& model, const std::string& fingerprint,
                            const fs::path& folder) const {
  RH_ASSIGN(const std::string record, reelhouse::read_file(folder / kRecord));
  for (const auto& name : files_of(record))
    RH_TRY(bucket_->put(folder / name, key_of(model, fingerprint, name)));
  return bucket_->put(folder / kRecord, key_of(model, fingerprint, kRecord));
}

Result<> BuildMirror::remove_old(size_t keep, const std::vector<std::string>& needed, Time now) const {
  struct Build {
    Time newest;
    std::string fingerprint;
    std::vector<std::string> keys;
  };
  RH_ASSIGN(const auto objects, bucket_->list("curated/"));
  std::map<std::string, std::map<std::string, Build>> models;
  for (const auto& object : objects) {
    const fs::path path(object.key);
    const std::string fingerprint = path.parent_path().filename().string();
    Build& build = models[path.parent_path().parent_path().filename().string()][fingerprint];
    build.fingerprint = fingerprint;
    build.newest = std::max(build.newest, object.modified);
    build.keys.push_back(object.key);
  }
  for (auto& [model, builds] : models) {
    std::vector<const Build*> old;
    for (const auto& [fingerprint, build] : builds)
      if (std::ranges::find(needed, model + "/" + fingerprint) == needed.end()) old.push_back(&build);
    std::ranges::sort(old, [](const Build* a, const Build* b) { return a->newest > b->newest; });
    for (size_t i = keep; i < old.size(); ++i) {
      if (now - old[i]->newest < kYoung) continue;
      // A listing leaves out names that begin with '_'.
      for (const char* hidden : {kRecord, "_rejected.parquet", "_repaired.parquet", "_lost.parquet"})
        RH_TRY(bucket_->remove(key_of(model, old[i]->fingerprint, hidden)));
      for (const auto& key : old[i]->keys) RH_TRY(bucket_->remove(key));
    }
  }
  return {};
}

Result<std::optional<std::string>> BuildMirror::read_file(const std::string& key) const {
  const auto info = bucket_->head(key);
  if (!info && info.error().kind == ErrorKind::kNotFound) return std::nullopt;
  if (!info) return fail(info.error());
  RH_ASSIGN(const auto copy, bucket_->local_copy(*info));
  RH_ASSIGN(std::string text, reelhouse::read_file(copy));
  return text;
}

Result<> BuildMirror::store_receipts(const fs::path& folder) const {
  RH_ASSIGN(const auto stored, bucket_->list("receipts/"));
  std::error_code code;
  for (fs::directory_iterator file(folder, code), end; !code && file != end; file.increment(code)) {
    const std::string key = "receipts/" + file->path().filename().string();
    const bool is_stored = std::ranges::binary_search(stored, key, {}, &lake::ObjectInfo::key);
    if (file->path().extension() == ".json" && !is_stored) RH_TRY(bucket_->put(file->path(), key));
  }
  if (code) return fail(system_error("listing the receipts in", folder.string(), code.value()));
  return {};
}

}  // namespace reelhouse::model
