#include "project/project.hpp"

#include <sys/stat.h>

#include <algorithm>

#include "base/near_miss.hpp"

namespace reelhouse::project {
namespace {

namespace fs = std::filesystem;

/// Takes datasets from the names of their files, where sources/ cannot be read.
std::vector<std::string> declared_datasets(const fs::path& sources) {
  std::vector<std::string> datasets;
  std::error_code code;
  for (fs::directory_iterator it(sources, code), end; !code && it != end; it.increment(code))
    datasets.push_back(it->path().stem().string());
  return datasets;
}

bool contains(const std::vector<workflow::Workflow>& workflows, const std::string& name) {
  return std::ranges::find(workflows, name, &workflow::Workflow::name) != workflows.end();
}

/// Tells one file from another that has taken its place; nothing of its content.
std::string identity_of(const fs::path& file) {
  struct stat status {};
  return ::stat(file.c_str(), &status) == 0 ? std::to_string(status.st_ino) : "";
}

}  // namespace

std::vector<std::string> Workflows::names() const {
  std::vector<std::string> names;
  for (const auto& workflow : all) names.push_back(workflow.name);
  return names;
}

Result<std::shared_ptr<Project>> Project::open(const Choice& choice) {
  RH_ASSIGN(auto settings, load_settings(choice));
  return std::make_shared<Project>(choice, std::move(settings));
}

std::string Project::models_stamp() const {
  return stamp_of({settings_.sources(), settings_.seeds(), settings_.models()});
}

std::shared_ptr<const Models> Project::models() {
  return *models_.get(models_stamp(), [&]() -> Result<std::shared_ptr<Models>> {
    auto models = std::make_shared<Models>();
    models->project = model::load_project(settings_.project, models->problems);
    return models;
  });
}

Result<std::shared_ptr<const metric::Definitions>> Project::definitions() {
  return definitions_.get(stamp_of({settings_.metrics()}),
                          [&]() -> Result<std::shared_ptr<metric::Definitions>> {
                            RH_ASSIGN(auto definitions, metric::load_definitions(settings_.metrics()));
                            return std::make_shared<metric::Definitions>(std::move(definitions));
                          });
}

std::shared_ptr<const Workflows> Project::workflows() {
  // They name models and sources, which decide whether a file is right.
  return *workflows_.get(
      models_stamp() + stamp_of({settings_.workflows()}), [&]() -> Result<std::shared_ptr<Workflows>> {
        auto workflows = std::make_shared<Workflows>();
        auto& all = workflows->all;
        all = workflow::load_workflows(settings_.workflows(), names(), workflows->problems);
        const std::string usual = workflow::kDefaultWorkflow;
        const bool has_file = fs::exists(settings_.workflows() / (usual + ".yml"));
        if (!has_file && !contains(all, usual)) all.push_back(workflow::default_workflow());
        return workflows;
      });
}

Result<std::shared_ptr<const Cataloged>> Project::catalog() {
  const fs::path file = settings_.catalog_db();
  std::error_code code;
  const fs::path log = file.string() + "-wal";  // holds what was written last, until it is empty
  const std::string stamp =
      stamp_of(fs::file_size(log, code) > 0 && !code ? std::vector{file, log} : std::vector{file});
  return catalog_.get(stamp, [&]() -> Result<std::shared_ptr<Cataloged>> {
    auto cataloged = std::make_shared<Cataloged>();
    if (!fs::exists(file)) return cataloged;
    RH_ASSIGN(cataloged->catalog, catalog::open_catalog(file));
    RH_ASSIGN(cataloged->tables, cataloged->catalog->tables());
    return cataloged;
  });
}

Result<std::shared_ptr<Bound>> Project::bound() {
  RH_ASSIGN(const auto known, catalog());
  const auto read = models();
  // A part that was read again is another object, and never lies where one that is still held does.
  const std::string stamp =
      fmt::format("{} {}", static_cast<const void*>(known.get()), static_cast<const void*>(read.get()));
  return bound_.get(stamp, [&]() -> Result<std::shared_ptr<Bound>> {
    auto bound = std::make_shared<Bound>();
    bound->models = read;
    bound->catalog = known;
    bound->problems = read->problems;
    RH_ASSIGN(bound->binding, model::Binding::bind(read->project, known->tables, bound->problems));
    bound->lineage.emplace(*bound->binding, known->tables);
    return bound;
  });
}

bool Project::has_history() const {
  return fs::exists(settings_.runs_db());
}

Result<std::shared_ptr<workflow::RunHistory>> Project::history() {
  // A new file has no inode before it is made; the history that made it is the one to keep.
  const fs::path file = settings_.runs_db();
  if (!fs::exists(file)) {
    RH_TRY(workflow::open_run_history(file));
  }
  return history_.get(identity_of(file), [&]() -> Result<std::shared_ptr<workflow::RunHistory>> {
    RH_ASSIGN(auto history, workflow::open_run_history(file));
    return std::shared_ptr<workflow::RunHistory>(std::move(history));
  });
}

Result<std::shared_ptr<warehouse::Warehouse>> Project::warehouse() {
  return warehouse_.get("", [&]() -> Result<std::shared_ptr<warehouse::Warehouse>> {
    RH_ASSIGN(auto warehouse, warehouse::open_warehouse(settings_.published()));
    return std::shared_ptr<warehouse::Warehouse>(std::move(warehouse));
  });
}

Result<workflow::Workflow> Project::workflow(const std::string& name) {
  const auto read = workflows();
  const auto found = std::ranges::find(read->all, name, &workflow::Workflow::name);
  if (found != read->all.end()) return *found;
  for (const auto& problem : read->problems)  // the file of that name is the likeliest to be meant
    if (problem.where.find("/" + name + ".y") != std::string::npos) return fail(problem);
  return fail(ErrorKind::kUsage, fmt::format("there is no workflow '{}'", name),
              did_you_mean(name, read->names(), "List them with: reelhouse workflows"));
}

workflow::ProjectNames Project::places() const {
  workflow::ProjectNames names;
  names.project = settings_.project;
  names.folders = settings_.own_folders();
  names.lake = settings_.lake;
  names.store = settings_.store_bucket.empty() ? settings_.store.string() : settings_.store_bucket;
  if (!warehouse::is_server(settings_.warehouse)) names.warehouse = settings_.warehouse;
  return names;
}

workflow::ProjectNames Project::names() {
  const auto read = models();  // its problems are told by those who ask for it
  const model::Project& project = read->project;
  workflow::ProjectNames names = places();
  for (const auto& source : project.sources) {
    names.sources.push_back(source.dataset);
    if (source.fetch) names.fetched.push_back(source.dataset);
  }
  for (const auto& model : project.models) {
    names.selectable.push_back(model.name);
    if (std::ranges::find(names.selectable, model.folder) == names.selectable.end())
      names.selectable.push_back(model.folder);
    if (model.published()) names.published.push_back(model.name);
  }
  for (const auto& name : project.broken) {  // what is broken itself is not unknown as well
    names.selectable.push_back(name);
    names.published.push_back(name);
  }
  if (project.is_broken("raw.*"))
    for (const auto& dataset : declared_datasets(settings_.sources())) {
      names.sources.push_back(dataset);
      names.fetched.push_back(dataset);
    }
  return names;
}

workflow::PipelineOptions Project::pipeline_options() {
  workflow::PipelineOptions options;
  options.load = [this]() -> Result<model::Project> {
    const auto read = models();
    if (!read->problems.empty()) return fail(read->problems.front());
    return read->project;
  };
  options.project = settings_.project;
  options.lake = settings_.lake;
  options.store = settings_.store;
  options.store_bucket = settings_.store_bucket;
  options.warehouse = settings_.published();
  options.exclude = settings_.exclude;
  options.keep_versions = settings_.keep_versions;
  options.catalog = settings_.catalog_db();
  options.objects = settings_.objects();
  options.spill = settings_.spill();
  options.steps = settings_.steps();
  options.lock = settings_.run_lock();
  options.last_publish = settings_.last_publish();
  options.passed_checks = settings_.passed_checks();
  options.receipts = settings_.receipts();
  return options;
}

workflow::Program Project::program() const {
  std::error_code code;
  workflow::Program program;
  program.arguments = {fs::read_symlink("/proc/self/exe", code).string(), "--project",
                       fs::absolute(settings_.project).string()};
  const auto add = [&](const char* flag, const std::string& value) {
    if (value.empty()) return;
    const bool is_path = value.find(":/") == std::string::npos && !warehouse::is_server(value);
    program.arguments.insert(program.arguments.end(), {flag, is_path ? fs::absolute(value).string() : value});
  };
  add("--lake", choice_.lake);
  add("--store", choice_.store);
  if (!choice_.engine.empty())
    program.arguments.insert(program.arguments.end(), {"--engine", choice_.engine});
  // A server's address may hold a password, which a process list would show: it goes by the environment.
  if (!choice_.warehouse.empty()) program.environment["REELHOUSE_WAREHOUSE"] = choice_.warehouse;
  return program;
}

Reads Project::reads() const {
  return {models_.reads(), definitions_.reads(), workflows_.reads(), catalog_.reads(),
          bound_.reads(),  history_.reads(),     warehouse_.reads()};
}

}  // namespace reelhouse::project
