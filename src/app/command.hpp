#pragma once

#include <CLI/CLI.hpp>

#include <filesystem>
#include <functional>
#include <string>

#include "app/output.hpp"
#include "base/result.hpp"
#include "warehouse/versions.hpp"

namespace reelhouse::app {

/// Exit codes of the program.
inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kWrongUsage = 2;
inline constexpr int kCheckFailed = 3;
inline constexpr int kInterrupted = 130;

/// What the flags and variables say before any file is read; empty = not said.
struct GlobalFlags {
  std::string project;
  std::string lake;
  std::string store;
  std::string warehouse;
  std::string engine;
  std::string format = "table";
  bool quiet = false;

  OutputFormat output() const;
};

/// The settings of a project: flag before variable before reelhouse.yaml before the default.
struct Settings {
  std::filesystem::path project;
  std::string name;  ///< of the project, for people
  std::string lake;
  std::filesystem::path store;  ///< a folder; what this machine has of the store when that is a bucket
  std::string store_bucket;     ///< "s3://bucket/prefix"; empty when the store is a folder
  std::string warehouse;        ///< a folder, or a server's URI, which may hold a password: never print it
  std::string warehouse_schema;
  std::string warehouse_reader;
  double warehouse_patience = 5;  ///< seconds
  int keep_versions = 5;
  std::vector<std::string> exclude;  ///< globs for the crawl
  std::filesystem::path state;       ///< .reelhouse/ beside reelhouse.yaml

  std::filesystem::path database() const { return state / "catalog.db"; }
  std::filesystem::path runs() const { return state / "runs.db"; }
  std::filesystem::path objects() const { return state / "cache" / "objects"; }  ///< copies of a bucket's
  warehouse::WarehouseOptions published() const;
};

/// Finds the project and reads its settings. Errors: kUsage (no project here), kProject.
Result<Settings> load_settings(const GlobalFlags& flags);

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
void add_validate(CLI::App& app, const GlobalFlags& flags);
void add_doctor(CLI::App& app, const GlobalFlags& flags);
void add_completion(CLI::App& app, const GlobalFlags& flags);

}  // namespace reelhouse::app
