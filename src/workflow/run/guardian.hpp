#pragma once

#include <sys/types.h>

#include <cstdint>

namespace reelhouse::workflow {

/// What a guardian is to run. All of it is made ready before the fork, because the process that forks has
/// other threads: nothing in guardian.cpp allocates, locks or throws.
struct GuardianPlan {
  const char* program;
  char* const* arguments;
  char* const* environment;
  const char* folder;
  int patience_ms;  ///< between SIGTERM and SIGKILL
  int lifeline;     ///< read end of a pipe; its end of file means: end everything
  int report;       ///< write end of a pipe that takes GuardianReports
  int output;       ///< write end of the pipe for both streams of the command
};

/// One message of a guardian, written whole.
struct GuardianReport {
  enum Kind : int32_t {
    kNotStarted,  ///< value: errno; detail: a Stage
    kEnded,       ///< value: status as of wait(2); detail: 1 when it was told to stop while the command ran
    kStuck,       ///< value: a process that does not end although it was killed
  };
  enum Stage : int32_t { kFork, kFolder, kProgram };
  Kind kind;
  int32_t value;
  int32_t detail;
};

/// Runs the command as a child of this process (which was forked for it and does nothing else), in a session
/// of its own, and ends every process that it leaves. Descendants that are orphaned are adopted by this
/// process, so none gets away by a double fork or setsid.
[[noreturn]] void guard(const GuardianPlan& plan);

/// Kills what is left of the session of a guardian that was itself killed. True when nothing is left.
bool kill_session(pid_t guardian);

}  // namespace reelhouse::workflow
