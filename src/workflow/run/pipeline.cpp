#include "workflow/run/pipeline.hpp"

#include <algorithm>
#include <thread>

#include "base/files.hpp"
#include "base/hash.hpp"
#include "base/interrupt.hpp"
#include "base/text.hpp"
#include "workflow/run/deliveries.hpp"
#include "workflow/run/publication.hpp"
#include "workflow/run/receipt.hpp"

namespace reelhouse::workflow {
namespace {

namespace fs = std::filesystem;

constexpr size_t kOldBuilds = 2;  ///< builds kept of a model besides the newest, for going back and forth

/// Remembers what the last published version was made of, so that an unchanged run can end early.
struct LastPublish {
  std::string content;  ///< hash of all fingerprints, checks and descriptions
  int version = 0;
  std::string server;  ///< of a warehouse that is no folder; a folder moves with its project

  static LastPublish load(const fs::path& file) {
    const auto text = read_file(file);
    if (!text) return {};
    const Json json = Json::parse(*text, nullptr, false);
    if (!json.is_object()) return {};
    return {json.value("content", ""), json.value("version", 0), json.value("server", "")};
  }
  Result<> save(const fs::path& file) const {
    return write_file_atomically(file,
                                 Json{{"content", content}, {"version", version}, {"server", server}}.dump());
  }
};

/// What a build is asked for.
struct Selection {
  std::vector<std::string> models;  ///< empty = all
  bool full_refresh = false;
};

/// Members are in the order in which they come to life.
class LocalPipeline final : public Pipeline {
 public:
  LocalPipeline(PipelineOptions options, const Clock& clock, Say say, TellPart tell)
      : options_(std::move(options)),
        clock_(clock),
        say_(std::move(say)),
        tell_(std::move(tell)),
        curated_(options_.store) {}

  Result<> take_hold(const std::function<bool()>& wait);
  void name_run(const std::string& run) override { run_ = run; }
  Result<uint64_t> crawl() override;
  Result<uint64_t> build() override;
  Result<uint64_t> check() override;
  Result<uint64_t> publish() override;
  Json write_receipt(const Run& run, const std::string& error) override;
  const PipelineResult& result() const override { return result_; }

 private:
  Result<> open_lake();
  Result<> recall_crawl();
  Result<> plan(const Selection& selection);
  Result<bool> nothing_changed();
  Result<> build_models();
  void tell_outcome(const model::ModelOutcome& outcome);
  Result<> complete_selection();
  Result<> check_writable();
  std::vector<model::CheckResult> check_delivery() const {
    return model::check_delivery(project_, crawled_.tables, crawled_.unreadable,
                                 std::chrono::floor<std::chrono::days>(clock_.now()));
  }
  Result<> judge_deliveries(bool with_reasons);
  void account_for(const std::vector<model::ModelOutcome>& outcomes);
  void tell_account() const;
  void tell_left_out() const;
  void forget_old_copies() const;
  Result<> stop_on_failed_checks();
  std::string content_hash() const;
  int workers() const {
    const unsigned cores =
        options_.threads > 0 ? static_cast<unsigned>(options_.threads) : std::thread::hardware_concurrency();
    return static_cast<int>(std::clamp(cores, 1U, 4U));
  }
  std::string server() const {
    return warehouse::is_server(options_.warehouse.location) ||
                   warehouse::is_bucket(options_.warehouse.location)
               ? warehouse_->name()
               : "";
  }
  lake::StoreOptions object_copies() const { return {options_.objects, 0}; }

  const PipelineOptions options_;
  const Clock& clock_;
  const Say say_;
  const TellPart tell_;
  std::vector<FileLock> locks_;
  std::unique_ptr<model::BuildMirror> mirror_;
  model::Curated curated_;
  std::unique_ptr<warehouse::Warehouse> warehouse_;
  Json phases_ = Json::array();
  std::string run_;
  PipelineResult result_;

  model::Project project_;
  std::unique_ptr<lake::ObjectStore> lake_;
  std::unique_ptr<catalog::Catalog> catalog_;
  catalog::CrawlReport crawled_;
  bool is_crawled_ = false;
  std::unique_ptr<engine::Database> database_;
  model::Graph graph_;
  model::BuildOptions build_options_;
  std::unique_ptr<model::Builder> builder_;
  bool is_built_ = false;
  bool is_partial_ = false;  ///< a selection was built, not every model
  bool is_checked_ = false;
};

/// Takes a lock; waits for it as long as `wait` says so.
Result<FileLock> take_lock(const fs::path& file, const char* doing, const std::function<bool()>& wait,
                           const Say& say) {
  bool is_told = false;
  while (true) {
    auto lock = FileLock::take(file, doing);
    if (lock || lock.error().kind != ErrorKind::kBusy || !wait || !wait()) return lock;
    if (!is_told) say("waits for another run: " + lock.error().to_string());
    is_told = true;
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
}

Result<> LocalPipeline::take_hold(const std::function<bool()>& wait) {
  RH_ASSIGN(warehouse_, warehouse::open_warehouse(options_.warehouse));
  if (!options_.store_bucket.empty()) {
    RH_ASSIGN(auto bucket, lake::open_store(options_.store_bucket, object_copies()));
    mirror_ = std::make_unique<model::BuildMirror>(std::move(bucket));
    curated_ = model::Curated(options_.store, mirror_.get());
  }
  RH_TRY(make_folders(options_.lock.parent_path()));
  RH_ASSIGN(auto lock, take_lock(options_.lock, "running this project", wait, say_));
  locks_.push_back(std::move(lock));
  RH_ASSIGN(auto store_lock, take_lock(options_.store / ".lock", "building into this store", wait, say_));
  locks_.push_back(std::move(store_lock));
  std::error_code code;
  fs::remove_all(options_.spill, code);
  return {};
}

Result<> LocalPipeline::open_lake() {
  if (lake_) return {};
  RH_ASSIGN(project_, options_.load());
  RH_ASSIGN(catalog_, catalog::open_catalog(options_.catalog));
  RH_ASSIGN(lake_, lake::open_store(options_.lake, object_copies()));
  return {};
}

/// Takes what the last crawl kept where this process ran none.
Result<> LocalPipeline::recall_crawl() {
  if (is_crawled_) return {};
  RH_TRY(open_lake());
  RH_ASSIGN(crawled_.tables, catalog_->tables());
  RH_ASSIGN(crawled_.unreadable, catalog_->unreadable());
  if (crawled_.tables.empty())
    return fail(ErrorKind::kNotFound, "the catalog is empty: nothing was crawled yet",
                "Put a crawl step before, or run: reelhouse crawl");
  is_crawled_ = true;
  return {};
}

Result<uint64_t> LocalPipeline::crawl() {
  const PhaseTimer timer(phases_, "crawl");
  RH_TRY(open_lake());
  RH_ASSIGN(
      crawled_,
      catalog_->crawl(*lake_, project_.sources,
                      {.dry_run = false, .exclude = options_.exclude, .threads = options_.threads}, clock_));
  result_.changes = crawled_.changes;
  size_t objects = 0;
  uint64_t records = 0;
  for (const auto& table : crawled_.tables) {
    objects += table.objects.size();
    records += table.records();
  }
  say_(fmt::format("crawl    {} objects, {} tables, {} records; {} read anew  {:.1f} s", objects,
                   crawled_.tables.size(), records, crawled_.objects_read, timer.seconds()));
  if (objects == 0)
    say_(fmt::format("crawl    no object lies below {}/raw; the lake is the folder that holds raw/",
                     options_.lake));
  for (const auto& object : crawled_.unreadable)
    say_(fmt::format("crawl    cannot read {}: {}", object.info.key, object.problem));
  is_crawled_ = true;
  return records;
}

Result<> LocalPipeline::plan(const Selection& selection) {
  const PhaseTimer timer(phases_, "plan");
  builder_.reset();
  engine::DatabaseOptions database;
  database.threads = options_.threads;
  database.memory_limit = options_.memory_limit;
  database.temporary = options_.spill.string();
  RH_ASSIGN(database_, engine::open_duckdb(database));
  RH_ASSIGN(auto session, database_->connect());
  RH_TRY(session->execute("set preserve_insertion_order = false"));
  std::vector<std::string> tables;
  for (const auto& table : crawled_.tables) tables.push_back(table.name);
  std::vector<Error> problems;
  graph_ = model::resolve(project_, *session, tables, problems);
  if (!problems.empty()) {
    for (size_t i = 1; i < problems.size(); ++i) say_("error: " + problems[i].to_string());
    return fail(problems.front());
  }
  RH_ASSIGN(build_options_.selected, model::select(graph_, selection.models));
  build_options_.full_refresh = selection.full_refresh;
  build_options_.workers = workers();
  builder_ = std::make_unique<model::Builder>(project_, graph_, *lake_, *catalog_, crawled_.tables, curated_,
                                              *database_);
  return {};
}

std::string LocalPipeline::content_hash() const {
  std::string text;
  for (const auto& node : graph_.nodes) {
    const auto& model = *node.model;
    text += builder_->prints().at(model.name) + model.name + model.description + model.folder + "\n";
    for (const auto& column : model.columns) text += column.name + ":" + column.description + "\n";
    for (const auto& check : model.checks)
      text += fmt::format("{} {} {}\n", check.name, static_cast<int>(check.severity), check.sql);
  }
  for (const auto& object : crawled_.unreadable) text += object.info.key + object.info.etag + "\n";
  for (const auto& table : crawled_.tables)  // what models do not read may still be a delivery
    if (project_.find_source_table(table.name) == nullptr)
      for (const auto& object : table.objects) text += object.info.key + object.info.etag + "\n";
  for (const auto& source : project_.sources)
    for (const auto& table : source.tables)
      text += fmt::format("{} {} {}\n", table.name, table.limits.may_lose, table.limits.warn_lost);
  return sha256(text).substr(0, 24);
}

Result<bool> LocalPipeline::nothing_changed() {
  if (is_partial_ || options_.full_refresh || !options_.accept.empty()) return false;
  const LastPublish last = LastPublish::load(options_.last_publish);
  if (last.version == 0 || last.content != content_hash() || last.server != server()) return false;
  const auto current = warehouse_->current();
  if (!current || !builder_->all_known(build_options_)) return false;
  const auto outcomes = builder_->known_outcomes();
  account_for(outcomes);
  RH_TRY(judge_deliveries(false));
  if (std::ranges::any_of(result_.losses, &model::Loss::stops)) return false;  // it is let in no more
  result_.unchanged = true;
  result_.known = outcomes.size();
  if (current->number != last.version)
    say_(
        fmt::format("nothing has changed since version {}; version {} is current because of a rollback. "
                    "'reelhouse rollback {}' goes forward again.",
                    last.version, current->number, last.version));
  else
    say_(fmt::format("nothing has changed: version {} stays current", current->number));
  tell_left_out();
  if (const auto remarks = warehouse_->tend(options_.keep_versions))
    for (const auto& remark : *remarks) say_("publish  " + remark);
  tell_account();
  return true;
}

/// Tells what became of one model.
void LocalPipeline::tell_outcome(const model::ModelOutcome& outcome) {
  const auto& record = outcome.record;
  Step part{.name = "build " + outcome.model, .state = RunState::kSucceeded, .parent = "build"};
  switch (outcome.state) {
    case model::BuildState::kBuilt:
      ++result_.built;
      say_(fmt::format("build    {:<32} {:>12} rows{}  {:.2f} s", outcome.model, record.rows,
                       record.rejected > 0 ? fmt::format(", {} rejected", record.rejected) : "",
                       record.seconds));
      part.seconds = record.seconds;
      part.rows = record.rows;
      return tell_(std::move(part));
    case model::BuildState::kKnown:
      ++result_.known;
      return;
    case model::BuildState::kView:
      return;
    case model::BuildState::kFailed:
      part.state = RunState::kFailed;
      part.message = outcome.error;
      return tell_(std::move(part));
    case model::BuildState::kSkipped:
      say_(fmt::format("skipped  {}: {} failed", outcome.model, outcome.error));
      part.state = RunState::kSkipped;
      part.message = outcome.error + " failed";
      return tell_(std::move(part));
  }
}

Result<> LocalPipeline::build_models() {
  const PhaseTimer timer(phases_, "build");
  curated_.remove_leftovers();
  RH_TRY(builder_->define_inputs());
  RH_TRY(builder_->build(build_options_, [&](const model::ModelOutcome& outcome) { tell_outcome(outcome); }));
  RH_TRY(builder_->define_audit());
  say_(fmt::format("build    {} built, {} known  {:.1f} s", result_.built, result_.known, timer.seconds()));
  return {};
}

Result<uint64_t> LocalPipeline::build() {
  RH_TRY(recall_crawl());
  RH_TRY(plan({options_.select, options_.full_refresh}));
  is_partial_ = !options_.select.empty();
  RH_TRY(tables_to_let_in(options_.accept, crawled_.tables));
  RH_ASSIGN(const bool is_unchanged, nothing_changed());
  if (!is_unchanged) {
    std::vector<model::CheckResult> by_models;  // none yet: until they are built the crawl alone has rejected
    result_.objects = model::account(graph_, {}, crawled_.tables, by_models);
    result_.checks = check_delivery();
    RH_TRY(stop_on_failed_checks());
    RH_TRY(check_writable());
    RH_TRY(build_models());
  }
  is_built_ = true;
  return result_.built;
}

Result<uint64_t> LocalPipeline::check() {
  if (!is_built_) RH_TRY(build());
  if (result_.unchanged) return 0;
  {
    const PhaseTimer timer(phases_, "check");
    model::PassedChecks passed(options_.passed_checks);
    RH_ASSIGN(const auto run, model::run_checks(*builder_, graph_, *database_, passed, workers()));
    account_for(builder_->outcomes());
    RH_TRY(judge_deliveries(true));
    const auto kept = model::check_kept(project_, result_.objects, accepted_drops(result_.losses));
    result_.checks.insert(result_.checks.end(), kept.begin(), kept.end());
    result_.checks.insert(result_.checks.end(), run.results.begin(), run.results.end());
    if (!run.left_out.empty())
      say_(fmt::format("check    left out, for they read models that are not selected: {}",
                       fmt::join(run.left_out, ", ")));
  }
  RH_TRY(stop_on_failed_checks());
  is_checked_ = true;
  if (!options_.publishes) tell_account();
  return result_.checks.size();
}

/// Counts what became of the records and values that were delivered.
void LocalPipeline::account_for(const std::vector<model::ModelOutcome>& outcomes) {
  result_.objects = model::account(graph_, outcomes, crawled_.tables, result_.checks);
  result_.repaired = 0;
  result_.lost_values = 0;
  for (const auto& outcome : outcomes) {
    for (const auto& [kind, count] : outcome.record.repairs) result_.repaired += count;
    for (const auto& [column, count] : outcome.record.lost) result_.lost_values += count;
  }
}

/// Judges what the deliveries lost, and lets in what was or is accepted.
Result<> LocalPipeline::judge_deliveries(bool with_reasons) {
  result_.losses = model::judge_losses(project_, result_.objects);
  if (with_reasons) {
    RH_ASSIGN(auto session, database_->connect());
    RH_TRY(model::explain(result_.losses, result_.objects, *session));
  }
  RH_ASSIGN(const auto tables, tables_to_let_in(options_.accept, crawled_.tables));
  RH_TRY(let_in(result_.losses, tables, model::Acceptances(options_.store, mirror_.get()), run_, clock_.now(),
                say_));
  const auto checks = model::check_losses(project_, result_.losses);
  result_.checks.insert(result_.checks.end(), checks.begin(), checks.end());
  return {};
}

/// Counts what the crawl left out and people may miss.
void LocalPipeline::tell_left_out() const {
  size_t files = 0;
  std::string kinds;
  for (const auto& [kind, count] : crawled_.left_out) {
    files += count;
    kinds += fmt::format("{}{} {}", kinds.empty() ? "" : ", ", kind, count);
  }
  if (files > 0)
    say_(
        fmt::format("left out {} ({}): 'reelhouse crawl' says which and why", counted(files, "file"), kinds));
}

void LocalPipeline::tell_account() const {
  tell_left_out();
  for (const auto& line : account_lines(result_)) say_(line);
}

/// Says what failed; a failure of severity error ends the run.
Result<> LocalPipeline::stop_on_failed_checks() {
  size_t failed = 0;
  size_t warned = 0;
  for (const auto& check : result_.checks) {
    if (check.passed) continue;
    const bool is_error = check.severity == model::Severity::kError;
    (is_error ? failed : warned) += 1;
    say_(fmt::format("check    {} {}: {} ({} {})", is_error ? "FAILED" : "warning", check.model, check.name,
                     check.failures, check.failures == 1 ? "row" : "rows"));
    if (is_error && check.name == model::kShareCheck) continue;  // what ends the run tells it
    for (const auto& example : check.examples) say_("           " + example);
    if (is_error && !check.description.empty())
      say_("           " + std::string(trimmed(check.description, " \n")));
  }
  say_(fmt::format("check    {} checks, {} failed, {} warnings", result_.checks.size(), failed, warned));
  if (failed == 0) return {};
  is_built_ ? tell_account() : tell_left_out();
  const auto stopped = std::ranges::count_if(result_.checks, [](const model::CheckResult& check) {
    return !check.passed && check.severity == model::Severity::kError && check.name == model::kShareCheck;
  });
  if (auto stop = stop_of(result_.losses, failed - static_cast<size_t>(stopped)))
    return fail(std::move(*stop));
  return fail(
      ErrorKind::kCheckFailed,
      fmt::format("{} check{} failed, so nothing was published", failed, failed == 1 ? "" : "s"),
      "The lines above name the check and the first rows; the version published before stays current.");
}

/// Takes the builds of the models that were not selected from the store.
Result<> LocalPipeline::complete_selection() {
  if (!is_partial_) return {};
  RH_TRY(plan({}));
  if (!builder_->all_known(build_options_))
    return fail(ErrorKind::kProject,
                "publishing needs every model, and some are not built from what lies in the lake",
                "Let a build step build all of them: build: all.");
  result_.checks = check_delivery();
  RH_TRY(build_models());
  is_partial_ = false;
  is_checked_ = false;
  return {};
}

Result<uint64_t> LocalPipeline::publish() {
  if (!is_built_) RH_TRY(build());
  if (result_.unchanged) return 0;
  RH_TRY(complete_selection());
  if (!is_checked_) RH_TRY(check());
  const PhaseTimer timer(phases_, "publish");
  const auto& outcomes = builder_->outcomes();
  const auto tables = tables_to_publish(project_, graph_, crawled_.tables, outcomes, curated_);
  const auto needed = builds_of(outcomes);
  database_.reset();  // frees its memory before the new file is written
  RH_ASSIGN(const auto version, warehouse_->publish(tables, run_, options_.keep_versions, clock_));
  result_.version = version.number;
  RH_TRY((LastPublish{content_hash(), version.number, server()}).save(options_.last_publish));
  curated_.remove_old(kOldBuilds, needed);
  if (mirror_)
    if (const auto removed = mirror_->remove_old(kOldBuilds, needed, clock_.now()); !removed)
      say_("warning: old builds stay in the store: " + removed.error().to_string());
  say_(fmt::format("publish  version {}: {} tables, {:.1f} MB  {:.1f} s", version.number,
                   version.tables.size(), static_cast<double>(version.bytes) / 1e6, timer.seconds()));
  for (const auto& remark : version.remarks) say_("publish  " + remark);
  tell_account();
  return tables.size();
}

/// Finds out before the long build whether its result may be stored and published.
Result<> LocalPipeline::check_writable() {
  if (mirror_) RH_TRY(mirror_->check_writable());
  if (options_.publishes) RH_TRY(warehouse_->check_writable());
  return {};
}

/// Removes copies of objects that are no longer in the lake.
void LocalPipeline::forget_old_copies() const {
  std::vector<lake::ObjectInfo> objects;
  for (const auto& table : crawled_.tables)
    for (const auto& object : table.objects) objects.push_back(object.info);
  for (const auto& object : crawled_.unreadable) objects.push_back(object.info);
  if (lake_) lake_->forget_others(objects);
}

Json LocalPipeline::write_receipt(const Run& run, const std::string& error) {
  const std::vector<model::ModelOutcome> none;
  Json receipt = receipt_of(run, error, clock_.now(),
                            {.lake = options_.lake,
                             .phases = phases_,
                             .result = result_,
                             .unreadable = crawled_.unreadable,
                             .models = builder_ ? builder_->outcomes() : none});
  const fs::path file = options_.receipts / (run.id + ".json");
  if (auto written = write_file_atomically(file, receipt.dump(2) + "\n"); !written)
    say_("warning: the receipt could not be written: " + written.error().to_string());
  else if (auto stored = mirror_ ? mirror_->store_receipts(file.parent_path()) : Result<>(); !stored)
    say_("warning: the receipt is not in the bucket yet, the next run stores it: " +
         stored.error().to_string());
  if (run.state == RunState::kSucceeded && is_crawled_) forget_old_copies();
  return receipt;
}

}  // namespace

Result<std::unique_ptr<Pipeline>> Pipeline::open(PipelineOptions options, const Clock& clock, Say say,
                                                 TellPart tell, const std::function<bool()>& wait) {
  auto pipeline = std::make_unique<LocalPipeline>(std::move(options), clock, std::move(say), std::move(tell));
  RH_TRY(pipeline->take_hold(wait));
  return pipeline;
}

}  // namespace reelhouse::workflow
