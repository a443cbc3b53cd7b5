#include "app/watching.hpp"

#include <sys/stat.h>

#include "app/answers.hpp"
#include "base/files.hpp"
#include "metric/compiler.hpp"
#include "metric/snapshot.hpp"
#include "warehouse/versions.hpp"

namespace reelhouse::app {
namespace {

using workflow::Freshness;

/// Changes whenever somebody writes the file or what stands beside it.
std::string stamp_of(const std::filesystem::path& file) {
  std::string stamp;
  for (const char* end : {"", "-wal"}) {
    struct stat status {};
    if (::stat((file.string() + end).c_str(), &status) != 0) continue;
    stamp += fmt::format("{}.{}.{}.{} ", status.st_ino, status.st_size, status.st_mtim.tv_sec,
                         status.st_mtim.tv_nsec);
  }
  return stamp;
}

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

/// Asks measures of the published version.
Result<std::optional<double>> measured(const Settings& settings, const std::string& measure,
                                       const std::string& filter) {
  RH_ASSIGN(const auto definitions, metric::load_definitions(settings.project / "metrics"));
  RH_ASSIGN(const metric::Query query, query_of(measure, filter));
  RH_TRY(metric::resolve(definitions, query));
  metric::Definitions needed;
  needed.views.push_back(*definitions.view_of(measure));
  RH_ASSIGN(const auto warehouse, warehouse::open_warehouse(settings.published()));
  RH_ASSIGN(const auto snapshot, metric::Snapshot::open(needed, *warehouse, false));
  RH_ASSIGN(const auto session, snapshot->connect());
  RH_ASSIGN(const metric::Answer answer, snapshot->ask(*session, query));
  return number_in(answer);
}

}  // namespace

Result<> ProjectFreshness::refresh() {
  const std::string stamp = stamp_of(settings_.database());
  if (stamp == stamp_ && project_.root == settings_.project) return {};
  RH_ASSIGN(tables_, known_tables(settings_));
  std::vector<Error> problems;  // `validate` tells them
  project_ = model::load_project(settings_.project, problems);
  RH_ASSIGN(standing_, workflow::standing_of(project_, tables_));
  stamp_ = stamp;
  return {};
}

std::optional<Time> ProjectFreshness::start_of(const std::string& run) const {
  if (run.empty() || !std::filesystem::exists(settings_.runs())) return std::nullopt;
  const auto history = workflow::open_run_history(settings_.runs());
  if (!history) return std::nullopt;
  const auto found = (*history)->find(run);
  return found ? parse_iso(found->started) : std::nullopt;
}

Result<std::vector<Freshness>> ProjectFreshness::of_version(const std::string& run, const Clock& clock) {
  const std::lock_guard lock(mutex_);
  RH_TRY(refresh());
  return workflow::freshness_of(project_, standing_, workflow::arrivals_of(tables_, start_of(run)),
                                clock.now());
}

Result<std::vector<Freshness>> ProjectFreshness::now(const Clock& clock) {
  std::string run;
  if (const auto warehouse = warehouse::open_warehouse(settings_.published()))
    if (const auto version = (*warehouse)->current()) run = version->run;
  RH_ASSIGN(const auto published, of_version(run, clock));
  const std::lock_guard lock(mutex_);
  auto all = workflow::freshness_of(project_, standing_, workflow::arrivals_of(tables_), clock.now());
  std::erase_if(all, [](const Freshness& each) { return !each.is_dataset; });
  for (const auto& each : published)
    if (!each.is_dataset) all.push_back(each);
  return all;
}

std::string ProjectFreshness::dataset_of(const std::string& table) {
  const std::lock_guard lock(mutex_);
  if (const auto* declared = project_.find_source_table(table)) return declared->dataset;
  for (const auto& known : tables_)
    if (known.name == table) return known.dataset;
  return "";
}

workflow::AlertBook read_alerts(const Settings& settings, const metric::Definitions& definitions,
                                const std::vector<std::string>& workflows, std::vector<Error>& problems) {
  std::vector<Error> others;  // told by those who read them
  const model::Project project = model::load_project(settings.project, others);
  workflow::AlertNames names;
  names.workflows = workflows;
  names.measures = definitions.measure_names();
  const auto tables = known_tables(settings);
  for (const auto& source : project.sources) {
    names.tables.push_back(source.dataset);
    if (source.max_age > std::chrono::seconds(0)) names.promising.push_back(source.dataset);
    for (const auto& table : source.tables) names.tables.push_back(table.name);
  }
  for (const auto& model : project.models) {
    names.tables.push_back(model.name);
    if (model.max_age > std::chrono::seconds(0)) names.promising.push_back(model.name);
  }
  if (tables)
    for (const auto& table : *tables) names.tables.insert(names.tables.end(), {table.name, table.dataset});
  names.check_filter = [&](const std::string& measure, const std::string& filter) -> Result<> {
    RH_ASSIGN(const metric::Query query, query_of(measure, filter));
    RH_TRY(metric::resolve(definitions, query));
    return {};
  };
  return workflow::load_alerts(settings.project, names, problems);
}

Result<std::unique_ptr<workflow::Watch>> open_watch(const Settings& settings, workflow::AlertBook book,
                                                    std::vector<std::string> workflows,
                                                    const workflow::RunHistory& history, const Clock& clock,
                                                    std::function<void(const Error&)> warn) {
  const auto freshness = std::make_shared<ProjectFreshness>(settings);
  workflow::WatchOptions options;
  options.book = std::move(book);
  options.project = settings.name;
  options.file = settings.state / "alerts.db";
  options.workflows = std::move(workflows);
  options.freshness = [freshness, &clock] { return freshness->now(clock); };
  options.measure = [settings](const std::string& measure, const std::string& filter) {
    return measured(settings, measure, filter);
  };
  options.version = [settings]() -> Result<std::optional<int>> {
    RH_ASSIGN(const auto warehouse, warehouse::open_warehouse(settings.published()));
    return warehouse->current_number();
  };
  options.receipt = [settings](const std::string& run) -> Result<Json> {
    RH_ASSIGN(const std::string text, read_file(settings.store / "receipts" / (run + ".json")));
    Json receipt = Json::parse(text, nullptr, false);
    if (receipt.is_discarded())
      return fail(ErrorKind::kDamaged, fmt::format("the receipt of the run {} is no JSON", run));
    return receipt;
  };
  options.dataset_of = [freshness](const std::string& table) { return freshness->dataset_of(table); };
  options.warn = std::move(warn);
  return workflow::Watch::open(std::move(options), history, clock);
}

}  // namespace reelhouse::app
