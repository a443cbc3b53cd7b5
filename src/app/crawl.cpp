#include <iostream>
#include <set>

#include "app/command.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "catalog/catalog.hpp"
#include "catalog/conventions.hpp"

namespace reelhouse::app {
namespace {

/// Says of each declared column which of two ways it is written, where one could mistake it.
void tell_conventions(const catalog::CrawlReport& report, const std::vector<catalog::Source>& sources) {
  for (const auto& table : report.tables) {
    std::set<std::string> told;
    for (const auto& conventions :
         catalog::decide_conventions(table, catalog::find_table(sources, table.name)))
      for (const auto& [column, convention] : conventions) {
        if (convention.words.front() == "decimal_point") continue;
        const std::string line =
            fmt::format("{}.{}: {} ({})\n", table.name, column, fmt::join(convention.words, ", "),
                        convention.undecided.empty() ? convention.evidence : convention.undecided);
        if (told.insert(line).second) std::cerr << line;
      }
  }
}

Result<int> crawl(const GlobalFlags& flags, bool dry_run, const std::vector<std::string>& exclude) {
  RH_ASSIGN(const auto project, open_project(flags));
  const auto& settings = project->settings();
  RH_TRY(make_folders(settings.state));
  RH_ASSIGN(const auto lock, FileLock::take(settings.run_lock(), "running or crawling this project"));
  RH_ASSIGN(const auto lake, lake::open_store(settings.lake, {settings.objects(), 0}));
  RH_ASSIGN(const auto sources, catalog::load_sources(settings.project));
  RH_ASSIGN(const auto catalog, catalog::open_catalog(settings.catalog_db()));
  catalog::CrawlOptions options;
  options.dry_run = dry_run;
  options.exclude = settings.exclude;
  options.exclude.insert(options.exclude.end(), exclude.begin(), exclude.end());
  const SystemClock clock;
  RH_ASSIGN(const auto report, catalog->crawl(*lake, sources, options, clock));
  engine::Rows rows;
  rows.columns = {{"change", "VARCHAR"}, {"table", "VARCHAR"}, {"subject", "VARCHAR"}, {"detail", "VARCHAR"}};
  for (const auto& change : report.changes)
    rows.rows.push_back({std::string(name_of(change.what)), engine::text_or_null(change.table),
                         engine::text_or_null(change.subject), engine::text_or_null(change.detail)});
  if (!rows.rows.empty() || flags.output() != OutputFormat::kTable) print_rows(rows, flags.output());
  if (flags.quiet) return kDone;
  std::cerr << fmt::format("{}, {} read, {}{}\n", counted(report.tables.size(), "table"),
                           counted(report.objects_read, "object"), counted(report.changes.size(), "change"),
                           dry_run ? "; nothing was kept (--dry-run)" : "");
  if (report.objects_read > 0) tell_conventions(report, sources);
  for (const auto& key : report.ignored) std::cerr << "ignored: " << key << "\n";
  for (const auto& object : report.unreadable)
    std::cerr << fmt::format("cannot be read: {}: {}\n", object.info.key, object.problem);
  return kDone;
}

}  // namespace

void add_crawl(CLI::App& app, const GlobalFlags& flags) {
  auto* command = app.add_subcommand("crawl", "Catalog what is in the lake, and show what changed");
  auto dry_run = std::make_shared<bool>(false);
  auto exclude = std::make_shared<std::vector<std::string>>();
  command->add_flag("--dry-run", *dry_run, "Show the changes and keep nothing");
  command->add_option("--exclude", *exclude, "Leave out objects whose key below raw/ matches")
      ->type_name("GLOB");
  command->footer("Examples:\n  reelhouse crawl --dry-run\n  reelhouse crawl --exclude 'logs/*.bak'");
  on_run(*command, [&flags, dry_run, exclude] { return crawl(flags, *dry_run, *exclude); });
}

}  // namespace reelhouse::app
