#include "workflow/scheduler/scheduler.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>

#include "base/files.hpp"
#include "base/hash.hpp"
#include "base/near_miss.hpp"
#include "lake/drops.hpp"
#include "workflow/run/command_process.hpp"
#include "workflow/run/log.hpp"
#include "workflow/run/project_steps.hpp"
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
constexpr auto kPatienceOfRuns = 20s;   ///< for a run to end itself before it is killed
constexpr int kNewestRuns = 200;        ///< looked through for those that run
constexpr int kMostStarts = 3;          ///< of a process that ends without having begun its run

/// A process that runs a queued run.
struct RunProcess {
  std::string run;
  std::string workflow;
  std::thread thread;
  bool done = false;
};

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
      : options_(std::move(options)), clock_(clock), history_(std::move(history)) {}
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
  }

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
  void look_at_time();
  void look_at_lake();
  void look_at_history();
  bool has_settled(const std::string& prefix, const std::vector<lake::ObjectInfo>& objects);
  void keep(Result<Firings> firings);
  int running_beside(const std::string& workflow);
  void start_queued();
  void start_process(const Run& run);
  void reap();
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

  mutable std::mutex mutex_;  ///< guards what follows up to `processes_`
  std::condition_variable wake_;
  bool stopping_ = false;
  std::vector<Workflow> workflows_;
  std::optional<TriggerBook> book_;
  std::optional<FileLock> leader_;
  std::list<RunProcess> processes_;

  std::atomic<bool> killing_ = false;

  std::thread thread_;
  std::map<std::string, int> starts_;  ///< of processes for a queued run
  std::unique_ptr<lake::ObjectStore> lake_;
  std::map<std::string, Sighting> sightings_;  ///< by prefix
  std::string read_state_;                     ///< of the workflows' files
  bool is_whole_ = true;                       ///< no workflow was left out
  std::string last_complaint_;
  int64_t seen_changes_ = -1;
  bool ended_unseen_ = true;
  Steady::time_point next_listing_{};
  Steady::time_point next_reload_{};
  Steady::time_point next_housekeeping_{};
  Steady::time_point next_lead_{};
};

void ProcessScheduler::complain(const Error& error) {
  const std::string text = error.to_string();
  if (text != last_complaint_) options_.say("warning: " + text);
  last_complaint_ = text;
}

void ProcessScheduler::load() {
  read_state_ = fingerprint_of(options_.folder);
  auto workflows = options_.load(is_whole_);
  const std::lock_guard lock(mutex_);
  workflows_ = std::move(workflows);
}

/// Tries to be the process that schedules.
bool ProcessScheduler::lead() {
  if (is_leading()) return true;
  if (Steady::now() < next_lead_) return false;
  next_lead_ = Steady::now() + kReloadPoll;
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
void ProcessScheduler::keep(Result<Firings> firings) {
  if (firings && !is_whole_)
    std::erase_if(firings->marks, [](const TriggerMark& mark) { return mark.content.empty(); });
  if (firings && firings->runs.empty() && firings->marks.empty() && firings->told.empty()) return;
  const auto runs = firings ? history_->queue(firings->runs, firings->marks, firings->told, clock_)
                            : Result<std::vector<Run>>(fail(firings.error()));
  if (!runs) {
    complain(runs.error());
    open_book();
    return;
  }
  for (const auto& run : *runs)
    options_.say(fmt::format("workflow {}: {} ({}{})", run.workflow,
                             run.state == RunState::kSkipped ? run.message : "run " + run.id, run.cause.kind,
                             run.cause.detail.empty() ? "" : ": " + run.cause.detail.substr(0, 200)));
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
  const auto now = Steady::now();
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
  if (Steady::now() < next_listing_) return;
  std::vector<std::string> prefixes;
  {
    const std::lock_guard lock(mutex_);
    if (book_) prefixes = book_->prefixes();
  }
  const auto begun = Steady::now();
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
  const auto now = Steady::now();
  const Steady::duration shortest = is_bucket ? Steady::duration(kBucketPoll)
                                    : settles ? Steady::duration(kFolderPoll)
                                              : Steady::duration(kSettling);
  next_listing_ = now + std::max(shortest, kListingShare * (now - begun));
}

/// Sees what others did: ended runs go to the triggers that wait for them.
void ProcessScheduler::look_at_history() {
  const auto changes = history_->change_count();
  if (!changes) return complain(changes.error());
  if (*changes == seen_changes_ && !ended_unseen_) return;
  const bool is_new = *changes != seen_changes_;
  seen_changes_ = *changes;
  ended_unseen_ = false;
  if (is_new && options_.changed) options_.changed();
  const auto ended = history_->untold();
  if (!ended) return complain(ended.error());
  if (!ended->empty()) {
    std::optional<Firings> firings;
    {
      const std::lock_guard lock(mutex_);
      if (book_) firings = book_->ended(*ended, clock_.now());
    }
    if (firings) keep(std::move(*firings));
  }
  start_queued();
}

/// Counts the runs of a workflow that run in whatever process: somebody may have started one by hand.
int ProcessScheduler::running_beside(const std::string& workflow) {
  const auto newest = history_->list(kNewestRuns, workflow);
  if (!newest) return 0;
  return static_cast<int>(
      std::ranges::count(*newest, RunState::kRunning, [](const Run& run) { return run.state; }));
}

void ProcessScheduler::start_queued() {
  const auto queued = history_->queued();
  if (!queued) return complain(queued.error());
  const auto all = workflows();
  for (const auto& run : *queued) {
    const auto workflow = std::ranges::find(all, run.workflow, &Workflow::name);
    if (workflow == all.end() && run.workflow != kDefaultWorkflow) {
      (void)history_->end(run.id, RunState::kFailed, 0,
                          fmt::format("there is no workflow '{}' any more", run.workflow), clock_);
      continue;
    }
    const int at_once = workflow == all.end() ? 1 : workflow->at_once;
    size_t processes = 0;
    int of_this = running_beside(run.workflow);
    bool has_one = false;
    {
      const std::lock_guard lock(mutex_);
      processes = processes_.size();
      int started = 0;  // by us; the history may not know yet
      for (const auto& process : processes_) {
        started += process.workflow == run.workflow ? 1 : 0;
        has_one = has_one || process.run == run.id;
      }
      of_this = std::max(of_this, started);
    }
    if (has_one) continue;
    if (of_this >= at_once && workflow != all.end() && workflow->skip_when_busy) {
      (void)history_->end(run.id, RunState::kSkipped, 0, "another run of this workflow was running", clock_);
      continue;
    }
    if (of_this >= at_once || processes >= options_.processes) continue;
    if (++starts_[run.id] > kMostStarts) {
      (void)history_->end(run.id, RunState::kFailed, 0, "its process ended again and again before it began",
                          clock_);
      starts_.erase(run.id);
      continue;
    }
    start_process(run);
  }
}

void ProcessScheduler::start_process(const Run& run) {
  const std::lock_guard lock(mutex_);
  processes_.push_back({run.id, run.workflow, {}, false});
  RunProcess& process = processes_.back();
  CommandOptions command;
  Program program = options_.command(run);
  command.arguments = std::move(program.arguments);
  command.environment = std::move(program.environment);
  command.folder = fs::current_path();
  command.patience = kPatienceOfRuns;
  process.thread = std::thread([this, command = std::move(command), &process] {
    std::string last_line;
    const auto ended = run_command(
        command,
        [&](const std::string& line) {
          if (!line.empty()) last_line = line;
        },
        [this] { return killing_.load(); });
    if (!ended)
      options_.say(fmt::format("warning: run {}: {}", process.run, ended.error().to_string()));
    else if (ended->exit_code != 0 && !ended->stopped)
      options_.say(
          fmt::format("run {} ended with exit code {}: {}", process.run, ended->exit_code, last_line));
    const std::lock_guard guard(mutex_);
    process.done = true;
    wake_.notify_all();
  });
}

/// Takes back processes that have ended; a run that one of them left running is closed as died.
void ProcessScheduler::reap() {
  std::list<RunProcess> gone;
  {
    const std::lock_guard lock(mutex_);
    for (auto process = processes_.begin(); process != processes_.end();) {
      const auto next = std::next(process);
      if (process->done) gone.splice(gone.end(), processes_, process);
      process = next;
    }
  }
  if (gone.empty()) return;
  for (auto& process : gone) {
    process.thread.join();
    const auto run = history_->find(process.run);
    if (run && run->state != RunState::kQueued) starts_.erase(process.run);
  }
  ended_unseen_ = true;
  if (const auto dead = history_->close_dead(clock_); !dead) complain(dead.error());
  remove_step_leftovers(options_.steps, *history_);
}

/// Asks what runs to stop, so that each run ends as its own process knows it; then kills what is left.
void ProcessScheduler::stop_processes() {
  std::vector<std::string> runs;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& process : processes_) runs.push_back(process.run);
  }
  for (const auto& run : runs) (void)history_->ask_cancel(run, clock_);
  const auto until = Steady::now() + kPatienceOfRuns;
  while (true) {
    {
      const std::lock_guard lock(mutex_);
      if (processes_.empty()) return;
    }
    if (Steady::now() > until) killing_ = true;
    reap();
    std::this_thread::sleep_for(20ms);
  }
}

void ProcessScheduler::look_after_house() {
  if (Steady::now() < next_housekeeping_) return;
  next_housekeeping_ = Steady::now() + kHousekeeping;
  if (is_whole_) {  // what a workflow keeps is not known while its file is broken
    const RunFolders folders{options_.logs, options_.receipts};
    const auto kept = keep_house(*history_, workflows(), folders, options_.versions, clock_);
    if (!kept) return complain(kept.error());
  }
  if (const auto dead = history_->close_dead(clock_); !dead) complain(dead.error());
}

void ProcessScheduler::loop() {
  while (!is_stopping()) {
    if (lead()) {
      if (Steady::now() >= next_reload_) {
        next_reload_ = Steady::now() + kReloadPoll;
        if (fingerprint_of(options_.folder) != read_state_) {
          load();
          open_book();
          options_.say("the workflows were read again");
        }
      }
      if (!has_book()) open_book();
      look_at_time();
      look_at_lake();
      reap();
      look_after_house();
      look_at_history();
    } else if (const auto changes = history_->change_count(); changes && *changes != seen_changes_) {
      seen_changes_ = *changes;
      if (options_.changed) options_.changed();
    }
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, kTick, [this] { return stopping_; });
  }
  stop_processes();
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
                              .cause = {"resume", "", "", fmt::format("{}, by {}", before.id, by)},
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
  return std::make_unique<ProcessScheduler>(std::move(options), clock, std::move(history));
}

}  // namespace reelhouse::workflow
