#include "workflow/runs.hpp"

#include <array>
#include <mutex>
#include <random>

#include "base/near_miss.hpp"
#include "base/sqlite.hpp"
#include "workflow/process.hpp"

namespace reelhouse::workflow {
namespace {

constexpr std::array kStates = {RunState::kRunning,     RunState::kSucceeded, RunState::kFailed,
                                RunState::kCheckFailed, RunState::kCancelled, RunState::kDied};

const std::vector<std::string> kMigrations = {
    R"sql(
    create table run (
      number integer primary key autoincrement,
      id text not null unique,
      workflow text not null,
      state text not null,
      started text not null,
      ended text not null default '',
      process integer not null,
      process_start integer not null,
      boot text not null,
      version integer not null default 0,
      message text not null default '');
    create index run_by_state on run (state);
    create table step (
      run integer not null references run (number) on delete cascade,
      position integer not null,
      name text not null,
      state text not null,
      seconds real not null,
      rows integer not null,
      message text not null,
      primary key (run, position)) without rowid;
    )sql",
};

constexpr std::string_view kRunColumns =
    "number, id, workflow, state, started, ended, process, process_start, boot, version, message";

RunState state_of(const std::string& name) {
  for (const RunState state : kStates)
    if (name == name_of(state)) return state;
  return RunState::kDied;
}

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

struct StoredRun {
  int64_t number = 0;
  Run run;
  ProcessIdentity process;
};

StoredRun read_run(const Statement& row) {
  StoredRun stored;
  stored.number = row.column_int(0);
  stored.run.id = row.column_text(1);
  stored.run.workflow = row.column_text(2);
  stored.run.state = state_of(row.column_text(3));
  stored.run.started = row.column_text(4);
  stored.run.ended = row.column_text(5);
  stored.process = {static_cast<int>(row.column_int(6)), row.column_int(7), row.column_text(8)};
  stored.run.process = stored.process.id;
  stored.run.version = static_cast<int>(row.column_int(9));
  stored.run.message = row.column_text(10);
  return stored;
}

class SqliteRunHistory final : public RunHistory {
 public:
  explicit SqliteRunHistory(std::unique_ptr<Sqlite> database) : database_(std::move(database)) {}

  Result<Run> begin(const std::string& workflow, const Clock& clock) override {
    const std::lock_guard lock(mutex_);
    RH_ASSIGN(Transaction transaction, Transaction::begin(*database_));
    const std::string now = to_iso(clock.now());
    RH_TRY(close_dead(now));
    const ProcessIdentity self = this_process();
    Run run;
    run.workflow = workflow;
    run.started = now;
    run.process = self.id;
    RH_ASSIGN(Statement insert,
              database_->prepare("insert or ignore into run (id, workflow, state, started, process, "
                                 "process_start, boot) values (?, ?, ?, ?, ?, ?, ?)"));
    do {
      run.id = make_id(now);
      RH_TRY(insert.run(run.id, workflow, name_of(RunState::kRunning), now, self.id, self.start_ticks,
                        self.boot));
    } while (database_->changes() == 0);
    RH_TRY(transaction.commit());
    return run;
  }

  Result<> add_step(const std::string& run, const Step& step) override {
    const std::lock_guard lock(mutex_);
    RH_ASSIGN(
        Statement insert,
        database_->prepare(
            "insert into step (run, position, name, state, seconds, rows, message) select number, "
            "(select count(*) from step where step.run = number), ?, ?, ?, ?, ? from run where id = ?"));
    RH_TRY(insert.run(step.name, step.state, step.seconds, step.rows, step.message, run));
    if (database_->changes() == 0) return fail(unknown(run));
    return {};
  }

  Result<> end(const std::string& run, RunState state, int version, const std::string& message,
               const Clock& clock) override {
    if (state == RunState::kRunning) return fail(ErrorKind::kInternal, "ending a run as running", "", run);
    const std::lock_guard lock(mutex_);
    RH_ASSIGN(Statement update,
              database_->prepare("update run set state = ?, version = ?, message = ?, ended = ? "
                                 "where id = ? and state in ('running', 'died')"));
    RH_TRY(update.run(name_of(state), version, message, to_iso(clock.now()), run));
    if (database_->changes() > 0) return {};
    RH_ASSIGN(const auto found, select("where id = ?", run));
    if (found.empty()) return fail(unknown(run));
    return fail(ErrorKind::kInternal, fmt::format("ending the run {}: it has ended already ({})", run,
                                                  name_of(found.front().run.state)));
  }

  Result<std::vector<Run>> list(int limit) const override {
    const std::lock_guard lock(mutex_);
    RH_ASSIGN(auto found, select("order by number desc limit ?", limit > 0 ? limit : -1));
    std::vector<Run> runs;
    for (auto& stored : found) {
      RH_ASSIGN(Run run, complete(std::move(stored)));
      runs.push_back(std::move(run));
    }
    return runs;
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
    if (run.state == RunState::kRunning && !is_alive(stored.process)) {
      run.state = RunState::kDied;
      run.message = death_message(run.process);
    }
    RH_ASSIGN(Statement rows, database_->prepare("select name, state, seconds, rows, message from step "
                                                 "where run = ? order by position"));
    RH_TRY(rows.bind_all(stored.number));
    while (true) {
      RH_ASSIGN(const bool more, rows.step());
      if (!more) return run;
      run.steps.push_back({rows.column_text(0), rows.column_text(1), rows.column_double(2),
                           static_cast<uint64_t>(rows.column_int(3)), rows.column_text(4)});
    }
  }

  Result<> close_dead(const std::string& now) {
    RH_ASSIGN(const auto running, select("where state = 'running'"));
    RH_ASSIGN(Statement update,
              database_->prepare("update run set state = 'died', ended = ?, message = ? where number = ?"));
    for (const auto& stored : running)
      if (!is_alive(stored.process)) RH_TRY(update.run(now, death_message(stored.process.id), stored.number));
    return {};
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
    case RunState::kDied:
      return "died";
  }
  return "died";
}

Result<std::unique_ptr<RunHistory>> open_run_history(const std::filesystem::path& file) {
  RH_ASSIGN(auto database,
            Sqlite::open(file, "the history of runs", "Move the file away; the history then begins anew."));
  RH_TRY(database->migrate(kMigrations));
  // A step a commit: none of them waits for the disk; a power cut may lose the last, a kill none.
  RH_TRY(database->execute("PRAGMA synchronous = NORMAL"));
  return std::make_unique<SqliteRunHistory>(std::move(database));
}

}  // namespace reelhouse::workflow
