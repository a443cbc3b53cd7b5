#pragma once

#include <atomic>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "workflow/run/command_process.hpp"
#include "workflow/scheduler/starts.hpp"

namespace reelhouse::workflow {

/// Runs a command to its end: run_command, or what a test hands in.
using CommandRunner = std::function<Result<CommandEnd>(const CommandOptions& options,
                                                       const std::function<void(const std::string&)>& line,
                                                       const std::function<bool()>& stop)>;

/// The processes that run queued runs, each watched by a thread of ours. Tells for people how one ended that
/// did not end well. Thread-safe.
class RunProcesses {
 public:
  RunProcesses(CommandRunner run, std::function<void(const std::string&)> say)
      : run_(std::move(run)), say_(std::move(say)) {}
  /// Ends those that are left.
  ~RunProcesses();
  RunProcesses(const RunProcesses&) = delete;
  RunProcesses& operator=(const RunProcesses&) = delete;

  void start(const Run& run, Program program);
  /// Those that were not taken back, in the order of their start.
  std::vector<StartedProcess> all() const;
  /// Takes back those that have ended; true when there was one.
  bool take_back();
  /// Ends all of them, from now on.
  void kill() { killing_ = true; }

 private:
  struct Process {
    StartedProcess of;
    std::thread thread;
    bool done = false;
  };
  void watch(Process& process, const CommandOptions& command);

  const CommandRunner run_;
  const std::function<void(const std::string&)> say_;
  std::atomic<bool> killing_ = false;
  mutable std::mutex mutex_;
  std::list<Process> processes_;
};

}  // namespace reelhouse::workflow
