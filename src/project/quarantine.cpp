#include "project/quarantine.hpp"

#include <algorithm>

#include "base/near_miss.hpp"
#include "model/curated.hpp"
#include "project/receipts.hpp"

namespace reelhouse::project {
namespace {

using engine::quote_text;

/// One model's build, as a receipt names it.
struct Build {
  std::string model;
  std::string fingerprint;
  uint64_t rejected = 0;
};

/// Lists the builds that the published numbers stand on; none before the first build.
Result<std::vector<Build>> builds_of(Project& project, const std::string& wanted) {
  RH_ASSIGN(const Json receipt, receipt_of_builds(project, wanted));
  std::vector<Build> builds;
  if (!receipt.contains("models")) return builds;
  for (const auto& model : receipt["models"])
    builds.push_back(
        {model.value("model", ""), model.value("fingerprint", ""), model.value("rejected", uint64_t{0})});
  return builds;
}

/// Reads one kind of file from every build that has it.
Result<engine::Rows> read_builds(Project& project, const std::vector<Build>& builds,
                                 const QuarantineChoice& chosen, std::vector<std::string>& notes) {
  const std::string& table = chosen.table;
  const model::Curated curated(project.settings().store);
  const std::string columns =
      "_object as object, _line as line, " + std::string(chosen.repairs ? "kind, col as \"column\", was, now"
                                                         : chosen.lost  ? "col as \"column\", value"
                                                                        : "col as \"column\", reason, value");
  const char* const part = chosen.repairs ? "_repaired.parquet"
                           : chosen.lost  ? "_lost.parquet"
                                          : "_rejected.parquet";
  std::string sql;
  for (const auto& build : builds) {
    const auto file = curated.folder(build.model, build.fingerprint) / part;
    if (!table.empty() && build.model != table) continue;
    if (!std::filesystem::exists(file)) {
      if (build.rejected > 0 && !chosen.repairs && !chosen.lost)
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
Result<> add_structural(Project& project, const std::string& table, engine::Rows& rows,
                        std::vector<std::string>& names, std::vector<std::string>& notes) {
  RH_ASSIGN(const auto cataloged, project.catalog());
  for (const auto& entry : cataloged->tables) {
    names.push_back(entry.name);
    if (!table.empty() && table != entry.name && table != "raw." + entry.name) continue;
    for (const auto& object : entry.objects) {
      if (object.profile.rejected == 0) continue;
      RH_ASSIGN(const auto rejects, cataloged->catalog->rejects(object.info.key));
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

Result<engine::Rows> list_quarantine(Project& project, const QuarantineChoice& chosen,
                                     std::vector<std::string>& notes) {
  RH_ASSIGN(const auto builds, builds_of(project, chosen.run));
  RH_ASSIGN(engine::Rows rows, read_builds(project, builds, chosen, notes));
  if (chosen.repairs)
    rows.columns = {{"table", "VARCHAR"}, {"object", "VARCHAR"}, {"line", "BIGINT", true},
                    {"kind", "VARCHAR"},  {"column", "VARCHAR"}, {"was", "VARCHAR"},
                    {"now", "VARCHAR"}};
  else if (chosen.lost)
    rows.columns = {{"table", "VARCHAR"},
                    {"object", "VARCHAR"},
                    {"line", "BIGINT", true},
                    {"column", "VARCHAR"},
                    {"value", "VARCHAR"}};
  else
    rows.columns = {{"table", "VARCHAR"},  {"object", "VARCHAR"}, {"line", "BIGINT", true},
                    {"column", "VARCHAR"}, {"reason", "VARCHAR"}, {"value", "VARCHAR"}};
  std::vector<std::string> names;
  for (const auto& build : builds) names.push_back(build.model);
  if (!chosen.repairs && !chosen.lost) RH_TRY(add_structural(project, chosen.table, rows, names, notes));
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

}  // namespace reelhouse::project
