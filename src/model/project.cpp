#include "model/project.hpp"

#include <algorithm>
#include <map>

#include "base/files.hpp"
#include "base/yaml.hpp"
#include "catalog/profile.hpp"
#include "model/specification.hpp"

namespace reelhouse::model {
namespace {

namespace fs = std::filesystem;

/// Lists files with an extension below a folder, sorted; none when the folder does not exist.
std::vector<fs::path> files_below(const fs::path& folder, const std::string& extension) {
  std::vector<fs::path> files;
  std::error_code code;
  for (fs::recursive_directory_iterator it(folder, code), end; !code && it != end; it.increment(code))
    if (it->is_regular_file() && it->path().extension() == extension &&
        !it->path().filename().string().starts_with("."))
      files.push_back(it->path());
  std::ranges::sort(files);
  return files;
}

std::string trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return "";
  return std::string(text.substr(first, text.find_last_not_of(" \t\r") - first + 1));
}

/// Reads the comment header: the first line says what a row is, `-- materialized: view` how it is kept.
Result<> read_header(Model& model) {
  std::string_view rest = model.sql;
  for (size_t line = 1; rest.starts_with("--"); ++line) {
    const size_t end = rest.find('\n');
    const std::string text = trimmed(rest.substr(2, end == std::string_view::npos ? end : end - 2));
    const size_t colon = text.find(':');
    const std::string key = colon == std::string::npos ? "" : trimmed(text.substr(0, colon));
    if (key == "materialized") {
      const std::string value = trimmed(text.substr(colon + 1));
      if (value != "table" && value != "view")
        return fail(ErrorKind::kProject, fmt::format("materialized: '{}' is not known", value),
                    "Use table or view.", fmt::format("{}:{}", model.file.string(), line));
      model.materialisation = value == "view" ? Materialisation::kView : Materialisation::kTable;
    } else if (model.row.empty()) {
      model.row = text;
    }
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  return {};
}

Result<Model> load_model(const fs::path& file, const fs::path& models) {
  Model model;
  model.file = file;
  model.name = file.stem().string();
  model.folder = file.parent_path().lexically_relative(models).generic_string();
  if (catalog::column_name(model.name) != model.name)
    return fail(ErrorKind::kProject, fmt::format("'{}' is no name for a table", model.name),
                "Use lower-case letters, digits and '_'.", file.string());
  RH_ASSIGN(model.sql, read_file(file));
  RH_TRY(read_header(model));
  fs::path yaml_file = file;
  yaml_file.replace_extension(".yml");
  if (fs::exists(yaml_file)) {
    RH_ASSIGN(const Yaml yaml, Yaml::load(yaml_file));
    RH_TRY(read_specification(yaml, model));
  }
  if (model.has_rules() && model.materialisation == Materialisation::kView)
    return fail(ErrorKind::kProject, "a view cannot reject or repair rows",
                "Say 'materialized: table' in the SQL file's header.", yaml_file.string());
  return model;
}

Result<Seed> load_seed(const fs::path& file) {
  Seed seed;
  seed.name = file.stem().string();
  seed.file = file;
  RH_ASSIGN(seed.content, read_file(file));
  const std::string header = trimmed(std::string_view(seed.content).substr(0, seed.content.find('\n')));
  std::string_view rest = header;
  while (!rest.empty()) {
    const size_t comma = rest.find(',');
    seed.columns.push_back(trimmed(rest.substr(0, comma)));
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 1);
  }
  for (const auto& column : seed.columns)
    if (catalog::column_name(column) != column)
      return fail(ErrorKind::kProject, fmt::format("'{}' is no name for a column", column),
                  "The first line of a seed names its columns: lower-case letters, digits and '_'.",
                  file.string() + ":1");
  return seed;
}

/// Finds YAML files that stand beside no model: a misspelt name would otherwise be ignored silently.
void find_orphans(const fs::path& models, std::vector<Error>& problems) {
  for (const auto& file : files_below(models, ".yml")) {
    fs::path sql = file;
    sql.replace_extension(".sql");
    if (!fs::exists(sql))
      problems.push_back({ErrorKind::kProject, "there is no model beside this file",
                          "Expected " + sql.filename().string() + " in the same folder.", file.string()});
  }
}

}  // namespace

const Model* Project::find(const std::string& name) const {
  const auto found = std::ranges::find(models, name, &Model::name);
  return found == models.end() ? nullptr : &*found;
}

const catalog::SourceTable* Project::find_source_table(const std::string& name) const {
  for (const auto& source : sources)
    for (const auto& table : source.tables)
      if (table.name == name) return &table;
  return nullptr;
}

Project load_project(const fs::path& root, std::vector<Error>& problems) {
  Project project;
  project.root = root;
  if (auto sources = catalog::load_sources(root))
    project.sources = std::move(*sources);
  else
    problems.push_back(std::move(sources).error());

  std::map<std::string, fs::path> seen;
  for (const auto& file : files_below(root / "models", ".sql")) {
    auto model = load_model(file, root / "models");
    if (!model) {
      problems.push_back(std::move(model).error());
      continue;
    }
    if (const auto [it, is_new] = seen.emplace(model->name, file); !is_new) {
      problems.push_back({ErrorKind::kProject, fmt::format("a model of this name is in {} already", it->second.string()),
                          "Rename one of the two.", file.string()});
      continue;
    }
    project.models.push_back(std::move(*model));
  }
  find_orphans(root / "models", problems);
  std::ranges::sort(project.models, {}, &Model::name);
  for (const auto& file : files_below(root / "seeds", ".csv")) {
    if (auto seed = load_seed(file))
      project.seeds.push_back(std::move(*seed));
    else
      problems.push_back(std::move(seed).error());
  }
  return project;
}

Result<Project> load_project(const fs::path& root) {
  std::vector<Error> problems;
  Project project = load_project(root, problems);
  if (!problems.empty()) return fail(std::move(problems.front()));
  return project;
}

}  // namespace reelhouse::model
