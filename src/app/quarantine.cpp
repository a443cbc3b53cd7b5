#include <algorithm>
#include <iostream>

#include "app/command.hpp"
#include "base/files.hpp"
#include "base/json.hpp"
#include "base/near_miss.hpp"
#include "catalog/catalog.hpp"
#include "model/curated.hpp"
#include "workflow/runs.hpp"

namespace reelhouse::app {
namespace {

using engine::Cell;
using engine::quote_text;

struct QuarantineFlags {
  std::string table;
  std::string run;
  bool repairs = false;
  int limit = 0;
};

/// One model's build, as a receipt names it.
struct Build {
  std::string model;
  std::string fingerprint;
  uint64_t rejected = 0;
};

/// Reads from the newest receipt (or that of one run) which builds the published numbers stand on;
/// none before the first build.
Result<std::vector<Build>> builds_of(const Settings& settings, const std::string& wanted) {
  RH_ASSIGN(const auto history, workflow::open_run_history(settings.runs()));
  std::vector<workflow::Run> runs;
  if (wanted.empty()) {
    RH_ASSIGN(runs, history->list(1000));
  } else {
    RH_ASSIGN(auto run, history->find(wanted));
    runs.push_back(std::move(run));
  }
  for (const auto& run : runs) {
    const auto text = read_file(settings.store / "receipts" / (run.id + ".json"));
    if (!text) continue;
    const Json receipt = Json::parse(*text, nullptr, false);
    if (!receipt.is_object() || !receipt.contains("models") || receipt["models"].empty()) continue;
    std::vector<Build> builds;
    for (const auto& model : receipt["models"])
      builds.push_back(
          {model.value("model", ""), model.value("fingerprint", ""), model.value("rejected", uint64_t{0})});
    return builds;
  }
  if (wanted.empty()) return std::vector<Build>{};
  return fail(ErrorKind::kNotFound, fmt::format("the run {} built nothing", runs.front().id),
              "Leave --run out for the newest that did.");
}

/// Reads one kind of file from every build that has it.
Result<engine::Rows> read_builds(const Settings& settings, const std::vector<Build>& builds,
                                 const std::string& table, bool repairs) {
  const model::Curated curated(settings.store);
  const std::string columns = repairs ? "_object as object, _line as line, kind, col as \"column\", was, now"
                                      : "_object as object, _line as line, col as \"column\", reason, value";
  std::string sql;
  for (const auto& build : builds) {
    const auto file = curated.folder(build.model, build.fingerprint) /
                      (repairs ? "_repaired.parquet" : "_rejected.parquet");
    if (!table.empty() && build.model != table) continue;
    if (!std::filesystem::exists(file)) {
      if (build.rejected > 0 && !repairs)
        std::cerr << fmt::format("{} rejected rows of {} are not shown: that build is not kept any more\n",
                                 build.rejected, build.model);
      continue;
    }
    sql += fmt::format("{}select {} as \"table\", {} from read_parquet({})", sql.empty() ? "" : " union all ",
                       quote_text(build.model), columns, quote_text(file.string()));
  }
  engine::Rows rows;
  if (sql.empty()) return rows;
  RH_ASSIGN(const auto database, engine::open_duckdb({}));
  RH_ASSIGN(const auto session, database->connect());
  return session->query(sql + " order by all");
}

/// Adds what the crawl rejected for its structure.
Result<> add_structural(const Settings& settings, const std::string& table, engine::Rows& rows,
                        std::vector<std::string>& names) {
  RH_ASSIGN(const auto catalog, catalog::open_catalog(settings.database()));
  RH_ASSIGN(const auto tables, catalog->tables());
  for (const auto& entry : tables) {
    names.push_back(entry.name);
    if (!table.empty() && table != entry.name && table != "raw." + entry.name) continue;
    for (const auto& object : entry.objects) {
      if (object.profile.rejected == 0) continue;
      RH_ASSIGN(const auto rejects, catalog->rejects(object.info.key));
      for (const auto& reject : rejects)
        rows.rows.push_back({"raw." + entry.name, object.info.key, static_cast<int64_t>(reject.line),
                             reject.column, reject.reason, reject.text});
      if (object.profile.rejected > rejects.size())
        std::cerr << fmt::format("{}: {} records were rejected, the first {} are kept here\n",
                                 object.info.key, object.profile.rejected, rejects.size());
    }
  }
  return {};
}

Result<int> quarantine(const GlobalFlags& flags, const QuarantineFlags& chosen) {
  RH_ASSIGN(const Settings settings, load_settings(flags));
  RH_ASSIGN(const auto builds, builds_of(settings, chosen.run));
  RH_ASSIGN(engine::Rows rows, read_builds(settings, builds, chosen.table, chosen.repairs));
  if (chosen.repairs)
    rows.columns = {{"table", "VARCHAR"}, {"object", "VARCHAR"}, {"line", "BIGINT", true},
                    {"kind", "VARCHAR"},  {"column", "VARCHAR"}, {"was", "VARCHAR"},
                    {"now", "VARCHAR"}};
  else
    rows.columns = {{"table", "VARCHAR"},  {"object", "VARCHAR"}, {"line", "BIGINT", true},
                    {"column", "VARCHAR"}, {"reason", "VARCHAR"}, {"value", "VARCHAR"}};
  std::vector<std::string> names;
  for (const auto& build : builds) names.push_back(build.model);
  if (!chosen.repairs) RH_TRY(add_structural(settings, chosen.table, rows, names));
  if (rows.rows.empty() && !chosen.table.empty() && std::ranges::find(names, chosen.table) == names.end())
    return fail(ErrorKind::kUsage, fmt::format("there is no table or model '{}'", chosen.table),
                did_you_mean(chosen.table, names));
  const size_t all = rows.rows.size();
  if (chosen.limit > 0 && all > static_cast<size_t>(chosen.limit)) {
    rows.rows.resize(static_cast<size_t>(chosen.limit));
    std::cerr << fmt::format("{} of {} rows\n", chosen.limit, all);
  }
  print_rows(rows, flags.output());
  return kDone;
}

}  // namespace

void add_quarantine(CLI::App& app, const GlobalFlags& flags) {
  auto* command = app.add_subcommand("quarantine", "Rows that were rejected, with file, line and reason");
  auto chosen = std::make_shared<QuarantineFlags>();
  command->add_option("table", chosen->table, "Only of this model or raw table");
  command->add_option("--run", chosen->run, "As of this run; default: the newest that built something");
  command->add_flag("--repairs", chosen->repairs,
                    "Rows that were mended instead, with the value from before");
  command->add_option("--limit", chosen->limit, "Rows to print; 0 = all")->check(CLI::Range(0, 100000000));
  command->footer(
      "Examples:\n  reelhouse quarantine\n  reelhouse quarantine stg_user --limit 20\n"
      "  reelhouse quarantine --repairs --format csv > repairs.csv");
  on_run(*command, [&flags, chosen] { return quarantine(flags, *chosen); });
}

}  // namespace reelhouse::app
