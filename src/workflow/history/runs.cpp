#include "workflow/history/runs.hpp"

#include <array>
#include <mutex>
#include <random>

#include "base/near_miss.hpp"
#include "workflow/history/process.hpp"
#include "workflow/history/rows.hpp"

namespace reelhouse::workflow {
namespace {

constexpr std::array kStates = {RunState::kQueued,  RunState::kRunning,     RunState::kSucceeded,
                                RunState::kFailed,  RunState::kCheckFailed, RunState::kCancelled,
                                RunState::kSkipped, RunState::kDied};

std::string death_message(int process) {
  return fmt::format("its process ({}) ended without finishing the run", process);
}

/// Makes an id from the UTC second and 16 random bits: 20261122-061200-1a2b.
std::string make_id(const std::string& iso_time) {
  std::string id;
  for (const char c : iso_time.substr(0, 19)) {
    if (c == 'T') id += '-';
    if (c >= '0' && c <= '9') id += c;
  }
  std::random_device random;
  return fmt::format("{}-{:04x}", id, random() & 0xffff);
}

class SqliteRunHistory final : public RunHistory {
 public:
  explicit SqliteRunHistory(std::unique_ptr<Sqlite> database) : database_(std::move(database)) {}

  Result<std::vector<Run>> queue(const std::vector<RunRequest>& requests,
                                 const std::vector<TriggerMark>& marks, const std::vector<std::string>& told,
                                 const Clock& clock) override {
    const std::lock_guard lock(mutex_);
    RH_TRY(database_->execute("PRAGMA synchronous = FULL"));  // a power cut must not make a firing come twice
    auto queued = keep_firings(requests, marks, told, clock);
    RH_TRY(database_->execute("PRAGMA synchronous = NORMAL"));
    return queued;
  }

  Result<std::optional<Run>> start(const std::string& run, int at_once, const Clock& clock) override {
    const std::lock_guard lock(mutex_);
    RH_ASSIGN(Transaction transaction, Transaction::begin(*database_));
    const std::string now = to_iso(clock.now());
    RH_ASSIGN(const auto dead, close_dead_at(now));
    RH_ASSIGN(auto found, select("where id = ?", run));
    if (found.empty()) return fail(unknown(run));
    const auto& waiting = found.front();
    if (waiting.run.state != RunState::kQueued)
      return fail(ErrorKind::kInterrupted,
                  fmt::format("starting the run {}: it is {}", run, name_of(waiting.run.state)));
    RH_ASSIGN(const int64_t running, count_running(waiting.run.workflow));
    if (at_once > 0 && running >= at_once) {
      RH_TRY(transaction.commit());
      return std::nullopt;
    }
    const ProcessIdentity self = this_process();
    RH_ASSIGN(Statement update,
              database_->prepare("update run set state = 'running', started = ?, process = ?, "
                                 "process_start = ?, boot = ? where number = ?"));
    RH_TRY(update.run(now, self.id, self.start_ticks, self.boot, waiting.number));
    RH_ASSIGN(found, select("where number = ?", waiting.number));
    RH_TRY(transaction.commit());
    return std::move(found.front().run);
  }

  Result<Run> begin(const RunRequest& request, int at_once, const Clock& clock) override {
    const std::lock_guard lock(mutex_);
    RH_ASSIGN(Transaction transaction, Transaction::begin(*database_));
    const std::string now = to_iso(clock.now());
    RH_ASSIGN(const auto dead, close_dead_at(now));
    RH_ASSIGN(const int64_t running, count_running(request.workflow));
    if (at_once > 0 && running >= at_once)
      return fail(ErrorKind::kBusy, fmt::format("the workflow '{}' runs already", request.workflow),
                  "Wait for it, or see it with: reelhouse runs");
    RunRequest started = request;
    started.state = RunState::kRunning;
    RH_ASSIGN(Run run, insert(started, now));
    RH_TRY(transaction.commit());
    return run;
  }

  Result<> put_step(const std::string& run, const Step& step) override {
    const std::lock_guard lock(mutex_);
    RH_ASSIGN(Transaction transaction, Transaction::begin(*database_));
    RH_ASSIGN(
        Statement update,
        database_->prepare("update step set state = ?, seconds = ?, rows = ?, message = ?, attempts = ?, "
                           "started = ?, ended = ?, kept_from = ?, written = ? where name = ? and parent "
                           "= ? and run = (select number from run where id = ?)"));
    const std::string written = to_text(step.written);
    RH_TRY(update.run(name_of(step.state), step.seconds, step.rows, step.message, step.attempts, step.started,
                      step.ended, step.kept_from, written, step.name, step.parent, run));
    if (database_->changes() > 0) return transaction.commit();
    RH_ASSIGN(
        Statement insert,
        database_->prepare("insert into step (run, position, name, state, seconds, rows, message, parent, "
                           "attempts, started, ended, kept_from, written) select number, (select "
                           "coalesce(max(position) + 1, 0) from step where step.run = number), ?, ?, ?, ?, "
                           "?, ?, ?, ?, ?, ?, ? from run where id = ?"));
    RH_TRY(insert.run(step.name, name_of(step.state), step.seconds, step.rows, step.message, step.parent,
                      step.attempts, step.started, step.ended, step.kept_from, written, run));
    if (database_->changes() == 0) return fail(unknown(run));
    return transaction.commit();
  }

  Result<> end(const std::string& run, RunState state, int version, const std::string& message,
               const Clock& clock) override {
    if (!has_ended(state))
      return fail(ErrorKind::kInternal, fmt::format("ending a run as {}", name_of(state)), "", run);
    const std::lock_guard lock(mutex_);
    RH_ASSIGN(Statement update,
              database_->prepare("update run set state = ?, version = ?, message = ?, ended = ? "
                                 "where id = ? and state in ('queued', 'running', 'died')"));
    RH_TRY(update.run(name_of(state), version, message, to_iso(clock.now()), run));
    if (database_->changes() > 0) return {};
    RH_ASSIGN(const auto found, select("where id = ?", run));
    if (found.empty()) return fail(unknown(run));
    return fail(ErrorKind::kInternal, fmt::format("ending the run {}: it has ended already ({})", run,
                                                  name_of(found.front().run.state)));
  }

  Result<Run> ask_cancel(const std::string& run, const Clock& clock) override {
    const std::lock_guard lock(mutex_);
    RH_ASSIGN(Transaction transaction, Transaction::begin(*database_));
    const std::string now = to_iso(clock.now());
    RH_ASSIGN(const auto dead, close_dead_at(now));
    RH_ASSIGN(
        Statement cancel,
        database_->prepare("update run set state = 'cancelled', ended = ?, message = ?, cancel_asked = 1 "
                           "where id = ? and state = 'queued'"));
    RH_TRY(cancel.run(now, "cancelled before it began", run));
    RH_ASSIGN(Statement ask,
              database_->prepare("update run set cancel_asked = 1 where id = ? and state = 'running'"));
    RH_TRY(ask.run(run));
    RH_ASSIGN(auto found, select("where id = ?", run));
    if (found.empty()) return fail(unknown(run));
    Run as_it_is = std::move(found.front().run);
    RH_TRY(transaction.commit());
    if (!as_it_is.cancel_asked)
      return fail(ErrorKind::kUsage, fmt::format("cancelling the run {}: it has ended already ({})", run,
                                                 name_of(as_it_is.state)));
    return as_it_is;
  }

  Result<bool> cancel_asked(const std::string& run) const override {
    const std::lock_guard lock(mutex_);
    RH_ASSIGN(Statement rows, database_->prepare("select cancel_asked from run where id = ?"));
    RH_TRY(rows.bind_all(run));
    RH_ASSIGN(const bool found, rows.step());
    return found && rows.column_int(0) != 0;
  }

  Result<std::vector<Run>> close_dead(const Clock& clock) override {
    const std::lock_guard lock(mutex_);
    RH_ASSIGN(const auto running, select("where state = 'running'"));
    bool somebody_died = false;
    for (const auto& stored : running) somebody_died = somebody_died || !is_alive(stored.process);
    if (!somebody_died) return std::vector<Run>{};
    RH_ASSIGN(Transaction transaction, Transaction::begin(*database_));
    RH_ASSIGN(auto dead, close_dead_at(to_iso(clock.now())));
    RH_TRY(transaction.commit());
    return dead;
  }

  Result<std::vector<Run>> list(int limit, const std::string& workflow) const override {
    const std::lock_guard lock(mutex_);
    return complete(
        select("where ? in ('', workflow) order by number desc limit ?", workflow, limit > 0 ? limit : -1));
  }

  Result<Run> find(const std::string& id) const override {
    const std::lock_guard lock(mutex_);
    RH_ASSIGN(auto found, select("where id = ?", id));
    if (found.empty() && !id.empty()) {
      RH_ASSIGN(found, select("where substr(id, 1, ?) = ? order by number desc",
                              static_cast<int64_t>(id.size()), id));
    }
    if (found.size() == 1) return complete(std::move(found.front()));
    if (found.empty()) return fail(unknown(id));
    std::string ids;
    for (size_t i = 0; i < found.size() && i < 5; ++i) ids += (i > 0 ? ", " : "") + found[i].run.id;
    return fail(ErrorKind::kNotFound, fmt::format("finding the run '{}': {} runs begin so", id, found.size()),
                fmt::format("Write more of the id: {}{}.", ids, found.size() > 5 ? ", ..." : ""));
  }

  Result<std::vector<Run>> queued() const override {
    const std::lock_guard lock(mutex_);
    return complete(select("where state = 'queued' order by number"));
  }

  Result<std::vector<Run>> untold() const override {
    const std::lock_guard lock(mutex_);
    return complete(select("where told = 0 and state not in ('queued', 'running') order by ended, number"));
  }

  Result<std::map<std::string, std::string>> marks() const override {
    const std::lock_guard lock(mutex_);
    RH_ASSIGN(Statement rows, database_->prepare("select trigger, content from mark"));
    std::map<std::string, std::string> marks;
    while (true) {
      RH_ASSIGN(const bool more, rows.step());
      if (!more) return marks;
      marks[rows.column_text(0)] = rows.column_text(1);
    }
  }

  Result<int64_t> change_count() const override {
    const std::lock_guard lock(mutex_);
    RH_ASSIGN(Statement rows, database_->prepare("select changes from change_count"));
    RH_ASSIGN([[maybe_unused]] const bool found, rows.step());
    return rows.column_int(0);
  }

  Result<std::vector<std::string>> workflows() const override {
    const std::lock_guard lock(mutex_);
    RH_ASSIGN(Statement rows, database_->prepare("select distinct workflow from run order by workflow"));
    std::vector<std::string> names;
    while (true) {
      RH_ASSIGN(const bool more, rows.step());
      if (!more) return names;
      names.push_back(rows.column_text(0));
    }
  }

  Result<std::vector<std::string>> forget(const Retention& retention) override {
    const std::lock_guard lock(mutex_);
    RH_ASSIGN(Transaction transaction, Transaction::begin(*database_));
    RH_ASSIGN(
        Statement remove,
        database_->prepare(
            "delete from run where workflow = ?1 and state not in ('queued', 'running') and "
            "(ended < ?2 or (told = 1 and number not in (select number from run where workflow = ?1 "
            "order by number desc limit ?3))) and id not in (select resumes from run) and number not in "
            "(select number from run where version > 0 order by number desc limit ?4) returning id"));
    RH_TRY(remove.bind_all(retention.workflow, retention.before, retention.runs, retention.versions));
    std::vector<std::string> ids;
    while (true) {
      RH_ASSIGN(const bool more, remove.step());
      if (!more) break;
      ids.push_back(remove.column_text(0));
    }
    remove.reset();
    RH_TRY(transaction.commit());
    return ids;
  }

 private:
  template <typename... Values>
  Result<std::vector<StoredRun>> select(std::string_view clause, const Values&... values) const {
    RH_ASSIGN(Statement rows, database_->prepare(fmt::format("select {} from run {}", kRunColumns, clause)));
    RH_TRY(rows.bind_all(values...));
    std::vector<StoredRun> found;
    while (true) {
      RH_ASSIGN(const bool more, rows.step());
      if (!more) return found;
      found.push_back(read_run(rows));
    }
  }

  /// Adds the steps, and shows a run whose process is gone as died.
  Result<Run> complete(StoredRun stored) const {
    Run run = std::move(stored.run);
    const bool died = run.state == RunState::kRunning && !is_alive(stored.process);
    if (died) {
      run.state = RunState::kDied;
      run.message = death_message(run.process);
    }
    RH_ASSIGN(Statement rows, database_->prepare(fmt::format(
                                  "select {} from step where run = ? order by position", kStepColumns)));
    RH_TRY(rows.bind_all(stored.number));
    while (true) {
      RH_ASSIGN(const bool more, rows.step());
      if (!more) return run;
      Step step = read_step(rows);
      if (died && step.state == RunState::kRunning) step.state = RunState::kDied;
      run.steps.push_back(std::move(step));
    }
  }

  Result<std::vector<Run>> complete(Result<std::vector<StoredRun>> found) const {
    if (!found) return fail(std::move(found).error());
    std::vector<Run> runs;
    for (auto& stored : *found) {
      RH_ASSIGN(Run run, complete(std::move(stored)));
      runs.push_back(std::move(run));
    }
    return runs;
  }

  /// Inserts a run and gives it an id. Within a transaction.
  Result<Run> insert(const RunRequest& request, const std::string& now) {
    const bool runs = request.state == RunState::kRunning;
    const ProcessIdentity self = runs ? this_process() : ProcessIdentity{};
    Run run;
    run.workflow = request.workflow;
    run.state = request.state;
    run.queued = now;
    run.started = runs ? now : "";
    run.ended = has_ended(request.state) ? now : "";
    run.process = self.id;
    run.message = request.message;
    run.cause = request.cause;
    run.resumes = request.resumes;
    run.properties = request.properties;
    RH_ASSIGN(Statement insert,
              database_->prepare("insert or ignore into run (id, workflow, state, started, ended, process, "
                                 "process_start, boot, message, queued, cause, resumes, properties, told) "
                                 "values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)"));
    do {
      run.id = make_id(now);
      RH_TRY(insert.run(run.id, run.workflow, name_of(run.state), run.started, run.ended, self.id,
                        self.start_ticks, self.boot, run.message, now, to_text(run.cause), run.resumes,
                        to_text(run.properties)));
    } while (database_->changes() == 0);
    return run;
  }

  Result<std::vector<Run>> keep_firings(const std::vector<RunRequest>& requests,
                                        const std::vector<TriggerMark>& marks,
                                        const std::vector<std::string>& told, const Clock& clock) {
    RH_ASSIGN(Transaction transaction, Transaction::begin(*database_));
    const std::string now = to_iso(clock.now());
    std::vector<Run> runs;
    for (const auto& request : requests) {
      RH_ASSIGN(Run run, insert(request, now));
      runs.push_back(std::move(run));
    }
    RH_ASSIGN(Statement keep,
              database_->prepare("insert or replace into mark (trigger, content) values (?, ?)"));
    RH_ASSIGN(Statement drop, database_->prepare("delete from mark where trigger = ?"));
    for (const auto& mark : marks)
      RH_TRY(mark.content.empty() ? drop.run(mark.trigger) : keep.run(mark.trigger, mark.content));
    RH_ASSIGN(Statement tell, database_->prepare("update run set told = 1 where id = ?"));
    for (const auto& run : told) RH_TRY(tell.run(run));
    RH_TRY(transaction.commit());
    return runs;
  }

  Result<int64_t> count_running(const std::string& workflow) const {
    RH_ASSIGN(Statement rows,
              database_->prepare("select count(*) from run where workflow = ? and state = 'running'"));
    RH_TRY(rows.bind_all(workflow));
    RH_ASSIGN([[maybe_unused]] const bool found, rows.step());
    return rows.column_int(0);
  }

  /// Within a transaction. A step that ran died with its process; one that waited was never begun.
  Result<std::vector<Run>> close_dead_at(const std::string& now) {
    RH_ASSIGN(const auto running, select("where state = 'running'"));
    RH_ASSIGN(Statement update,
              database_->prepare("update run set state = 'died', ended = ?, message = ? where number = ?"));
    RH_ASSIGN(
        Statement steps,
        database_->prepare("update step set state = iif(state = 'running', 'died', 'skipped'), ended = ? "
                           "where run = ? and state in ('running', 'queued')"));
    std::vector<Run> dead;
    for (const auto& stored : running) {
      if (is_alive(stored.process)) continue;
      RH_TRY(update.run(now, death_message(stored.process.id), stored.number));
      RH_TRY(steps.run(now, stored.number));
      dead.push_back(stored.run);
      dead.back().state = RunState::kDied;
      dead.back().ended = now;
      dead.back().message = death_message(stored.process.id);
    }
    return dead;
  }

  Error unknown(const std::string& id) const {
    std::vector<std::string> ids;
    if (const auto recent = select("order by number desc limit 1000"))
      for (const auto& stored : *recent) ids.push_back(stored.run.id);
    return Error{ErrorKind::kNotFound, fmt::format("there is no run '{}'", id),
                 did_you_mean(id, ids, "List the runs with: reelhouse runs"), ""};
  }

  mutable std::mutex mutex_;
  std::unique_ptr<Sqlite> database_;
};

}  // namespace

const char* name_of(RunState state) {
  switch (state) {
    case RunState::kQueued:
      return "queued";
    case RunState::kRunning:
      return "running";
    case RunState::kSucceeded:
      return "succeeded";
    case RunState::kFailed:
      return "failed";
    case RunState::kCheckFailed:
      return "check_failed";
    case RunState::kCancelled:
      return "cancelled";
    case RunState::kSkipped:
      return "skipped";
    case RunState::kDied:
      return "died";
  }
  return "died";
}

const char* name_of(CauseKind kind) {
  switch (kind) {
    case CauseKind::kCommand:
      return "command";
    case CauseKind::kPage:
      return "page";
    case CauseKind::kSchedule:
      return "schedule";
    case CauseKind::kObjects:
      return "objects";
    case CauseKind::kAfter:
      return "after";
    case CauseKind::kHttp:
      return "http";
    case CauseKind::kResume:
      return "resume";
  }
  return "command";
}

Result<RunState> run_state(const std::string& name) {
  for (const RunState state : kStates)
    if (name == name_of(state)) return state;
  return fail(ErrorKind::kInternal, fmt::format("'{}' is no state of a run", name));
}

Result<std::unique_ptr<RunHistory>> open_run_history(const std::filesystem::path& file) {
  RH_ASSIGN(auto database,
            Sqlite::open(file, "the history of runs", "Move the file away; the history then begins anew."));
  RH_TRY(database->migrate(kRunMigrations));
  // A step a commit: none of them waits for the disk; a power cut may lose the last, a kill none.
  RH_TRY(database->execute("PRAGMA synchronous = NORMAL"));
  return std::make_unique<SqliteRunHistory>(std::move(database));
}

}  // namespace reelhouse::workflow
