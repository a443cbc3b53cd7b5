#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lake/object_store.hpp"
#include "workflow/run/command_process.hpp"
#include "workflow/scheduler/processes.hpp"
#include "workflow/trigger/book.hpp"

namespace reelhouse::workflow {

struct SchedulerOptions {
  std::filesystem::path history;  ///< file
  std::filesystem::path lock;     ///< file; held by the one process that schedules
  std::filesystem::path logs;
  std::filesystem::path receipts;
  std::filesystem::path steps;   ///< as PipelineOptions::steps
  std::filesystem::path folder;  ///< the project's workflows/, read again when it changes
  /// Reads the workflows. Broken ones are left out, said, and make `is_whole` false: what their triggers
  /// remember then stays for the time when they are mended.
  std::function<std::vector<Workflow>(bool& is_whole)> load;
  std::string lake;
  std::filesystem::path cache;  ///< of the lake's objects
  int versions = 5;             ///< that the warehouse keeps
  /// How this program is called to run a queued run.
  std::function<Program(const Run& run)> command;
  std::function<void(const std::string&)> say;  ///< one line for people
  std::function<void()> changed;                ///< the history changed, by whomever
  size_t processes = 4;                         ///< runs at a time
  /// Time for waits and patience; tests hand in one that they move.
  std::function<std::chrono::steady_clock::time_point()> steady = std::chrono::steady_clock::now;
  CommandRunner run_process = run_command;  ///< does the process of a run; tests hand in their own
};

/// Runs a project's workflows: lists what triggers watch, asks the TriggerBook, and starts a process for
/// every queued run, which a guardian ends with this process. Of several processes on one project one
/// schedules (SchedulerOptions::lock); another takes over when it goes. All public functions are
/// thread-safe.
class Scheduler {
 public:
  /// Errors: as open_run_history.
  static Result<std::unique_ptr<Scheduler>> open(SchedulerOptions options, const Clock& clock);
  /// The same on a history that is open.
  static std::unique_ptr<Scheduler> with(SchedulerOptions options, const Clock& clock,
                                         std::unique_ptr<RunHistory> history);
  virtual ~Scheduler() = default;

  /// Looks four times a second from now on, from a thread of its own.
  virtual void start() = 0;
  /// Looks once at workflows, time, lake, processes and history, and does what is due. Not after `start`.
  virtual void look() = 0;
  /// Ends what runs (each run is cancelled honestly) and waits for it.
  virtual void stop() = 0;

  /// Queues a run. Errors: kNotFound (no such workflow, with the near miss), kUsage (a property that the
  /// workflow does not declare), those of RunHistory.
  virtual Result<Run> request(const std::string& workflow, Cause cause, const Properties& properties) = 0;
  /// Queues a run that goes on with one that ended without success. Errors: kNotFound, kUsage.
  virtual Result<Run> resume(const std::string& run, const std::string& by) = 0;
  /// Errors: as RunHistory::ask_cancel.
  virtual Result<Run> cancel(const std::string& run) = 0;

  virtual std::vector<Workflow> workflows() const = 0;
  virtual std::vector<NextFiring> next_firings(int count) const = 0;
  /// True while this process is the one that schedules.
  virtual bool is_leading() const = 0;
};

/// Says why a run cannot be resumed: it runs, or it succeeded.
Result<> check_resumable(const Run& run);

/// Sees that properties are declared by the workflow, and adds its first values. Errors: kUsage with the near
/// miss.
Result<Properties> complete_properties(const Workflow& workflow, const Properties& given);

}  // namespace reelhouse::workflow
