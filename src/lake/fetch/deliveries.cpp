#include "lake/fetch/deliveries.hpp"

#include <algorithm>
#include <tuple>

#include "base/files.hpp"
#include "base/json.hpp"
#include "lake/keys.hpp"

namespace reelhouse::lake {
namespace {

constexpr size_t kMostLookedAt = 50;  ///< drops without a record are somebody else's; few are newer than ours

std::optional<Delivery> parse(const std::string& text, const std::string& folder) {
  const auto json = Json::parse(text, nullptr, false);
  Delivery delivery{folder, {}};
  try {
    for (const auto& entry : json.at("files")) {
      FetchedFile file;
      file.url = entry.at("url").get<std::string>();
      file.shape = entry.at("shape").get<std::string>();
      file.etag = entry.value("etag", "");
      file.last_modified = entry.value("last_modified", "");
      file.sha256 = entry.at("sha256").get<std::string>();
      for (const auto& object : entry.at("objects"))
        file.objects.push_back({object.at("name").get<std::string>(), object.at("bytes").get<uint64_t>()});
      delivery.files.push_back(std::move(file));
    }
  } catch (const Json::exception&) {
    return std::nullopt;  // not ours, or of another version: fetched anew
  }
  return delivery;
}

bool all_there(const Delivery& delivery, const std::vector<ObjectInfo>& objects) {
  for (const auto& file : delivery.files)
    for (const auto& object : file.objects) {
      const std::string key = delivery.folder + "/" + object.name;
      const auto found = std::ranges::lower_bound(objects, key, {}, &ObjectInfo::key);
      if (found == objects.end() || found->key != key || found->size != object.bytes) return false;
    }
  return !delivery.files.empty();
}

auto order(const DropName& name) {
  return std::tuple(name.day, name.number);
}

}  // namespace

std::string shape_of(const FetchFile& file) {
  if (!file.unpack_zip) return file.name;
  return fmt::format("unpacked: {}", fmt::join(file.members, " "));
}

const FetchedFile* Delivery::find(const FetchFile& file) const {
  for (const auto& known : files)
    if (known.url == file.url && known.shape == shape_of(file) &&
        (file.sha256.empty() || file.sha256 == known.sha256))
      return &known;
  return nullptr;
}

std::string record_key(const std::string& folder) {
  return folder + "/_fetched.json";
}

Result<Deliveries> list_deliveries(const ObjectStore& lake, const std::string& dataset) {
  const std::string prefix = fmt::format("{}{}/", kRaw, dataset);
  Deliveries there;
  auto listed = lake.list(prefix);
  if (!listed && listed.error().kind == ErrorKind::kNotFound) return there;
  if (!listed) return fail(listed.error());
  const std::string incomplete = incomplete_marker("");
  for (const auto& object : *listed) {
    std::string folder = object.key.substr(prefix.size());
    const bool is_marker = folder.find('/') == std::string::npos && folder.ends_with(incomplete);
    if (is_marker) {
      folder.erase(folder.size() - incomplete.size());
      there.unfinished.push_back(prefix + folder);
    } else if (folder.find('/') == std::string::npos) {
      continue;
    }
    folder = folder.substr(0, folder.find('/'));
    if (!folder.starts_with("drop=")) continue;
    const auto name = parse_drop(std::string_view(folder).substr(5));
    if (name) there.drops.push_back(*name);
  }
  std::ranges::sort(there.drops, {}, order);
  const auto same = std::ranges::unique(there.drops, {}, order);
  there.drops.erase(same.begin(), same.end());
  there.objects = std::move(*listed);
  (void)leave_out_incomplete(there.objects);
  return there;
}

Result<std::optional<Delivery>> newest_delivery(const ObjectStore& lake, const FetchSource& source,
                                                const Deliveries& there) {
  std::vector<std::string> folders;
  const std::string base = std::string(kRaw) + source.dataset;
  if (!source.as_drop) folders.push_back(base);
  for (auto drop = there.drops.rbegin(); source.as_drop && drop != there.drops.rend(); ++drop) {
    const std::string folder = fmt::format("{}/{}", base, drop->to_string());
    const bool finished = std::ranges::find(there.unfinished, folder) == there.unfinished.end();
    if (finished && folders.size() < kMostLookedAt) folders.push_back(folder);
  }
  for (const auto& folder : folders) {
    const auto info = lake.head(record_key(folder));
    if (!info && info.error().kind == ErrorKind::kNotFound) continue;
    if (!info) return fail(info.error());
    RH_ASSIGN(const auto local, lake.local_copy(*info));
    RH_ASSIGN(const std::string text, read_file(local));
    auto delivery = parse(text, folder);
    if (delivery && all_there(*delivery, there.objects)) return delivery;
    return std::nullopt;
  }
  return std::nullopt;
}

std::string render(const Delivery& delivery, Time fetched) {
  Json files = Json::array();
  for (const auto& file : delivery.files) {
    Json objects = Json::array();
    for (const auto& object : file.objects)
      objects.push_back({{"name", object.name}, {"bytes", object.bytes}});
    files.push_back({{"url", file.url},
                     {"shape", file.shape},
                     {"etag", file.etag},
                     {"last_modified", file.last_modified},
                     {"sha256", file.sha256},
                     {"objects", std::move(objects)}});
  }
  const Json record = {{"fetched", to_iso(fetched)}, {"files", std::move(files)}};
  return record.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace reelhouse::lake
