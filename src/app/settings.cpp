#include "app/command.hpp"
#include "base/yaml.hpp"

namespace reelhouse::app {
namespace {

namespace fs = std::filesystem;

/// A place named in the file is relative to the file; one named by a flag to the current folder.
std::string placed(const std::string& flag, const std::string& in_file, const fs::path& project) {
  if (!flag.empty()) return flag;
  if (in_file.find("://") != std::string::npos || fs::path(in_file).is_absolute()) return in_file;
  return (project / in_file).lexically_normal().string();
}

Result<fs::path> find_project(const GlobalFlags& flags) {
  const fs::path folder = flags.project.empty() ? fs::current_path() : fs::path(flags.project);
  if (fs::exists(folder / "reelhouse.yaml")) return folder;
  return fail(ErrorKind::kUsage, "there is no reelhouse.yaml in this folder",
              "Name the project with --project DIR, or make one: reelhouse init DIR.", folder.string());
}

}  // namespace

Result<Settings> load_settings(const GlobalFlags& flags) {
  RH_ASSIGN(const fs::path project, find_project(flags));
  RH_ASSIGN(const Yaml yaml, Yaml::load(project / "reelhouse.yaml"));
  RH_TRY(yaml.only_keys({"name", "lake", "store", "warehouse", "engine", "keep_versions", "exclude"}));
  Settings settings;
  settings.project = project;
  settings.state = project / ".reelhouse";
  RH_ASSIGN(settings.name, yaml.at("name").text_or(fs::weakly_canonical(project).filename().string()));
  RH_ASSIGN(const std::string lake, yaml.at("lake").text_or("./lake"));
  RH_ASSIGN(const std::string store, yaml.at("store").text_or("./store"));
  RH_ASSIGN(const std::string warehouse, yaml.at("warehouse").text_or("./warehouse"));
  RH_ASSIGN(std::string engine, yaml.at("engine").text_or("duckdb"));
  if (!flags.engine.empty()) engine = flags.engine;
  if (engine != "duckdb")
    return fail(ErrorKind::kUsage, fmt::format("engine '{}' is not known", engine), "Use duckdb.");
  settings.lake = placed(flags.lake, lake, project);
  settings.store = placed(flags.store, store, project);
  settings.warehouse = placed(flags.warehouse, warehouse, project);
  for (const auto& place : {settings.store.string(), settings.warehouse.string()})
    if (place.find(":/") != std::string::npos)
      return fail(ErrorKind::kUsage, fmt::format("'{}': only folders can be written to so far", place),
                  "Name a folder.");
  RH_ASSIGN(const long keep, yaml.at("keep_versions").integer_or(5));
  if (keep < 1) return fail(yaml.at("keep_versions").error("keep_versions has to be 1 or more"));
  settings.keep_versions = static_cast<int>(keep);
  RH_ASSIGN(settings.exclude, yaml.at("exclude").texts());
  return settings;
}

}  // namespace reelhouse::app
