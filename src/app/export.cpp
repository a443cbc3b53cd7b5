#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iostream>
#include <utility>

#include "app/command.hpp"
#include "app/row_text.hpp"
#include "base/csv.hpp"
#include "base/files.hpp"
#include "base/interrupt.hpp"
#include "base/near_miss.hpp"
#include "base/text.hpp"
#include "lake/arriving_folder.hpp"
#include "warehouse/versions.hpp"
#include "workflow/define/definition.hpp"

namespace reelhouse::app {
namespace {

namespace fs = std::filesystem;

struct ExportFlags {
  std::vector<std::string> tables;
  std::string to;
  std::string as = "parquet";
  std::string audience = "machines";

  bool for_people() const { return audience == "people"; }
};

/// The tables that were named, or all. Errors: kUsage with the near miss.
Result<std::vector<warehouse::Version::Table>> choose(const warehouse::Version& version,
                                                      const std::vector<std::string>& names) {
  if (names.empty()) return version.tables;
  std::vector<std::string> known;
  for (const auto& table : version.tables) known.push_back(table.name);
  std::vector<warehouse::Version::Table> chosen;
  for (const auto& name : names) {
    const auto table = std::ranges::find(version.tables, name, &warehouse::Version::Table::name);
    if (table == version.tables.end())
      return fail(ErrorKind::kUsage, fmt::format("there is no published table '{}'", name),
                  did_you_mean(name, known, "List them: reelhouse sql \"show tables\""));
    if (std::ranges::find(chosen, name, &warehouse::Version::Table::name) == chosen.end())
      chosen.push_back(*table);
  }
  return chosen;
}

/// Refuses a folder that the project itself reads or keeps.
Result<fs::path> target_folder(const project::Project& project, const std::string& to) {
  if (to.empty()) return fail(ErrorKind::kUsage, "the export's folder is empty", "Name one with --to.");
  std::error_code code;
  const bool has_scheme = to.find("://") != std::string::npos;
  const fs::path folder = has_scheme ? fs::path(to) : fs::absolute(to, code).lexically_normal();
  RH_TRY(workflow::check_export_target(has_scheme ? to : folder.string(), project.places()));
  if (fs::exists(folder, code) && !fs::is_directory(folder, code))
    return fail(ErrorKind::kUsage, "the export's place is a file, not a folder", "Name another with --to.",
                to);
  return folder;
}

/// Writes every value of a table as it is, and tells how many rows it wrote.
Result<uint64_t> write_exactly(engine::Session& session, const std::string& table, const std::string& as,
                               const fs::path& file) {
  const std::string format = as == "csv" ? "format csv, header true" : "format parquet, compression zstd";
  return session.copy(fmt::format("copy (select * from warehouse.{}) to {} ({})", engine::quote_name(table),
                                  engine::quote_text(file.string()), format));
}

/// Adds rows, or a header, to a CSV for people.
void append_rows(std::string& text, const engine::Rows& piece) {
  for (const auto& row : piece.rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      if (i > 0) text += ',';
      if (is_null(row[i]) && row.size() > 1) continue;
      const bool is_text = std::holds_alternative<std::string>(row[i]) && !piece.columns[i].numeric;
      (is_text ? append_csv_for_people : append_csv)(text, cell_text(row[i]));
    }
    text += '\n';
  }
}

/// Writes a table as a CSV that is safe to open in a spreadsheet, and tells how many rows it wrote.
Result<uint64_t> write_for_people(engine::Session& session, const std::string& table, const fs::path& file) {
  std::ofstream out(file, std::ios::binary);
  std::string text(kByteOrderMark);
  uint64_t rows = 0;
  bool begun = false;
  RH_TRY(session.stream(fmt::format("select * from warehouse.{}", engine::quote_name(table)),
                        [&](const engine::Rows& piece) {
                          for (size_t i = 0; i < piece.columns.size() && !begun; ++i) {
                            if (i > 0) text += ',';
                            append_csv_for_people(text, piece.columns[i].name);
                          }
                          if (!std::exchange(begun, true)) text += '\n';
                          append_rows(text, piece);
                          rows += piece.rows.size();
                          out.write(text.data(), static_cast<std::streamsize>(text.size()));
                          text.clear();
                          return out.good();
                        }));
  out.close();
  if (!out) return fail(system_error("writing the export", file.string(), errno));
  return rows;
}

/// Writes one table and makes sure that all of it is there.
Result<> write_table(engine::Session& session, const warehouse::Version::Table& table,
                     const ExportFlags& wanted, const fs::path& file) {
  RH_ASSIGN(const uint64_t rows, wanted.for_people() ? write_for_people(session, table.name, file)
                                                     : write_exactly(session, table.name, wanted.as, file));
  if (rows != table.rows)
    return fail(ErrorKind::kDamaged,
                fmt::format("{} rows were written where {} are published", rows, table.rows),
                "Check the warehouse: reelhouse doctor.", table.name);
  return sync_to_disk(file);
}

/// Gives all files their names while no other export does so: what lies there is of one version.
Result<> place(const fs::path& from, const fs::path& folder, const std::vector<std::string>& names) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return fail(system_error("opening the export's folder", folder.string(), errno));
  Result<> placed;
  while (::flock(descriptor, LOCK_EX) != 0 && errno == EINTR) {
  }
  for (const auto& name : names)
    if (placed) placed = rename_durably(from / name, folder / name);
  ::close(descriptor);
  return placed;
}

Result<int> export_tables(const GlobalFlags& flags, const ExportFlags& wanted) {
  if (wanted.for_people() && wanted.as != "csv")
    return fail(ErrorKind::kUsage, fmt::format("{} has no form for people", wanted.as),
                "Add --as csv: that a spreadsheet opens.");
  RH_ASSIGN(const auto project, open_project(flags));
  RH_ASSIGN(const fs::path folder, target_folder(*project, wanted.to));
  RH_ASSIGN(const auto warehouse, project->warehouse());
  warehouse::Version version;
  RH_ASSIGN(const auto database, warehouse->attach_current(version));
  RH_ASSIGN(const auto tables, choose(version, wanted.tables));
  RH_ASSIGN(const auto session, database->connect());
  const OnInterrupt stop([&] { session->interrupt(); });
  RH_TRY(make_folders(folder));
  RH_ASSIGN(const lake::ArrivingFolder arriving, lake::ArrivingFolder::make(folder));
  engine::Rows rows;
  rows.columns = {{"table", "VARCHAR"},
                  {"file", "VARCHAR"},
                  {"rows", "BIGINT", true},
                  {"bytes", "BIGINT", true},
                  {"version", "BIGINT", true}};
  std::vector<std::string> names;
  for (const auto& table : tables) {
    if (interrupted()) return fail(ErrorKind::kInterrupted, "the export was interrupted");
    const std::string name = fmt::format("{}.{}", table.name, wanted.as);
    const fs::path file = arriving.path() / name;
    RH_TRY(write_table(*session, table, wanted, file));
    std::error_code code;
    rows.rows.push_back({table.name, (folder / name).string(), static_cast<int64_t>(table.rows),
                         static_cast<int64_t>(fs::file_size(file, code)),
                         static_cast<int64_t>(version.number)});
    names.push_back(name);
  }
  RH_TRY(place(arriving.path(), folder, names));
  print_rows(rows, flags.output());
  if (!flags.quiet)
    std::cerr << fmt::format("{} of version {} in {}\n", counted(tables.size(), "table"), version.number,
                             folder.string());
  return kDone;
}

}  // namespace

void add_export(CLI::App& app, const GlobalFlags& flags) {
  auto* command = app.add_subcommand("export", "Write published tables to files, whole");
  auto wanted = std::make_shared<ExportFlags>();
  command->add_option("tables", wanted->tables, "Tables (default: all)")->type_name("TABLE...");
  command->add_option("--to", wanted->to, "Folder; made when it is not there")->required()->type_name("DIR");
  command->add_option("--as", wanted->as, "Format of the files: parquet or csv")
      ->check(CLI::IsMember({"parquet", "csv"}))
      ->capture_default_str();
  command
      ->add_option(
          "--for", wanted->audience,
          "Whom a CSV is for: machines (values as they are) or people (safe to open in a spreadsheet)")
      ->check(CLI::IsMember({"machines", "people"}))
      ->capture_default_str();
  command->footer(
      "Examples:\n  reelhouse export --to exports\n"
      "  reelhouse export dim_title --to exports --as csv --for people\n"
      "  reelhouse export dim_title fct_title --to exports --as csv\n\n"
      "Files that are there are replaced, each whole; all are of one published version.");
  on_run(*command, [&flags, wanted] { return export_tables(flags, *wanted); });
}

}  // namespace reelhouse::app
