#pragma once

namespace reelhouse::app {

/// Parses the command line, runs the command that it names and returns the exit code. Errors are
/// printed on standard error, whole: what was being done, where, what is wrong, what to do.
int run_program(int argc, char** argv);

}  // namespace reelhouse::app
