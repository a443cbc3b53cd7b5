#include "model/project.hpp"

#include <algorithm>

#include "base/files.hpp"
#include "base/near_miss.hpp"
#include "base/text.hpp"
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

/// Takes off the mark that some editors put before UTF-8 text.
void drop_byte_order_mark(std::string& text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
}

/// Reads the comment header: the first line says what a row is, `-- materialized: view` how it is kept.
Result<> read_header(Model& model) {
  std::string_view rest = model.sql;
  for (size_t line = 1; rest.starts_with("--"); ++line) {
    const size_t end = rest.find('\n');
    const std::string text(trimmed(rest.substr(2, end == std::string_view::npos ? end : end - 2)));
    const size_t colon = text.find(':');
    const std::string_view key =
        colon == std::string::npos ? "" : trimmed(std::string_view(text).substr(0, colon));
    if (key == "materialized") {
      const std::string_view value = trimmed(std::string_view(text).substr(colon + 1));
      if (value != "table" && value != "view")
        return fail(ErrorKind::kProject, fmt::format("materialized: '{}' is not known", value),
                    "Use table or view.", fmt::format("{}:{}", model.file.string(), line));
      model.materialisation = value == "view" ? Materialisation::kView : Materialisation::kTable;
    } else if (near_miss(key, {"materialized"})) {
      return fail(ErrorKind::kProject, fmt::format("'{}:' is not known in a model's header", key),
                  "Did you mean materialized?", fmt::format("{}:{}", model.file.string(), line));
    } else if (model.row.empty()) {
      model.row = text;
    }
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  return {};
}

Result<Model> load_model(const fs::path& file, const fs::path& models, const RepairBook& book) {
  Model model;
  model.file = file;
  model.name = file.stem().string();
  model.folder = file.parent_path().lexically_relative(models).generic_string();
  if (catalog::column_name(model.name) != model.name)
    return fail(ErrorKind::kProject, fmt::format("'{}' is no name for a table", model.name),
                "Use lower-case letters, digits and '_'.", file.string());
  RH_ASSIGN(model.sql, read_file(file));
  drop_byte_order_mark(model.sql);
  RH_TRY(read_header(model));
  fs::path yaml_file = file;
  yaml_file.replace_extension(".yml");
  if (fs::exists(yaml_file)) {
    RH_ASSIGN(const Yaml yaml, Yaml::load(yaml_file));
    RH_TRY(read_specification(yaml, book, model));
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
  if (catalog::column_name(seed.name) != seed.name)
    return fail(ErrorKind::kProject, fmt::format("'{}' is no name for a table", seed.name),
                "Use lower-case letters, digits and '_'.", file.string());
  RH_ASSIGN(seed.content, read_file(file));
  drop_byte_order_mark(seed.content);
  const std::string_view header = trimmed(std::string_view(seed.content).substr(0, seed.content.find('\n')));
  if (header.empty())
    return fail(ErrorKind::kProject, "the seed is empty",
                "The first line of a seed names its columns, separated by commas.", file.string() + ":1");
  for (size_t start = 0; start <= header.size();) {
    const size_t comma = std::min(header.find(',', start), header.size());
    std::string column(trimmed(header.substr(start, comma - start)));
    if (column.size() > 1 && column.front() == '"' && column.back() == '"')
      column = column.substr(1, column.size() - 2);
    if (column.empty() || catalog::column_name(column) != column)
      return fail(ErrorKind::kProject, fmt::format("'{}' is no name for a column", column),
                  "The first line of a seed names its columns: lower-case letters, digits and '_'.",
                  file.string() + ":1");
    if (std::ranges::find(seed.columns, column) != seed.columns.end())
      return fail(ErrorKind::kProject, fmt::format("the seed has two columns '{}'", column), "Rename one.",
                  file.string() + ":1");
    seed.columns.push_back(std::move(column));
    start = comma + 1;
  }
  return seed;
}

/// Reads files of one kind; of two that have one name the second is a problem.
template <typename Load, typename Item>
void load_all(const std::vector<fs::path>& files, const Load& load, const char* what,
              std::vector<Item>& items, Project& project, std::vector<Error>& problems) {
  for (const auto& file : files) {
    Result<Item> item = load(file);
    if (!item) {
      problems.push_back(std::move(item).error());
      const bool is_seed = std::string_view(what) == "seed";
      project.broken.push_back((is_seed ? "seed." : "") + file.stem().string());
      continue;
    }
    const auto same = std::ranges::find(items, item->name, &Item::name);
    if (same == items.end())
      items.push_back(std::move(*item));
    else
      problems.push_back({ErrorKind::kProject,
                          fmt::format("a {} of this name is in {} already", what, same->file.string()),
                          "Rename one of the two.", file.string()});
  }
}

/// Reads the repairs that models share, models/repairs.yml; beside a model of that name it is the model's.
Result<RepairBook> load_repairs(const fs::path& models) {
  return fs::exists(models / "repairs.sql") ? RepairBook() : RepairBook::load(models / "repairs.yml");
}

/// Finds YAML files that stand beside no model: a misspelt name would otherwise be ignored silently.
void find_orphans(const fs::path& models, std::vector<Error>& problems) {
  for (const auto& file : files_below(models, ".yml")) {
    if (file.stem().extension() == ".tests") continue;  // testing/reader.cpp looks after these
    fs::path sql = file;
    sql.replace_extension(".sql");
    if (!fs::exists(sql) && file != models / "repairs.yml")
      problems.push_back({ErrorKind::kProject, "there is no model beside this file",
                          "Expected " + sql.filename().string() + " in the same folder.", file.string()});
  }
}

}  // namespace

const Model* Project::find(const std::string& name) const {
  const auto found = std::ranges::find(models, name, &Model::name);
  return found == models.end() ? nullptr : &*found;
}

bool Project::is_broken(const std::string& table) const {
  return std::ranges::any_of(broken, [&](const std::string& each) {
    return each == table || (each == "raw.*" && table.starts_with("raw."));
  });
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
  if (auto sources = catalog::load_sources(root)) {
    project.sources = std::move(*sources);
  } else {
    problems.push_back(std::move(sources).error());
    project.broken.push_back("raw.*");
  }

  const fs::path models = root / "models";
  auto book = load_repairs(models);
  if (!book) problems.push_back(book.error());
  const RepairBook repairs = book ? std::move(*book) : RepairBook::unread();
  const auto load_below_models = [&](const fs::path& file) { return load_model(file, models, repairs); };
  load_all(files_below(models, ".sql"), load_below_models, "model", project.models, project, problems);
  find_orphans(models, problems);
  std::ranges::sort(project.models, {}, &Model::name);
  load_all(files_below(root / "seeds", ".csv"), load_seed, "seed", project.seeds, project, problems);
  return project;
}

Result<Project> load_project(const fs::path& root) {
  std::vector<Error> problems;
  Project project = load_project(root, problems);
  if (!problems.empty()) return fail(std::move(problems.front()));
  return project;
}

}  // namespace reelhouse::model
