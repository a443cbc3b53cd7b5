#include "project/freshness.hpp"

namespace reelhouse::project {

using workflow::Freshness;

Result<ProjectFreshness::Ground> ProjectFreshness::ground() {
  RH_ASSIGN(const auto catalog, project_->catalog());
  const auto models = project_->models();
  const std::lock_guard lock(mutex_);
  if (ground_.models != models || ground_.catalog != catalog) {
    RH_ASSIGN(auto standing, workflow::standing_of(models->project, catalog->tables));
    ground_ = {models, catalog, std::move(standing)};
  }
  return ground_;
}

std::optional<Time> ProjectFreshness::start_of(const std::string& run) const {
  if (run.empty() || !project_->has_history()) return std::nullopt;
  const auto history = project_->history();
  if (!history) return std::nullopt;
  const auto found = (*history)->find(run);
  return found ? parse_iso(found->started) : std::nullopt;
}

Result<std::vector<Freshness>> ProjectFreshness::of_version(const std::string& run, const Clock& clock) {
  RH_ASSIGN(const Ground on, ground());
  return workflow::freshness_of(on.models->project, on.standing,
                                workflow::arrivals_of(on.catalog->tables, start_of(run)), clock.now());
}

Result<std::vector<Freshness>> ProjectFreshness::now(const Clock& clock) {
  std::string run;
  if (const auto warehouse = project_->warehouse())
    if (const auto version = (*warehouse)->current()) run = version->run;
  RH_ASSIGN(const auto published, of_version(run, clock));
  RH_ASSIGN(const Ground on, ground());
  auto all = workflow::freshness_of(on.models->project, on.standing,
                                    workflow::arrivals_of(on.catalog->tables), clock.now());
  std::erase_if(all, [](const Freshness& each) { return !each.is_dataset; });
  for (const auto& each : published)
    if (!each.is_dataset) all.push_back(each);
  return all;
}

std::string ProjectFreshness::dataset_of(const std::string& table) {
  if (const auto* declared = project_->models()->project.find_source_table(table)) return declared->dataset;
  if (const auto catalog = project_->catalog())
    for (const auto& known : (*catalog)->tables)
      if (known.name == table) return known.dataset;
  return "";
}

}  // namespace reelhouse::project
