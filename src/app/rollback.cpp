#include <iostream>

#include "app/command.hpp"
#include "warehouse/versions.hpp"

namespace reelhouse::app {

void add_rollback(CLI::App& app, const GlobalFlags& flags) {
  auto* command =
      app.add_subcommand("rollback", "Publish an earlier version again; --list shows which there are");
  auto number = std::make_shared<int>(0);
  auto list = std::make_shared<bool>(false);
  command->add_option("version", *number, "Version to make current; default: the one before")
      ->check(CLI::Range(1, 999999));
  command->add_flag("--list", *list, "List the versions that are kept, newest first");
  command->footer(
      "Examples:\n  reelhouse rollback --list\n  reelhouse rollback\n  reelhouse rollback 12\n\n"
      "Readers are not disturbed: who has the other version open keeps it until done.");
  on_run(*command, [&flags, number, list]() -> Result<int> {
    RH_ASSIGN(const auto project, open_project(flags));
    RH_ASSIGN(const auto warehouse, project->warehouse());
    if (*list) {
      RH_ASSIGN(const auto versions, warehouse->versions());
      engine::Rows rows;
      rows.columns = {{"version", "BIGINT", true}, {"current", "BOOLEAN"},     {"created", "VARCHAR"},
                      {"run", "VARCHAR"},          {"tables", "BIGINT", true}, {"bytes", "BIGINT", true}};
      for (const auto& version : versions)
        rows.rows.push_back({int64_t{version.number}, version.current, version.created, version.run,
                             static_cast<int64_t>(version.tables.size()),
                             static_cast<int64_t>(version.bytes)});
      print_rows(rows, flags.output());
      return kDone;
    }
    RH_ASSIGN(const auto version, warehouse->roll_back(*number));
    std::cerr << fmt::format("version {} of {} is current\n", version.number, version.created);
    for (const auto& remark : version.remarks) std::cerr << "note: " << remark << "\n";
    return kDone;
  });
}

}  // namespace reelhouse::app
