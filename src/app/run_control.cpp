#include <iostream>
#include <thread>

#include "app/command.hpp"
#include "app/run_end.hpp"
#include "base/interrupt.hpp"
#include "workflow/run/log.hpp"

namespace reelhouse::app {
namespace {

using namespace std::chrono_literals;
using workflow::RunState;

/// How long `cancel` waits for the run to end before it says that it still runs.
constexpr auto kCancelWait = 10s;

Result<int> resume(const GlobalFlags& flags, const std::string& id) {
  RH_ASSIGN(const auto project, open_project(flags));
  RH_ASSIGN(const auto end, project::resume(*project, id, SystemClock(), telling_log(flags)));
  return tell_end(flags, end);
}

Result<int> cancel(const GlobalFlags& flags, const std::string& id) {
  RH_ASSIGN(const auto project, open_project(flags));
  RH_ASSIGN(const auto history, project->history());
  RH_ASSIGN(const auto found, history->find(id));
  const SystemClock clock;
  RH_ASSIGN(auto run, history->ask_cancel(found.id, clock));
  const auto until = std::chrono::steady_clock::now() + kCancelWait;
  while (run.state == RunState::kRunning && std::chrono::steady_clock::now() < until && !interrupted()) {
    std::this_thread::sleep_for(50ms);
    RH_ASSIGN(run, history->find(run.id));
  }
  if (!workflow::has_ended(run.state)) {
    std::cerr << fmt::format("run {} was asked to stop and still runs; see: reelhouse runs {}\n", run.id,
                             run.id);
    return kFailed;
  }
  std::cerr << fmt::format("run {} {}\n", run.id, name_of(run.state));
  return kDone;
}

void print_lines(const workflow::LogPart& part, OutputFormat format) {
  for (const auto& line : part.lines) {
    if (format == OutputFormat::kJson) {
      std::cout << line.dump(-1, ' ', false, Json::error_handler_t::replace) << "\n";
      continue;
    }
    const std::string level = line.value("level", "");
    std::cout << fmt::format("{}  {:<10} {}{}\n", line.value("time", ""), line.value("step", ""),
                             level == "error" || level == "warning" ? level + ": " : "",
                             line.value("message", ""));
  }
  std::cout.flush();
}

Result<int> show_log(const GlobalFlags& flags, const std::string& id, bool follow) {
  RH_ASSIGN(const auto project, open_project(flags));
  RH_ASSIGN(const auto history, project->history());
  RH_ASSIGN(const auto found, history->find(id));
  uint64_t at = 0;
  while (true) {
    RH_ASSIGN(const auto run,
              history->find(found.id));  // before the log is read: no line after its end is missed
    const auto part = workflow::read_log(project->settings().logs(), found.id, at);
    if (!part && (!follow || part.error().kind != ErrorKind::kNotFound)) return fail(part.error());
    if (part) {
      print_lines(*part, flags.output());
      const bool is_more = part->next > at;
      at = part->next;
      if (is_more) continue;
    }
    if (!follow || workflow::has_ended(run.state)) return kDone;
    if (interrupted()) return kInterrupted;
    std::this_thread::sleep_for(200ms);
  }
}

}  // namespace

void add_run_control(CLI::App& runs, const GlobalFlags& flags) {
  auto id = std::make_shared<std::string>();
  auto follow = std::make_shared<bool>(false);
  const auto add = [&](const char* name, const char* what) {
    auto* command = runs.add_subcommand(name, what);
    command->add_option("run", *id, "Run (the beginning of its id is enough)")->required();
    return command;
  };
  auto* resuming = add("resume", "Run what failed in a run, and what follows it, under the same properties");
  on_run(*resuming, [&flags, id] { return resume(flags, *id); });
  auto* cancelling = add("cancel", "Stop a run, or take it out of the queue");
  on_run(*cancelling, [&flags, id] { return cancel(flags, *id); });
  auto* logging = add("log", "Print the log of a run");
  logging->add_flag("--follow,-f", *follow, "Go on until the run ends");
  on_run(*logging, [&flags, id, follow] { return show_log(flags, *id, *follow); });
}

}  // namespace reelhouse::app
