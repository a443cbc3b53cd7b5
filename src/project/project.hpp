#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "catalog/catalog.hpp"
#include "metric/definition.hpp"
#include "model/lineage.hpp"
#include "model/project.hpp"
#include "project/kept.hpp"
#include "project/settings.hpp"
#include "workflow/define/definition.hpp"
#include "workflow/history/runs.hpp"
#include "workflow/run/command_process.hpp"
#include "workflow/run/pipeline.hpp"

namespace reelhouse::project {

/// sources/, seeds/ and models/; what has a problem is left out.
struct Models {
  model::Project project;
  std::vector<Error> problems;
};

/// workflows/, and the default one where no file defines it; what has a problem is left out.
struct Workflows {
  std::vector<workflow::Workflow> all;
  std::vector<Error> problems;

  std::vector<std::string> names() const;
};

/// What the last crawl kept.
struct Cataloged {
  std::unique_ptr<catalog::Catalog> catalog;  ///< null before the first crawl
  std::vector<catalog::CatalogTable> tables;  ///< empty then
};

/// The models, bound against what the catalog holds. Whoever uses `binding` or `lineage` holds `mutex`.
struct Bound {
  std::shared_ptr<const Models> models;
  std::shared_ptr<const Cataloged> catalog;
  std::optional<model::Binding> binding;
  std::optional<model::Lineage> lineage;
  std::vector<Error> problems;  ///< of the models, and of binding them
  std::mutex mutex;
};

/// How often each part of a project was opened or read; for tests.
struct Reads {
  int models = 0;
  int definitions = 0;
  int workflows = 0;
  int catalog = 0;
  int bound = 0;
  int history = 0;
  int warehouse = 0;
};

/// A project that was opened: its settings, and what lies behind them. Each part is opened when it is first
/// asked for, once; one that people or other processes may change is read again when its files have changed,
/// so that a server shows what is there and a question costs a look at the files' times. Thread-safe; what is
/// handed out stays valid while it is held.
class Project {
 public:
  /// Reads reelhouse.yaml; nothing else yet. Errors: as load_settings.
  static Result<std::shared_ptr<Project>> open(const Choice& choice);
  Project(Choice choice, Settings settings) : choice_(std::move(choice)), settings_(std::move(settings)) {}
  Project(const Project&) = delete;
  Project& operator=(const Project&) = delete;

  const Settings& settings() const { return settings_; }

  std::shared_ptr<const Models> models();
  /// Errors: kProject (metrics/ has a mistake).
  Result<std::shared_ptr<const metric::Definitions>> definitions();
  std::shared_ptr<const Workflows> workflows();
  /// Errors: as catalog::open_catalog.
  Result<std::shared_ptr<const Cataloged>> catalog();
  /// Errors: as catalog(); kInternal, kInterrupted; nothing about the project itself.
  Result<std::shared_ptr<Bound>> bound();
  /// Makes the history's file where there is none. Errors: as workflow::open_run_history.
  Result<std::shared_ptr<workflow::RunHistory>> history();
  bool has_history() const;
  /// Errors: kUsage (a place that cannot be).
  Result<std::shared_ptr<warehouse::Warehouse>> warehouse();

  /// Finds a workflow by name. Errors: kProject (its file is wrong), kUsage with the near miss.
  Result<workflow::Workflow> workflow(const std::string& name);
  /// What workflows may name of the project.
  workflow::ProjectNames names();
  /// Of it, where things lie; reads nothing.
  workflow::ProjectNames places() const;
  workflow::PipelineOptions pipeline_options();
  /// This program, with the flags and variables that bring a child to the same project and places.
  workflow::Program program() const;

  Reads reads() const;

 private:
  std::string models_stamp() const;

  const Choice choice_;
  const Settings settings_;
  Kept<Models> models_;
  Kept<metric::Definitions> definitions_;
  Kept<Workflows> workflows_;
  Kept<Cataloged> catalog_;
  Kept<Bound> bound_;
  Kept<workflow::RunHistory> history_;
  Kept<warehouse::Warehouse> warehouse_;
};

}  // namespace reelhouse::project
