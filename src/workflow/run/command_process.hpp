#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace reelhouse::workflow {

/// How this program is called again, for the same project and places.
struct Program {
  std::vector<std::string> arguments;              ///< its file, and flags
  std::map<std::string, std::string> environment;  ///< what must not stand in a list of processes
};

struct CommandOptions {
  std::vector<std::string> arguments;  ///< the program and its arguments; no shell
  std::filesystem::path folder;        ///< to run in; a program named with a slash is looked for there
  std::map<std::string, std::string> environment;  ///< besides our own
  std::chrono::milliseconds patience{3000};        ///< between SIGTERM and SIGKILL
};

struct CommandEnd {
  int exit_code = 0;     ///< 128 + signal when a signal ended it
  bool stopped = false;  ///< `stop` said so while it ran
};

/// Runs a command to its end with everything that it starts. A guardian process between us and it adopts
/// what the command leaves behind, ends all of it when the command ends, when `stop` says so, and when this
/// process dies in whatever way: no orphan stays. (Not its own: what a command asks another service to run
/// for it, and what has changed to another user.) Input is empty, signals are as a shell would leave them,
/// and no descriptor of ours is open in it.
///
/// Calls `line` for every line of its output (both streams in the order of writing; invalid UTF-8 replaced;
/// a line over 16 KB comes in pieces), from this thread. `stop` is asked every 50 ms, also from this thread.
/// Errors: kUsage (no command; a NUL in it), kNotFound (no such program or folder), kPermission,
/// kUnavailable (no process to be had; the guardian was killed, and then the command with it; a process that
/// not even SIGKILL ends).
Result<CommandEnd> run_command(const CommandOptions& options,
                               const std::function<void(const std::string&)>& line,
                               const std::function<bool()>& stop);

}  // namespace reelhouse::workflow
