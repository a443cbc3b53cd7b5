#include "project/settings.hpp"

#include "base/yaml.hpp"

namespace reelhouse::project {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFile = "reelhouse.yaml";
constexpr double kWarehousePatience = 5;
constexpr double kLongestPatience = 3600;

/// A place named in the file is relative to the file; one named by a flag to the current folder.
std::string placed(const std::string& flag, const std::string& in_file, const fs::path& project) {
  if (!flag.empty()) return flag;
  if (in_file.find("://") != std::string::npos || warehouse::is_server(in_file) ||
      fs::path(in_file).is_absolute())
    return in_file;
  return (project / in_file).lexically_normal().string();
}

Result<fs::path> find_project(const Choice& choice) {
  const fs::path folder = choice.project.empty() ? fs::current_path() : fs::path(choice.project);
  if (fs::exists(folder / kFile)) return folder;
  return fail(ErrorKind::kUsage, "there is no reelhouse.yaml in this folder",
              "Name the project with --project DIR, or make one: reelhouse init DIR.", folder.string());
}

/// A store in a bucket has a folder here for what this machine has of it.
Result<> place_store(const std::string& place, Settings& settings) {
  if (warehouse::is_bucket(place)) {
    settings.store_bucket = place;
    settings.store = settings.state / "store";
    return {};
  }
  if (place.find(":/") != std::string::npos)
    return fail(ErrorKind::kUsage, fmt::format("the store '{}' is neither a folder nor a bucket", place),
                "Name a folder, or s3://bucket/prefix.");
  settings.store = place;
  return {};
}

}  // namespace

Result<Settings> load_settings(const Choice& choice) {
  RH_ASSIGN(const fs::path project, find_project(choice));
  RH_ASSIGN(const Yaml yaml, Yaml::load(project / kFile));
  RH_TRY(yaml.only_keys({"name", "lake", "store", "warehouse", "warehouse_schema", "warehouse_reader",
                         "warehouse_patience", "engine", "keep_versions", "exclude"}));
  Settings settings;
  settings.project = project;
  settings.state = project / ".reelhouse";
  RH_ASSIGN(settings.name, yaml.at("name").text_or(fs::weakly_canonical(project).filename().string()));
  RH_ASSIGN(const std::string lake, yaml.at("lake").text_or("./lake"));
  RH_ASSIGN(const std::string store, yaml.at("store").text_or("./store"));
  RH_ASSIGN(const std::string warehouse, yaml.at("warehouse").text_or("./warehouse"));
  RH_ASSIGN(std::string engine, yaml.at("engine").text_or("duckdb"));
  if (!choice.engine.empty()) engine = choice.engine;
  if (engine != "duckdb")
    return fail(ErrorKind::kUsage, fmt::format("engine '{}' is not known", engine), "Use duckdb.");
  settings.lake = placed(choice.lake, lake, project);
  settings.warehouse = placed(choice.warehouse, warehouse, project);
  RH_TRY(place_store(placed(choice.store, store, project), settings));
  RH_ASSIGN(settings.warehouse_schema, yaml.at("warehouse_schema").text_or("reelhouse"));
  RH_ASSIGN(settings.warehouse_reader, yaml.at("warehouse_reader").text_or(""));
  RH_ASSIGN(settings.warehouse_patience, yaml.at("warehouse_patience").number_or(kWarehousePatience));
  if (settings.warehouse_patience < 0 || settings.warehouse_patience > kLongestPatience)
    return fail(yaml.at("warehouse_patience").error("warehouse_patience has to be 0 to 3600 seconds"));
  RH_ASSIGN(const long keep, yaml.at("keep_versions").integer_or(5));
  if (keep < 1) return fail(yaml.at("keep_versions").error("keep_versions has to be 1 or more"));
  settings.keep_versions = static_cast<int>(keep);
  RH_ASSIGN(settings.exclude, yaml.at("exclude").texts());
  return settings;
}

std::vector<fs::path> Settings::own_folders() const {
  return {models(), sources(), seeds(), metrics(), dashboards(), workflows(), generator(), state};
}

warehouse::WarehouseOptions Settings::published() const {
  return {warehouse, versions(), warehouse_schema, warehouse_reader,
          std::chrono::milliseconds(static_cast<int64_t>(warehouse_patience * 1000))};
}

}  // namespace reelhouse::project
