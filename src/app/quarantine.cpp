#include <iostream>

#include "app/command.hpp"
#include "project/quarantine.hpp"

namespace reelhouse::app {
namespace {

using project::QuarantineChoice;

Result<int> quarantine(const GlobalFlags& flags, const QuarantineChoice& chosen) {
  RH_ASSIGN(const auto project, open_project(flags));
  std::vector<std::string> notes;
  RH_ASSIGN(const auto rows, list_quarantine(*project, chosen, notes));
  for (const auto& note : notes) std::cerr << note << "\n";
  print_rows(rows, flags.output());
  return kDone;
}

}  // namespace

void add_quarantine(CLI::App& app, const GlobalFlags& flags) {
  auto* command = app.add_subcommand("quarantine", "Rows that were rejected, with file, line and reason");
  auto chosen = std::make_shared<QuarantineChoice>();
  command->add_option("table", chosen->table, "Only of this model or raw table");
  command->add_option("--run", chosen->run, "As of this run; default: the newest that built something");
  auto* repairs = command->add_flag("--repairs", chosen->repairs,
                                    "Rows that were mended instead, with the value from before");
  command->add_flag("--lost", chosen->lost, "Values of kept rows that could not be read, instead")
      ->excludes(repairs);
  command->add_option("--limit", chosen->limit, "Rows to print; 0 = all")->check(CLI::Range(0, 100000000));
  command->footer(
      "Examples:\n  reelhouse quarantine\n  reelhouse quarantine stg_user --limit 20\n"
      "  reelhouse quarantine --repairs --format csv > repairs.csv");
  on_run(*command, [&flags, chosen] { return quarantine(flags, *chosen); });
}

}  // namespace reelhouse::app
