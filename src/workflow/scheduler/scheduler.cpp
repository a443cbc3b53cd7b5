#include "workflow/scheduler/scheduler.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

#include "base/files.hpp"
#include "base/hash.hpp"
#include "base/near_miss.hpp"
#include "lake/drops.hpp"
#include "workflow/run/log.hpp"
#include "workflow/run/project_steps.hpp"
#include "workflow/scheduler/closer.hpp"
#include "workflow/scheduler/housekeeping.hpp"

namespace reelhouse::workflow {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr auto kTick = 250ms;           ///< how soon queued runs and cancels are seen
constexpr auto kFolderPoll = 1s;        ///< between listings of a folder lake
constexpr auto kSettling = 500ms;       ///< until a folder that changes is looked at again
constexpr auto kLongestSettling = 60s;  ///< after which it counts although it still changes
constexpr auto kBucketPoll = 10s;       ///< and of a bucket, where each costs money
constexpr int kListingShare = 100;      ///< a listing takes at most this part of the time
constexpr auto kReloadPoll = 5s;        ///< between looks at the workflows' files
constexpr auto kHousekeeping = 1h;      ///< between removals of old history
constexpr auto kQueuePoll = 2s;         ///< while a run waits: one that dies elsewhere tells nobody
constexpr int kNewestRuns = 200;        ///< of a workflow, looked through for those that run
constexpr auto kPatienceOfRuns = 20s;   ///< for a run to end itself before it is killed
constexpr auto kAskAgain = 1s;          ///< between attempts to ask a run to stop
constexpr auto kTellAgain = 1h;         ///< until what is still wrong is said again

/// What a prefix held at the last look.
struct Sighting {
  std::string content;
  Steady::time_point since{};  ///< when it began to change; zero while it is settled
};

std::string content_of(const std::vector<lake::ObjectInfo>& objects) {
  ContentHash hash;
  for (const auto& object : objects) {
    const std::string line = object.key + '\0' + object.etag + '\n';
    hash.add(std::as_bytes(std::span(line)));
  }
  return hash.digest();
}

/// Names the state of a folder's files, so that a change shows.
std::string fingerprint_of(const fs::path& folder) {
  std::vector<std::string> files;
  std::error_code code;
  for (const auto& entry : fs::directory_iterator(folder, code)) {
    const auto time = entry.last_write_time(code).time_since_epoch().count();
    files.push_back(fmt::format("{} {} {}", entry.path().filename().string(), time, entry.file_size(code)));
  }
  std::ranges::sort(files);
  return fmt::format("{}", fmt::join(files, "\n"));
}

class ProcessScheduler final : public Scheduler {
 public:
  ProcessScheduler(SchedulerOptions options, const Clock& clock, std::unique_ptr<RunHistory> history)
      : options_(std::move(options)),
        clock_(clock),
        history_(std::move(history)),
        processes_(options_.run_process, options_.say),
        closer_(*history_, clock, options_.say) {}
  ~ProcessScheduler() override { stop(); }

  void start() override {
    load();
    thread_ = std::thread([this] { loop(); });
  }

  void stop() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
    stop_processes();
  }
  void look() override;

  Result<Run> request(const std::string& workflow, Cause cause, const Properties& properties) override;
  Result<Run> resume(const std::string& run, const std::string& by) override;
  Result<Run> cancel(const std::string& run) override;

  std::vector<Workflow> workflows() const override {
    const std::lock_guard lock(mutex_);
    return workflows_;
  }
  std::vector<NextFiring> next_firings(int count) const override {
    const std::lock_guard lock(mutex_);
    return book_ ? book_->next_firings(clock_.now(), count) : std::vector<NextFiring>{};
  }
  bool is_leading() const override {
    const std::lock_guard lock(mutex_);
    return leader_.has_value();
  }

 private:
  void loop();
  void load();
  bool lead();
  void open_book();
  void look_at_files();
  void look_at_time();
  void look_at_lake();
  void look_at_history();
  bool has_settled(const std::string& prefix, const std::vector<lake::ObjectInfo>& objects);
  bool keep(Firings firings);
  bool tell_ended();
  Result<std::vector<Run>> running_beside(const std::vector<Run>& queued) const;
  bool start_queued();
  void take_back_processes();
  void ask_to_stop(std::set<std::string>& runs);
  void stop_processes();
  void look_after_house();
  void complain(const Error& error);
  bool has_book() const {
    const std::lock_guard lock(mutex_);
    return book_.has_value();
  }
  bool is_stopping() const {
    const std::lock_guard lock(mutex_);
    return stopping_;
  }

  const SchedulerOptions options_;
  const Clock& clock_;
  const std::unique_ptr<RunHistory> history_;

  RunProcesses processes_;
  RunCloser closer_;

  mutable std::mutex mutex_;  ///< guards what follows up to `leader_`
  std::condition_variable wake_;
  bool stopping_ = false;
  std::vector<Workflow> workflows_;
  std::optional<TriggerBook> book_;
  std::optional<FileLock> leader_;

  std::thread thread_;
  std::map<std::string, int> starts_;  ///< of processes for a queued run
  std::unique_ptr<lake::ObjectStore> lake_;
  std::map<std::string, Sighting> sightings_;  ///< by prefix
  std::string read_state_;                     ///< of the workflows' files
  bool is_whole_ = true;                       ///< no workflow was left out
  bool is_loaded_ = false;
  std::map<std::string, Steady::time_point> complaints_;  ///< when each was said
  int64_t seen_changes_ = -1;
  bool is_queue_seen_ = false;  ///< since the last change
  Steady::time_point next_queue_look_ = Steady::time_point::max();
  Steady::time_point next_listing_{};
  Steady::time_point next_reload_{};
  Steady::time_point next_housekeeping_{};
  Steady::time_point next_lead_{};
};

void ProcessScheduler::complain(const Error& error) {
  const auto now = options_.steady();
  std::erase_if(complaints_, [&](const auto& said) { return now - said.second >= kTellAgain; });
  const std::string text = error.to_string();
  if (complaints_.emplace(text, now).second) options_.say("warning: " + text);
}

void ProcessScheduler::load() {
  read_state_ = fingerprint_of(options_.folder);
  is_loaded_ = true;
  auto workflows = options_.load(is_whole_);
  const std::lock_guard lock(mutex_);
  workflows_ = std::move(workflows);
}

/// Tries to be the process that schedules.
bool ProcessScheduler::lead() {
  if (is_leading()) return true;
  if (options_.steady() < next_lead_) return false;
  next_lead_ = options_.steady() + kReloadPoll;
  auto lock = FileLock::take(options_.lock, "running this project's workflows");
  if (!lock) {
    complain(lock.error());
    return false;
  }
  {
    const std::lock_guard guard(mutex_);
    leader_ = std::move(*lock);
  }
  remove_step_leftovers(options_.steps, *history_);
  open_book();
  return true;
}

void ProcessScheduler::open_book() {
  {
    const std::lock_guard lock(mutex_);
    book_.reset();  // it may have gone ahead of what was kept
  }
  const auto marks = history_->marks();
  if (!marks) return complain(marks.error());
  auto book = TriggerBook::open(workflows(), *marks);
  if (!book) return complain(book.error());
  const std::lock_guard lock(mutex_);
  book_ = std::move(*book);
}

/// Keeps what the book answered; when that fails the book is opened anew from what was kept before.
bool ProcessScheduler::keep(Firings firings) {
  if (!is_whole_) std::erase_if(firings.marks, [](const TriggerMark& mark) { return mark.content.empty(); });
  if (firings.runs.empty() && firings.marks.empty() && firings.told.empty()) return true;
  const auto runs = history_->queue(firings.runs, firings.marks, firings.told, clock_);
  if (!runs) {
    complain(runs.error());
    open_book();
    return false;
  }
  for (const auto& run : *runs)
    options_.say(fmt::format("workflow {}: {} ({}{})", run.workflow,
                             run.state == RunState::kSkipped ? run.message : "run " + run.id,
                             name_of(run.cause.kind),
                             run.cause.detail.empty() ? "" : ": " + run.cause.detail.substr(0, 200)));
  return true;
}

void ProcessScheduler::look_at_time() {
  std::optional<Firings> firings;
  {
    const std::lock_guard lock(mutex_);
    if (book_) firings = book_->due(clock_.now());
  }
  if (firings) keep(std::move(*firings));
}

/// True when a folder's objects are as they were at the look before: nobody is writing them just now.
bool ProcessScheduler::has_settled(const std::string& prefix, const std::vector<lake::ObjectInfo>& objects) {
  Sighting& last = sightings_[prefix];
  std::string content = content_of(objects);
  const auto now = options_.steady();
  const bool is_same = content == last.content;
  last.content = std::move(content);
  if (is_same) {
    last.since = {};
    return true;
  }
  if (last.since == Steady::time_point{}) last.since = now;
  return now - last.since > kLongestSettling;
}

void ProcessScheduler::look_at_lake() {
  if (options_.steady() < next_listing_) return;
  std::vector<std::string> prefixes;
  {
    const std::lock_guard lock(mutex_);
    if (book_) prefixes = book_->prefixes();
  }
  const auto begun = options_.steady();
  const bool is_bucket = options_.lake.starts_with("s3://");
  if (!prefixes.empty() && !lake_) {
    auto lake = lake::open_store(options_.lake, {options_.cache, 0});
    if (!lake) return complain(lake.error());
    lake_ = std::move(*lake);
  }
  bool settles = true;
  for (const auto& prefix : prefixes) {
    auto objects = lake_->list(prefix);
    if (!objects) {
      complain(objects.error());
      continue;
    }
    lake::leave_out_incomplete(*objects);
    if (!is_bucket && !has_settled(prefix, *objects)) {
      settles = false;
      continue;
    }
    std::optional<Firings> firings;
    {
      const std::lock_guard lock(mutex_);
      if (book_) firings = book_->listed(prefix, *objects, clock_.now());
    }
    if (firings) keep(std::move(*firings));
  }
  const auto now = options_.steady();
  const Steady::duration shortest = is_bucket ? Steady::duration(kBucketPoll)
                                    : settles ? Steady::duration(kFolderPoll)
                                              : Steady::duration(kSettling);
  next_listing_ = now + std::max(shortest, kListingShare * (now - begun));
}

/// Hands runs that have ended to the triggers that wait for them; false when that has to be tried again.
bool ProcessScheduler::tell_ended() {
  const auto ended = history_->untold();
  if (!ended) {
    complain(ended.error());
    return false;
  }
  if (ended->empty()) return true;
  std::optional<Firings> firings;
  {
    const std::lock_guard lock(mutex_);
    if (book_) firings = book_->ended(*ended, clock_.now());
  }
  return firings && keep(std::move(*firings));
}

/// Lists the runs of the queue's workflows that run, in whatever process: somebody may have started one by
/// hand.
Result<std::vector<Run>> ProcessScheduler::running_beside(const std::vector<Run>& queued) const {
  std::set<std::string> names;
  for (const auto& run : queued) names.insert(run.workflow);
  std::vector<Run> running;
  for (const auto& name : names) {
    RH_ASSIGN(auto newest, history_->list(kNewestRuns, name));
    std::erase_if(newest, [](const Run& run) { return run.state != RunState::kRunning; });
    std::ranges::move(newest, std::back_inserter(running));
  }
  return running;
}

/// Starts and closes queued runs, as next_starts decides; false when that has to be tried again.
bool ProcessScheduler::start_queued() {
  Queue queue;
  queue.processes = processes_.all();
  auto queued = history_->queued();
  if (!queued) {
    complain(queued.error());
    return false;
  }
  auto running = running_beside(*queued);
  if (!running) {
    complain(running.error());
    return false;
  }
  queue.queued = std::move(*queued);
  queue.running = std::move(*running);
  queue.is_whole = is_whole_;
  closer_.forget_others(queue.queued);
  std::erase_if(starts_, [&](const auto& each) {
    return std::ranges::find(queue.queued, each.first, &Run::id) == queue.queued.end();
  });
  queue.starts = starts_;
  const auto next = next_starts(queue, workflows(), {.processes = options_.processes});
  for (const auto& closing : next.close) closer_.close(closing, options_.steady());
  for (const auto& run : next.start) {
    ++starts_[run.id];
    processes_.start(run, options_.command(run));
  }
  const bool waits = !next.waits.empty() || closer_.has_open();
  next_queue_look_ = waits ? options_.steady() + kQueuePoll : Steady::time_point::max();
  return true;
}

/// Sees what others did.
void ProcessScheduler::look_at_history() {
  const auto changes = history_->change_count();
  if (!changes) return complain(changes.error());
  if (*changes != seen_changes_) {
    seen_changes_ = *changes;
    is_queue_seen_ = false;
    if (options_.changed) options_.changed();
  }
  if (is_queue_seen_ && options_.steady() < next_queue_look_) return;
  const bool is_told = tell_ended();
  is_queue_seen_ = start_queued() && is_told;
}

/// Takes back processes that have ended; a run that one of them left running is closed as died.
void ProcessScheduler::take_back_processes() {
  if (!processes_.take_back()) return;
  is_queue_seen_ = false;
  if (const auto dead = history_->close_dead(clock_); !dead) complain(dead.error());
  remove_step_leftovers(options_.steps, *history_);
}

/// Asks runs to stop, and keeps those that have to be asked again.
void ProcessScheduler::ask_to_stop(std::set<std::string>& runs) {
  std::erase_if(runs, [&](const std::string& run) {
    const auto asked = history_->ask_cancel(run, clock_);
    if (asked || asked.error().kind == ErrorKind::kUsage || asked.error().kind == ErrorKind::kNotFound)
      return true;  // kUsage: it has ended
    complain(asked.error());
    return false;
  });
}

/// Has what runs stop, so that each run ends as its own process knows it; then kills what is left.
void ProcessScheduler::stop_processes() {
  std::set<std::string> runs;
  for (const auto& process : processes_.all()) runs.insert(process.run);
  const auto until = options_.steady() + kPatienceOfRuns;
  Steady::time_point next_ask{};
  while (!processes_.all().empty()) {
    const auto now = options_.steady();
    if (now >= next_ask) {
      next_ask = now + kAskAgain;
      ask_to_stop(runs);
    }
    if (now > until) processes_.kill();
    take_back_processes();
    std::this_thread::sleep_for(20ms);
  }
}

void ProcessScheduler::look_after_house() {
  if (options_.steady() < next_housekeeping_) return;
  next_housekeeping_ = options_.steady() + kHousekeeping;
  if (is_whole_) {  // what a workflow keeps is not known while its file is broken
    const RunFolders folders{options_.logs, options_.receipts};
    const auto kept = keep_house(*history_, workflows(), folders, options_.versions, clock_);
    if (!kept) return complain(kept.error());
  }
  if (const auto dead = history_->close_dead(clock_); !dead) complain(dead.error());
}

void ProcessScheduler::look_at_files() {
  if (options_.steady() < next_reload_) return;
  next_reload_ = options_.steady() + kReloadPoll;
  if (fingerprint_of(options_.folder) == read_state_) return;
  load();
  open_book();
  is_queue_seen_ = false;  // a run may have waited for its workflow
  options_.say("the workflows were read again");
}

void ProcessScheduler::look() {
  if (!is_loaded_) load();
  if (lead()) {
    look_at_files();
    if (!has_book()) open_book();
    look_at_time();
    look_at_lake();
    take_back_processes();
    look_after_house();
    look_at_history();
  } else if (const auto changes = history_->change_count(); !changes) {
    complain(changes.error());
  } else if (*changes != seen_changes_) {
    seen_changes_ = *changes;
    if (options_.changed) options_.changed();
  }
}

void ProcessScheduler::loop() {
  while (!is_stopping()) {
    look();
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, kTick, [this] { return stopping_; });
  }
}

Result<Run> ProcessScheduler::request(const std::string& workflow, Cause cause,
                                      const Properties& properties) {
  const auto all = workflows();
  const auto found = std::ranges::find(all, workflow, &Workflow::name);
  if (found == all.end()) {
    std::vector<std::string> names;
    for (const auto& each : all) names.push_back(each.name);
    return fail(ErrorKind::kNotFound, fmt::format("there is no workflow '{}'", workflow),
                did_you_mean(workflow, names, "List them with: reelhouse workflows"));
  }
  RH_ASSIGN(const Properties complete, complete_properties(*found, properties));
  RH_ASSIGN(const auto runs,
            history_->queue({{.workflow = workflow, .cause = std::move(cause), .properties = complete}}, {},
                            {}, clock_));
  return runs.front();
}

Result<Run> ProcessScheduler::resume(const std::string& run, const std::string& by) {
  RH_ASSIGN(const Run before, history_->find(run));
  RH_TRY(check_resumable(before));
  RH_ASSIGN(const auto runs,
            history_->queue({{.workflow = before.workflow,
                              .cause = {CauseKind::kResume, "", "", fmt::format("{}, by {}", before.id, by)},
                              .properties = before.properties,
                              .resumes = before.id}},
                            {}, {}, clock_));
  return runs.front();
}

Result<Run> ProcessScheduler::cancel(const std::string& run) {
  RH_ASSIGN(const Run found, history_->find(run));
  return history_->ask_cancel(found.id, clock_);
}

}  // namespace

Result<> check_resumable(const Run& run) {
  if (!has_ended(run.state))
    return fail(ErrorKind::kUsage, fmt::format("resuming the run {}: it is {}", run.id, name_of(run.state)),
                "Wait for its end, or cancel it first.");
  if (run.state == RunState::kSucceeded || run.state == RunState::kSkipped)
    return fail(ErrorKind::kUsage,
                fmt::format("resuming the run {}: it {}, so nothing is left to do", run.id,
                            run.state == RunState::kSkipped ? "was skipped" : "succeeded"),
                fmt::format("Start a new one: reelhouse run {}", run.workflow));
  return {};
}

Result<Properties> complete_properties(const Workflow& workflow, const Properties& given) {
  Properties complete = workflow.properties;
  std::vector<std::string> names;
  for (const auto& [name, value] : workflow.properties) names.push_back(name);
  for (const auto& [name, value] : given) {
    if (!workflow.properties.contains(name))
      return fail(ErrorKind::kUsage,
                  fmt::format("the workflow '{}' has no property '{}'", workflow.name, name),
                  did_you_mean(name, names, names.empty() ? "It declares none." : ""), workflow.where);
    complete[name] = value;
  }
  return complete;
}

Result<std::unique_ptr<Scheduler>> Scheduler::open(SchedulerOptions options, const Clock& clock) {
  RH_TRY(make_folders(options.history.parent_path()));
  RH_ASSIGN(auto history, open_run_history(options.history));
  return with(std::move(options), clock, std::move(history));
}

std::unique_ptr<Scheduler> Scheduler::with(SchedulerOptions options, const Clock& clock,
                                           std::unique_ptr<RunHistory> history) {
  return std::make_unique<ProcessScheduler>(std::move(options), clock, std::move(history));
}

}  // namespace reelhouse::workflow
