#pragma once

#include "app/command.hpp"
#include "project/run.hpp"

namespace reelhouse::app {

/// Tells the lines of the phases on standard error, as they come.
project::Telling telling_phases(const GlobalFlags& flags);
/// Tells every line of the run's log on standard error, as it comes.
project::Telling telling_log(const GlobalFlags& flags);

/// Says how a run ended, in one line; returns its exit code.
int tell_end(const GlobalFlags& flags, const project::RunEnd& end);
/// Prints the receipt of a run on standard output where JSON is wanted, and says where it lies; returns the run's
/// exit code. Errors: why a phase failed.
Result<int> print_receipt(const GlobalFlags& flags, const project::Settings& settings,
                          const project::RunEnd& end);

}  // namespace reelhouse::app
