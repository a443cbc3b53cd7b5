#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "project/project.hpp"
#include "workflow/alert/freshness.hpp"

namespace reelhouse::project {

/// Knows how old the project's datasets and tables are. What stands on what is worked out again only when the
/// catalog or the models have changed. Thread-safe.
class ProjectFreshness {
 public:
  explicit ProjectFreshness(std::shared_ptr<Project> project) : project_(std::move(project)) {}
  /// Datasets as the lake was crawled last; models as the published version holds them. Errors: as the
  /// catalog.
  Result<std::vector<workflow::Freshness>> now(const Clock& clock);
  /// All of it as the version holds it that this run published. Errors: as the catalog.
  Result<std::vector<workflow::Freshness>> of_version(const std::string& run, const Clock& clock);
  /// The dataset of a table of the catalog; empty when it is not known.
  std::string dataset_of(const std::string& table);

 private:
  /// What the lake held, and what stands on it.
  struct Ground {
    std::shared_ptr<const Models> models;
    std::shared_ptr<const Cataloged> catalog;
    workflow::Standing standing;
  };
  Result<Ground> ground();
  std::optional<Time> start_of(const std::string& run) const;

  const std::shared_ptr<Project> project_;
  std::mutex mutex_;  ///< guards the next line
  Ground ground_;
};

}  // namespace reelhouse::project
