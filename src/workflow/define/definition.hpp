#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "workflow/define/cron.hpp"
#include "workflow/history/runs.hpp"

namespace reelhouse::workflow {

using Seconds = std::chrono::seconds;

/// What a step does.
enum class StepKind { kFetch, kCrawl, kBuild, kCheck, kPublish, kExport, kCommand };
const char* name_of(StepKind kind);

/// When a step may start, told of the steps before it.
struct Condition {
  enum class Of { kAll, kAny };
  enum class Are { kSucceeded, kFailed, kCheckFailed, kEnded };  ///< kFailed: failed or check failed
  Of of = Of::kAll;
  Are are = Are::kSucceeded;
  std::vector<std::string> steps;  ///< empty = at once
};

struct Retries {
  int times = 0;  ///< attempts after the first
  Seconds wait{10};
  double factor = 2;  ///< each wait is this many times the one before
  Seconds longest{600};
};

struct StepDefinition {
  std::string name;
  StepKind kind = StepKind::kCommand;
  std::vector<std::string> what;  ///< fetch: sources; build: selection; empty = all. Export: tables
  std::string command;            ///< a line for /bin/sh; reads properties from its environment
  std::string to;                 ///< export: folder, may hold ${property}
  std::string as = "parquet";     ///< export: parquet or csv
  Condition after;
  /// Runs once the steps named in `after` have ended or never will, after a cancel too. A file that does not
  /// say after what means all steps that do not wait for this one and do not run always themselves.
  bool always = false;
  Seconds timeout{0};  ///< of one attempt; 0 = none
  Retries retries;
  std::string where;  ///< file:line of its declaration
};

enum class Missed { kSkip, kLatest, kAll };

struct ScheduleTrigger {
  Cron cron;
  std::string zone = "UTC";
  Missed missed = Missed::kLatest;
};

/// Objects of the lake that appear, change or go.
struct ObjectsTrigger {
  std::string prefix;  ///< of keys, "raw/shop/"
  bool created = true;
  bool changed = true;
  bool deleted = true;
  int count = 0;    ///< fires when so many changes have come together; 0 = by time alone
  Seconds wait{0};  ///< fires so long after the first change of a batch; 0 = at once
};

struct AfterTrigger {
  std::string workflow;
  Condition::Are are = Condition::Are::kSucceeded;
  Missed missed = Missed::kAll;
};

/// A signed POST to /api/hooks/<workflow>, as the Standard Webhooks specification says.
struct HttpTrigger {
  std::string secret_variable;  ///< environment variable that holds the secret
};

struct Trigger {
  /// As the file names it, else "schedule", "objects", ..., the second "schedule_2"; unique in its workflow.
  std::string name;
  std::optional<ScheduleTrigger> schedule;
  std::optional<ObjectsTrigger> objects;
  std::optional<AfterTrigger> after;
  std::optional<HttpTrigger> http;
  std::string where;
};

/// One file of workflows/:
///
///   workflow: refresh           # its name; default: the file's
///   description: ...
///   properties: {day: ""}       # names that steps and triggers read and write, with their first values
///   at_once: 1                  # runs of this workflow side by side
///   when_busy: queue            # or skip: what becomes of a run that has to wait
///   steps_at_once: 4
///   timeout: 2h                 # of a run
///   keep: {runs: 500, days: 90} # history and logs
///   triggers:
///     - {schedule: "15 6 * * *", zone: Europe/Madrid, missed: latest}
///     - {objects: raw/visits/, changes: [created, changed, deleted], batch: {count: 10, wait: 30s}}
///     - {after: fetch_all, when: succeeded, missed: all}
///     - {http: HOOK_SECRET}     # the variable that holds the secret
///   steps:
///     fetch: {fetch: [shop], timeout: 30m, retries: {times: 3, wait: 30s, factor: 2, longest: 10m}}
///     crawl: {crawl: all, after: fetch}
///     build: {build: [marts], after: crawl}
///     check: {check: all, after: build}
///     publish: {publish: all, after: check}
///     tables: {export: [dim_title], to: "exports/${day}", as: csv, after: publish}
///     tell: {command: "echo $day", after: {any: [build, check], are: failed}}
///     tidy: {command: "rm -rf scratch", always: true, after: [tables]}
struct Workflow {
  std::string name;
  std::string description;
  std::map<std::string, std::string> properties;
  int at_once = 1;
  bool skip_when_busy = false;
  int steps_at_once = 4;
  Seconds timeout{0};  ///< 0 = none
  int keep_runs = 500;
  int keep_days = 90;
  std::vector<Trigger> triggers;
  std::vector<StepDefinition> steps;  ///< in the file's order
  std::string where;

  const StepDefinition* step(const std::string& wanted) const;
};

/// The workflow that `reelhouse run` runs when none is named.
inline constexpr const char* kDefaultWorkflow = "default";
/// What it does in a project without workflows/default.yml: crawl, build, check, publish. Its `where` is empty.
Workflow default_workflow();

/// What validation has to know of the project besides its workflows.
struct ProjectNames {
  std::vector<std::string> sources;            ///< datasets that sources/ declares
  std::vector<std::string> fetched;            ///< those that can be fetched
  std::vector<std::string> selectable;         ///< models and their folders
  std::vector<std::string> published;          ///< tables that can be exported
  std::filesystem::path project;               ///< where relative paths of the files begin
  std::vector<std::filesystem::path> folders;  ///< that hold the project itself
  std::string lake;                            ///< folder or bucket
  std::string store;
  std::string warehouse;  ///< empty when it is a server
};

/// Reads every .yml of a folder, sorted by name. Adds every problem (unknown key, step, workflow, model or
/// source with the near miss; a cycle of steps or of `after` triggers; a cron that never fires; a property
/// that nobody declares; a step that writes to what its workflow reads), with file, line and a fix, and
/// leaves those workflows out. A folder that is not there is empty.
std::vector<Workflow> load_workflows(const std::filesystem::path& folder, const ProjectNames& names,
                                     std::vector<Error>& problems);

/// Puts values where a text says ${name}. Errors: kProject (a name without a value, with the near miss; a `$`
/// that begins nothing).
Result<std::string> with_properties(const std::string& text,
                                    const std::map<std::string, std::string>& values);

/// Refuses a folder of an export, with its properties put in, that lies in what the project reads or keeps
/// (raw/ of the lake, store, warehouse, models/ and the like), or that holds it. Links are followed. A run
/// asks again, because properties have other values then. Errors: kProject.
Result<> check_export_target(const std::string& to, const ProjectNames& names);

}  // namespace reelhouse::workflow
