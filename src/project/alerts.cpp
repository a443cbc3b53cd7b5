#include "project/alerts.hpp"

#include "metric/compiler.hpp"
#include "metric/snapshot.hpp"
#include "project/freshness.hpp"
#include "project/receipts.hpp"

namespace reelhouse::project {
namespace {

Result<metric::Query> query_of(const std::string& measure, const std::string& filter) {
  RH_ASSIGN(metric::Query query, metric::parse_query(Json{{"measures", {measure}}}));
  if (!filter.empty()) {
    RH_ASSIGN(query.filters, metric::parse_where(filter));
  }
  return query;
}

std::optional<double> number_in(const metric::Answer& answer) {
  if (answer.rows.size() != 1 || answer.rows.front().size() != 1) return std::nullopt;
  const engine::Cell& cell = answer.rows.front().front();
  if (const auto* whole = std::get_if<int64_t>(&cell)) return static_cast<double>(*whole);
  if (const auto* real = std::get_if<double>(&cell)) return *real;
  return std::nullopt;
}

/// Asks a measure of the published version.
Result<std::optional<double>> measured(Project& project, const std::string& measure,
                                       const std::string& filter) {
  RH_ASSIGN(const auto definitions, project.definitions());
  RH_ASSIGN(const metric::Query query, query_of(measure, filter));
  RH_TRY(metric::resolve(*definitions, query));
  metric::Definitions needed;
  needed.views.push_back(*definitions->view_of(measure));
  RH_ASSIGN(const auto warehouse, project.warehouse());
  RH_ASSIGN(const auto snapshot, metric::Snapshot::open(needed, *warehouse, false));
  RH_ASSIGN(const auto session, snapshot->connect());
  RH_ASSIGN(const metric::Answer answer, snapshot->ask(*session, query));
  return number_in(answer);
}

}  // namespace

workflow::AlertBook read_alerts(Project& project, const metric::Definitions& definitions,
                                std::vector<Error>& problems) {
  const auto models = project.models();  // its problems are told by those who ask for it
  workflow::AlertNames names;
  names.workflows = project.workflows()->names();
  names.measures = definitions.measure_names();
  for (const auto& source : models->project.sources) {
    names.tables.push_back(source.dataset);
    if (source.max_age > std::chrono::seconds(0)) names.promising.push_back(source.dataset);
    for (const auto& table : source.tables) names.tables.push_back(table.name);
  }
  for (const auto& model : models->project.models) {
    names.tables.push_back(model.name);
    if (model.max_age > std::chrono::seconds(0)) names.promising.push_back(model.name);
  }
  if (const auto catalog = project.catalog())
    for (const auto& table : (*catalog)->tables)
      names.tables.insert(names.tables.end(), {table.name, table.dataset});
  names.check_filter = [&](const std::string& measure, const std::string& filter) -> Result<> {
    RH_ASSIGN(const metric::Query query, query_of(measure, filter));
    RH_TRY(metric::resolve(definitions, query));
    return {};
  };
  return workflow::load_alerts(project.settings().alerts(), names, problems);
}

Result<std::unique_ptr<workflow::Watch>> open_watch(const std::shared_ptr<Project>& project,
                                                    workflow::AlertBook book,
                                                    const workflow::RunHistory& history, const Clock& clock,
                                                    std::function<void(const Error&)> warn) {
  const auto freshness = std::make_shared<ProjectFreshness>(project);
  workflow::WatchOptions options;
  options.book = std::move(book);
  options.project = project->settings().name;
  options.file = project->settings().alerts_db();
  options.workflows = project->workflows()->names();
  options.freshness = [freshness, &clock] { return freshness->now(clock); };
  options.measure = [project](const std::string& measure, const std::string& filter) {
    return measured(*project, measure, filter);
  };
  options.version = [project]() -> Result<std::optional<int>> {
    RH_ASSIGN(const auto warehouse, project->warehouse());
    return warehouse->current_number();
  };
  options.receipt = [project](const std::string& run) { return receipt_of(*project, run); };
  options.dataset_of = [freshness](const std::string& table) { return freshness->dataset_of(table); };
  options.warn = std::move(warn);
  return workflow::Watch::open(std::move(options), history, clock);
}

}  // namespace reelhouse::project
