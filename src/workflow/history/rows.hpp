#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/sqlite.hpp"
#include "workflow/history/process.hpp"
#include "workflow/history/runs.hpp"

namespace reelhouse::workflow {

/// The tables of the history, a step for each version of its file (`Sqlite::migrate`).
extern const std::vector<std::string> kRunMigrations;

/// What read_run and read_step read, in their order.
inline constexpr std::string_view kRunColumns =
    "number, id, workflow, state, started, ended, process, process_start, boot, version, message, queued, "
    "cause, resumes, properties, cancel_asked";
inline constexpr std::string_view kStepColumns =
    "name, state, seconds, rows, message, parent, attempts, started, ended, kept_from, written";

struct StoredRun {
  int64_t number = 0;
  Run run;
  ProcessIdentity process;
};

StoredRun read_run(const Statement& row);
Step read_step(const Statement& row);

/// JSON, as the columns hold it.
std::string to_text(const Properties& properties);
std::string to_text(const Cause& cause);

}  // namespace reelhouse::workflow
