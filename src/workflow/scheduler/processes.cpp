#include "workflow/scheduler/processes.hpp"

namespace reelhouse::workflow {
namespace {

constexpr std::chrono::seconds kBeforeTheKill{20};  ///< for a run to end itself before its process is killed

}  // namespace

RunProcesses::~RunProcesses() {
  kill();
  for (auto& process : processes_) process.thread.join();
}

void RunProcesses::start(const Run& run, Program program) {
  CommandOptions command;
  command.arguments = std::move(program.arguments);
  command.environment = std::move(program.environment);
  command.folder = std::filesystem::current_path();
  command.patience = kBeforeTheKill;
  const std::lock_guard lock(mutex_);
  Process& process = processes_.emplace_back();
  process.of = {run.id, run.workflow};
  process.thread = std::thread([this, &process, command = std::move(command)] { watch(process, command); });
}

void RunProcesses::watch(Process& process, const CommandOptions& command) {
  std::string last_line;
  const auto ended = run_(
      command,
      [&](const std::string& line) {
        if (!line.empty()) last_line = line;
      },
      [this] { return killing_.load(); });
  if (!ended)
    say_(fmt::format("warning: run {}: {}", process.of.run, ended.error().to_string()));
  else if (ended->exit_code != 0 && !ended->stopped)
    say_(fmt::format("run {} ended with exit code {}: {}", process.of.run, ended->exit_code, last_line));
  const std::lock_guard lock(mutex_);
  process.done = true;
}

std::vector<StartedProcess> RunProcesses::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<StartedProcess> all;
  for (const auto& process : processes_) all.push_back(process.of);
  return all;
}

bool RunProcesses::take_back() {
  std::list<Process> gone;
  {
    const std::lock_guard lock(mutex_);
    for (auto process = processes_.begin(); process != processes_.end();) {
      const auto next = std::next(process);
      if (process->done) gone.splice(gone.end(), processes_, process);
      process = next;
    }
  }
  for (auto& process : gone) process.thread.join();
  return !gone.empty();
}

}  // namespace reelhouse::workflow
