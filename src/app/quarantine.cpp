#include <algorithm>
#include <iostream>

#include "app/answers.hpp"
#include "app/command.hpp"
#include "base/files.hpp"
#include "base/json.hpp"
#include "base/near_miss.hpp"
#include "catalog/catalog.hpp"
#include "model/curated.hpp"
#include "workflow/history/runs.hpp"

namespace reelhouse::app {
namespace {

using engine::Cell;
using engine::quote_text;

/// One model's build, as a receipt names it.
struct Build {
  std::string model;
  std::string fingerprint;
  uint64_t rejected = 0;
};

}  // namespace

Result<Json> receipt_of_builds(const Settings& settings, const std::string& wanted) {
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
    if (receipt.is_object() && receipt.contains("models") && !receipt["models"].empty()) return receipt;
  }
  if (wanted.empty()) return Json::object();
  return fail(ErrorKind::kNotFound, fmt::format("the run {} built nothing", runs.front().id),
              "Leave --run out for the newest that did.");
}

namespace {

/// Lists the builds that the published numbers stand on; none before the first build.
Result<std::vector<Build>> builds_of(const Settings& settings, const std::string& wanted) {
  RH_ASSIGN(const Json receipt, receipt_of_builds(settings, wanted));
  std::vector<Build> builds;
  if (!receipt.contains("models")) return builds;
  for (const auto& model : receipt["models"])
    builds.push_back(
        {model.value("model", ""), model.value("fingerprint", ""), model.value("rejected", uint64_t{0})});
  return builds;
}

/// Reads one kind of file from every build that has it.
Result<engine::Rows> read_builds(const Settings& settings, const std::vector<Build>& builds,
                                 const QuarantineChoice& chosen, std::vector<std::string>& notes) {
  const bool repairs = chosen.repairs;
  const std::string& table = chosen.table;
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
        notes.push_back(fmt::format("{} rejected rows of {} are not shown: that build is not kept any more",
                                    build.rejected, build.model));
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
                        std::vector<std::string>& names, std::vector<std::string>& notes) {
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
        notes.push_back(fmt::format("{}: {} records were rejected, the first {} are kept here",
                                    object.info.key, object.profile.rejected, rejects.size()));
    }
  }
  return {};
}

}  // namespace

Result<engine::Rows> list_quarantine(const Settings& settings, const QuarantineChoice& chosen,
                                     std::vector<std::string>& notes) {
  RH_ASSIGN(const auto builds, builds_of(settings, chosen.run));
  RH_ASSIGN(engine::Rows rows, read_builds(settings, builds, chosen, notes));
  if (chosen.repairs)
    rows.columns = {{"table", "VARCHAR"}, {"object", "VARCHAR"}, {"line", "BIGINT", true},
                    {"kind", "VARCHAR"},  {"column", "VARCHAR"}, {"was", "VARCHAR"},
                    {"now", "VARCHAR"}};
  else
    rows.columns = {{"table", "VARCHAR"},  {"object", "VARCHAR"}, {"line", "BIGINT", true},
                    {"column", "VARCHAR"}, {"reason", "VARCHAR"}, {"value", "VARCHAR"}};
  std::vector<std::string> names;
  for (const auto& build : builds) names.push_back(build.model);
  if (!chosen.repairs) RH_TRY(add_structural(settings, chosen.table, rows, names, notes));
  if (rows.rows.empty() && !chosen.table.empty() && std::ranges::find(names, chosen.table) == names.end())
    return fail(ErrorKind::kUsage, fmt::format("there is no table or model '{}'", chosen.table),
                did_you_mean(chosen.table, names));
  const size_t all = rows.rows.size();
  if (chosen.limit > 0 && all > static_cast<size_t>(chosen.limit)) {
    rows.rows.resize(static_cast<size_t>(chosen.limit));
    notes.push_back(fmt::format("{} of {} rows", chosen.limit, all));
  }
  return rows;
}

namespace {

Result<int> quarantine(const GlobalFlags& flags, const QuarantineChoice& chosen) {
  RH_ASSIGN(const Settings settings, load_settings(flags));
  std::vector<std::string> notes;
  RH_ASSIGN(const auto rows, list_quarantine(settings, chosen, notes));
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
  command->add_flag("--repairs", chosen->repairs,
                    "Rows that were mended instead, with the value from before");
  command->add_option("--limit", chosen->limit, "Rows to print; 0 = all")->check(CLI::Range(0, 100000000));
  command->footer(
      "Examples:\n  reelhouse quarantine\n  reelhouse quarantine stg_user --limit 20\n"
      "  reelhouse quarantine --repairs --format csv > repairs.csv");
  on_run(*command, [&flags, chosen] { return quarantine(flags, *chosen); });
}

}  // namespace reelhouse::app
