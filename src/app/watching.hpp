#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "app/command.hpp"
#include "catalog/catalog.hpp"
#include "metric/definition.hpp"
#include "model/project.hpp"
#include "workflow/alert/freshness.hpp"
#include "workflow/alert/watch.hpp"

namespace reelhouse::app {

/// Knows how old the project's datasets and tables are. Reads the project, and what stands on what, again
/// only when the catalog has changed. Thread-safe.
class ProjectFreshness {
 public:
  explicit ProjectFreshness(Settings settings) : settings_(std::move(settings)) {}
  /// Datasets as the lake was crawled last; models as the published version holds them. Errors: as the
  /// catalog.
  Result<std::vector<workflow::Freshness>> now(const Clock& clock);
  /// All of it as the version holds it that this run published. Errors: as the catalog.
  Result<std::vector<workflow::Freshness>> of_version(const std::string& run, const Clock& clock);
  /// The dataset of a table of the catalog; empty when it is not known.
  std::string dataset_of(const std::string& table);

 private:
  Result<> refresh();
  std::optional<Time> start_of(const std::string& run) const;

  Settings settings_;
  std::mutex mutex_;
  std::string stamp_;  ///< of the catalog's files
  model::Project project_;
  std::vector<catalog::CatalogTable> tables_;
  workflow::Standing standing_;
};

/// Reads alerts.yml and holds it against the project. Adds every problem.
workflow::AlertBook read_alerts(const Settings& settings, const metric::Definitions& definitions,
                                const std::vector<std::string>& workflows, std::vector<Error>& problems);

/// Opens the watch of this project. `history` and `clock` outlive it. Errors: as workflow::Watch::open.
Result<std::unique_ptr<workflow::Watch>> open_watch(const Settings& settings, workflow::AlertBook book,
                                                    std::vector<std::string> workflows,
                                                    const workflow::RunHistory& history, const Clock& clock,
                                                    std::function<void(const Error&)> warn);

}  // namespace reelhouse::app
