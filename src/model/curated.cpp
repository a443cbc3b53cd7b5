#include "model/curated.hpp"

#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "base/files.hpp"

namespace reelhouse::model {

namespace fs = std::filesystem;

namespace {

constexpr const char* kBuilding = ".building-";

BuildRecord::ObjectCount counts_from_json(const Json& json) {
  BuildRecord::ObjectCount counts{
      json.at("kept"), json.at("rejected"), json.value("doubles", uint64_t{0}), {}};
  if (json.contains("values"))
    for (const auto& [column, values] : json.at("values").items())
      counts.values[column] = {values.at("given"), values.at("lost"), values.at("line"),
                               values.at("example")};
  return counts;
}

Json to_json(const BuildRecord::ObjectCount& counts) {
  Json json = {{"kept", counts.kept}, {"rejected", counts.rejected}};
  if (counts.doubles > 0) json["doubles"] = counts.doubles;
  for (const auto& [column, values] : counts.values)
    json["values"][column] = {
        {"given", values.given}, {"lost", values.lost}, {"line", values.line}, {"example", values.example}};
  return json;
}

BuildRecord record_from_json(const Json& json) {
  BuildRecord record;
  record.model = json.at("model");
  record.fingerprint = json.at("fingerprint");
  record.rows = json.at("rows");
  record.rejected = json.at("rejected");
  record.repairs = json.at("repairs").get<std::map<std::string, uint64_t>>();
  record.seconds = json.at("seconds");
  for (const auto& column : json.at("columns"))
    record.columns.emplace_back(column.at("name"), column.at("type"));
  if (json.contains("lost")) record.lost = json.at("lost").get<std::map<std::string, uint64_t>>();
  for (const auto& [key, counts] : json.at("objects").items()) record.objects[key] = counts_from_json(counts);
  record.files = json.at("files").get<std::map<std::string, uint64_t>>();
  return record;
}

}  // namespace

Json to_json(const BuildRecord& record) {
  Json columns = Json::array();
  for (const auto& [name, type] : record.columns) columns.push_back({{"name", name}, {"type", type}});
  Json objects = Json::object();
  for (const auto& [key, counts] : record.objects) objects[key] = to_json(counts);
  return {{"model", record.model},       {"fingerprint", record.fingerprint}, {"rows", record.rows},
          {"rejected", record.rejected}, {"repairs", record.repairs},         {"lost", record.lost},
          {"seconds", record.seconds},   {"columns", std::move(columns)},     {"objects", std::move(objects)},
          {"files", record.files}};
}

fs::path Curated::folder(const std::string& model, const std::string& fingerprint) const {
  return root_ / model / fingerprint;
}

std::optional<BuildRecord> Curated::read(const std::string& model, const std::string& fingerprint) const {
  auto text = read_file(folder(model, fingerprint) / "_build.json");
  if (!text) return std::nullopt;
  try {
    BuildRecord record = record_from_json(Json::parse(*text));
    for (const auto& [name, size] : record.files) {
      std::error_code code;
      if (fs::file_size(folder(model, fingerprint) / name, code) != size || code) return std::nullopt;
    }
    return record;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

/// Brings a build from the mirror to its place.
bool Curated::bring(const std::string& model, const std::string& fingerprint) const {
  const auto arriving = begin(model, fingerprint);
  if (!arriving) return false;
  const auto fetched = mirror_->fetch(model, fingerprint, *arriving);
  const fs::path target = folder(model, fingerprint);
  std::error_code code;
  if (fetched && *fetched) {
    fs::remove_all(target, code);
    fs::rename(*arriving, target, code);
    if (!code) return true;
  }
  fs::remove_all(*arriving, code);
  return false;
}

std::optional<BuildRecord> Curated::find(const std::string& model, const std::string& fingerprint) const {
  auto record = read(model, fingerprint);
  if (!record && mirror_ != nullptr && bring(model, fingerprint)) record = read(model, fingerprint);
  return record;
}

Result<fs::path> Curated::begin(const std::string& model, const std::string& fingerprint) const {
  const fs::path building = root_ / model / (kBuilding + fingerprint);
  std::error_code code;
  fs::remove_all(building, code);
  RH_TRY(make_folders(building));
  return building;
}

Result<> Curated::finish(const fs::path& building, BuildRecord record) const {
  std::error_code listing;
  for (fs::directory_iterator file(building, listing), end; !listing && file != end; file.increment(listing))
    record.files[file->path().filename().string()] = fs::file_size(file->path(), listing);
  std::ofstream file(building / "_build.json");
  file << to_json(record).dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
  file.close();
  if (!file) return fail(system_error("writing the record of", building.string(), errno));
  if (mirror_ != nullptr) RH_TRY(mirror_->store(record.model, record.fingerprint, building));
  const fs::path target = folder(record.model, record.fingerprint);
  std::error_code code;
  fs::remove_all(target, code);
  if (::rename(building.c_str(), target.c_str()) != 0)
    return fail(system_error("renaming " + building.string() + " to", target.string(), errno));
  return {};
}

void Curated::remove_leftovers() const {
  std::error_code code;
  for (fs::directory_iterator model(root_, code), end; !code && model != end; model.increment(code)) {
    std::error_code inner;
    for (fs::directory_iterator build(model->path(), inner); !inner && build != end; build.increment(inner))
      if (build->path().filename().string().starts_with(kBuilding)) {
        std::error_code ignored;
        fs::remove_all(build->path(), ignored);
      }
  }
}

void Curated::remove_old(size_t keep, const std::vector<std::string>& needed) const {
  std::error_code code;
  for (fs::directory_iterator model(root_, code), end; !code && model != end; model.increment(code)) {
    std::vector<std::pair<fs::file_time_type, fs::path>> builds;
    std::error_code inner;
    for (fs::directory_iterator build(model->path(), inner); !inner && build != end; build.increment(inner)) {
      const auto name = (model->path().filename() / build->path().filename()).generic_string();
      if (std::ranges::find(needed, name) == needed.end())
        builds.emplace_back(fs::last_write_time(build->path(), inner), build->path());
    }
    std::ranges::sort(builds, std::greater<>());
    for (size_t i = keep; i < builds.size(); ++i) {
      std::error_code ignored;
      fs::remove_all(builds[i].second, ignored);
    }
  }
}

}  // namespace reelhouse::model
