#include <unistd.h>

#include <fstream>
#include <iostream>

#include "app/command.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "lake/keys.hpp"
#include "lake/object_store.hpp"
#include "warehouse/versions.hpp"

namespace reelhouse::app {
namespace {

namespace fs = std::filesystem;

/// Collects what is well and what is not.
class Report {
 public:
  Report() { rows_.columns = {{"check", "VARCHAR"}, {"state", "VARCHAR"}, {"detail", "VARCHAR"}}; }
  void ok(const std::string& check, const std::string& detail) { add(check, "ok", detail); }
  void wrong(const std::string& check, const std::string& detail) {
    add(check, "WRONG", detail);
    healthy_ = false;
  }
  void note(const std::string& check, const std::string& detail) { add(check, "note", detail); }
  const engine::Rows& rows() const { return rows_; }
  bool healthy() const { return healthy_; }

 private:
  void add(const std::string& check, const char* state, const std::string& detail) {
    rows_.rows.push_back({check, std::string(state), one_line(detail)});
  }

  engine::Rows rows_;
  bool healthy_ = true;
};

void check_engine(Report& report) {
  const auto database = engine::open_duckdb({});
  if (!database) return report.wrong("engine", database.error().to_string());
  const auto session = (*database)->connect();
  const auto rows = session ? (*session)->query("select version()") : fail(session.error());
  if (rows)
    report.ok("engine", "DuckDB " + rows->text(0, 0));
  else
    report.wrong("engine", rows.error().to_string());
}

void check_lake(Report& report, const project::Settings& settings) {
  const auto lake = lake::open_store(settings.lake);
  const auto objects = lake ? (*lake)->list(std::string(lake::kRaw)) : fail(lake.error());
  if (!objects) return report.wrong("lake", objects.error().to_string());
  uint64_t bytes = 0;
  for (const auto& object : *objects) bytes += object.size;
  const std::string detail = fmt::format("{}: {} objects, {:.1f} MB", settings.lake, objects->size(),
                                         static_cast<double>(bytes) / 1e6);
  if (objects->empty())
    report.wrong("lake", detail + ". Fill raw/, or try: reelhouse generate");
  else
    report.ok("lake", detail);
}

/// Lists a bucket that the program will write to, puts a small object there and removes it.
void check_bucket(Report& report, const std::string& what, const std::string& location) {
  const auto bucket = lake::open_store(location);
  const auto objects = bucket ? (*bucket)->list("receipts/") : fail(bucket.error());
  if (!objects) return report.wrong(what, objects.error().to_string());
  if (const auto writable = lake::check_writable(**bucket, lake::WriteCheck::kPlain); !writable)
    return report.wrong(what, writable.error().to_string());
  report.ok(what, fmt::format("{}: readable, writable, {} receipts", location, objects->size()));
}

/// Writes and removes a file where the program will have to write, and tells the space left there.
void check_writable(Report& report, const std::string& what, const fs::path& folder) {
  const fs::path probe = folder / ".doctor";
  if (const auto written = write_file_atomically(probe, "x"); !written)
    return report.wrong(what, written.error().to_string());
  std::error_code code;
  fs::remove(probe, code);
  const auto space = fs::space(folder, code);
  report.ok(what, fmt::format("{}: writable, {:.1f} GB free", folder.string(),
                              static_cast<double>(space.available) / 1e9));
}

void check_memory(Report& report) {
  const double memory =
      static_cast<double>(::sysconf(_SC_PHYS_PAGES)) * static_cast<double>(::sysconf(_SC_PAGE_SIZE));
  const std::string detail =
      fmt::format("{:.1f} GB, {} cores", memory / 1e9, ::sysconf(_SC_NPROCESSORS_ONLN));
  if (memory < 2e9)
    report.note("machine", detail + "; below 2 GB, larger lakes will spill to disk");
  else
    report.ok("machine", detail);
}

void check_warehouse(Report& report, const project::Settings& settings) {
  const auto warehouse = warehouse::open_warehouse(settings.published());
  if (!warehouse) return report.wrong("warehouse", warehouse.error().to_string());
  bool reachable = true;
  for (const auto& finding : (*warehouse)->inspect(settings.keep_versions)) switch (finding.state) {
      case warehouse::Finding::State::kOk:
        report.ok(finding.check, finding.detail);
        break;
      case warehouse::Finding::State::kNote:
        report.note(finding.check, finding.detail);
        break;
      case warehouse::Finding::State::kWrong:
        report.wrong(finding.check, finding.detail);
        reachable = reachable && finding.check != "warehouse";
    }
  const bool is_folder =
      !warehouse::is_server(settings.warehouse) && !warehouse::is_bucket(settings.warehouse);
  if (is_folder || !reachable) return;
  if (const auto writable = (*warehouse)->check_writable(); !writable)
    report.wrong("publishing", writable.error().to_string());
  else
    report.ok("publishing", warehouse::is_bucket(settings.warehouse)
                                ? "the bucket may be written, and heeds conditions"
                                : "this user may make schemas and tables");
}

Result<int> doctor(const GlobalFlags& flags) {
  Report report;
  check_memory(report);
  check_engine(report);
  if (const auto settings = project::load_settings(flags.choice)) {
    report.ok("project", fmt::format("{} in {}", settings->name, settings->project.string()));
    check_lake(report, *settings);
    if (settings->store_bucket.empty())
      check_writable(report, "store", settings->store);
    else
      check_bucket(report, "store", settings->store_bucket);
    if (!warehouse::is_server(settings->warehouse) && !warehouse::is_bucket(settings->warehouse))
      check_writable(report, "warehouse", settings->warehouse);
    check_writable(report, "state", settings->state);
    check_warehouse(report, *settings);
  } else {
    report.wrong("project", settings.error().to_string());
  }
  print_rows(report.rows(), flags.output());
  return report.healthy() ? kDone : kFailed;
}

}  // namespace

void add_doctor(CLI::App& app, const GlobalFlags& flags) {
  auto* command = app.add_subcommand("doctor", "What is installed, reachable, and missing");
  command->footer("Example:\n  reelhouse doctor --project streaming");
  on_run(*command, [&flags] { return doctor(flags); });
}

}  // namespace reelhouse::app
