#pragma once

#include <CLI/CLI.hpp>

#include <functional>
#include <memory>
#include <string>

#include "app/output.hpp"
#include "base/result.hpp"
#include "project/project.hpp"

namespace reelhouse::app {

/// Exit codes of the program.
inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kWrongUsage = 2;
inline constexpr int kCheckFailed = 3;
inline constexpr int kInterrupted = 130;

/// What the flags and variables say before any file is read; empty = not said.
struct GlobalFlags {
  project::Choice choice;
  std::string format = "table";
  bool quiet = false;

  OutputFormat output() const;
};

/// Opens the project that the flags choose. Errors: as project::Project::open.
Result<std::shared_ptr<project::Project>> open_project(const GlobalFlags& flags);

/// What a command does; returns an exit code.
using Action = std::function<Result<int>()>;

/// Gives a command its action: run after parsing, when the command was named.
void on_run(CLI::App& command, Action action);

/// Each adds one command, or a few that belong together, to the program; one file a function.
void add_init(CLI::App& app, const GlobalFlags& flags);
void add_generate(CLI::App& app, const GlobalFlags& flags);
void add_lake(CLI::App& app, const GlobalFlags& flags);
void add_fetch(CLI::App& app, const GlobalFlags& flags);
void add_crawl(CLI::App& app, const GlobalFlags& flags);
void add_catalog(CLI::App& app, const GlobalFlags& flags);
void add_run(CLI::App& app, const GlobalFlags& flags);
void add_runs(CLI::App& app, const GlobalFlags& flags);
void add_workflows(CLI::App& app, const GlobalFlags& flags);
void add_run_control(CLI::App& runs, const GlobalFlags& flags);
void add_alerts(CLI::App& app, const GlobalFlags& flags);
void add_rollback(CLI::App& app, const GlobalFlags& flags);
void add_lineage(CLI::App& app, const GlobalFlags& flags);
void add_quarantine(CLI::App& app, const GlobalFlags& flags);
void add_sql(CLI::App& app, const GlobalFlags& flags);
void add_export(CLI::App& app, const GlobalFlags& flags);
void add_metric(CLI::App& app, const GlobalFlags& flags);
void add_serve(CLI::App& app, const GlobalFlags& flags);
void add_test(CLI::App& app, const GlobalFlags& flags);
void add_validate(CLI::App& app, const GlobalFlags& flags);
void add_doctor(CLI::App& app, const GlobalFlags& flags);
void add_completion(CLI::App& app, const GlobalFlags& flags);

}  // namespace reelhouse::app
