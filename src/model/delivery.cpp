#include <algorithm>

#include "model/checks.hpp"

#include "lake/keys.hpp"
#include "model/unclaimed.hpp"

namespace reelhouse::model {
namespace {

const catalog::CatalogTable* find_table(const std::vector<catalog::CatalogTable>& tables,
                                        const std::string& name) {
  const auto found = std::ranges::find(tables, name, &catalog::CatalogTable::name);
  return found == tables.end() ? nullptr : &*found;
}

CheckResult passed_check(const std::string& subject, const std::string& name, const std::string& description,
                         Severity severity, const std::string& where) {
  return {.model = subject,
          .name = name,
          .description = description,
          .severity = severity,
          .passed = true,
          .examples = {},
          .where = where};
}

void add_failure(CheckResult& check, std::string example) {
  check.passed = false;
  ++check.failures;
  if (check.examples.size() < 5) check.examples.push_back(std::move(example));
}

CheckResult check_presence(const catalog::SourceTable& declared, const catalog::CatalogTable* table,
                           size_t unreadable) {
  CheckResult check = passed_check("raw." + declared.name, "is delivered",
                                   "A dataset that is not optional has objects with records in the lake.",
                                   Severity::kError, declared.where);
  if ((table == nullptr || table->objects.empty()) && unreadable > 0)
    add_failure(check, fmt::format("no object in raw/{} can be read", declared.dataset));
  else if (table == nullptr || table->objects.empty())
    add_failure(check, fmt::format("no object in raw/{} matches {}", declared.dataset, declared.files));
  else if (table->records() == table->rejected())
    add_failure(
        check,
        table->rejected() == 0
            ? fmt::format("{}{} holds no record", lake::kRaw, declared.dataset)
            : fmt::format("all {} records in raw/{} were rejected; see them with: reelhouse quarantine",
                          table->rejected(), declared.dataset));
  return check;
}

/// Compares the rows of each drop with the drop before: a half-delivered list must not end-date users
/// or titles. Records that were delivered and lost are judged by their share, once all causes are known. Only the
/// newest drop can still be mended by a new delivery, so only it is judged.
void judge_drift(const std::map<std::string, uint64_t>& rows, double least, CheckResult& check) {
  if (rows.size() < 2) return;
  const auto newest = std::prev(rows.end());
  const auto before = std::prev(newest);
  if (static_cast<double>(newest->second) < least * static_cast<double>(before->second))
    add_failure(check, fmt::format("drop {} has {} rows, drop {} had {}", newest->first, newest->second,
                                   before->first, before->second));
}

CheckResult check_drift(const catalog::SourceTable& declared, const catalog::CatalogTable& table) {
  CheckResult check =
      passed_check("raw." + declared.name, "row count of the newest drop",
                   fmt::format("The newest drop has at least {:.0f} % of the rows of the one before.",
                               declared.min_rows_of_previous * 100),
                   Severity::kError, declared.where);
  std::map<std::string, uint64_t> rows;
  for (const auto& object : table.objects) rows[to_iso(object.drop)] += object.profile.records;
  judge_drift(rows, declared.min_rows_of_previous, check);
  return check;
}

/// Looks for drops of a day that has not come: a slip of the pen, behind which every later drop counts as
/// old.
CheckResult check_days(const std::vector<catalog::CatalogTable>& tables, Date today) {
  CheckResult check =
      passed_check("raw", "no drop lies in the future",
                   "The day of a drop has come; a mistyped one would stay the newest.", Severity::kWarn, "");
  const std::chrono::sys_days tomorrow =
      std::chrono::sys_days(today) + std::chrono::days(1);  // somewhere it already is
  for (const auto& table : tables)
    for (const auto& object : table.objects)
      if (std::chrono::sys_days(object.drop) > tomorrow)
        add_failure(check, fmt::format("{}: {}", object.info.key, to_iso(object.drop)));
  return check;
}

}  // namespace

std::vector<CheckResult> check_delivery(const Project& project,
                                        const std::vector<catalog::CatalogTable>& tables,
                                        const std::vector<catalog::CatalogObject>& unreadable, Date today) {
  std::vector<CheckResult> results = {check_days(tables, today)};
  std::ranges::move(check_conventions(project, tables), std::back_inserter(results));
  std::vector<std::string> declared_datasets;
  for (const auto& source : project.sources) declared_datasets.push_back(source.dataset);
  CheckResult undeclared = passed_check("raw", "objects of other datasets can be read",
                                        "Every object of a dataset that no source declares could be decoded.",
                                        Severity::kWarn, "");
  for (const auto& object : unreadable)
    if (std::ranges::find(declared_datasets, object.dataset) == declared_datasets.end())
      add_failure(undeclared, fmt::format("{}: {}", object.info.key, object.problem));
  results.push_back(std::move(undeclared));
  for (auto& check : check_unclaimed(project, tables)) results.push_back(std::move(check));
  for (const auto& source : project.sources) {
    CheckResult readable =
        passed_check(std::string(lake::kRaw) + source.dataset, "objects can be read",
                     "Every object of the dataset could be decoded.",
                     source.unreadable_is_error ? Severity::kError : Severity::kWarn, source.where);
    for (const auto& object : unreadable)
      if (object.dataset == source.dataset)
        add_failure(readable, fmt::format("{}: {}", object.info.key, object.problem));
    const size_t lost = readable.failures;
    results.push_back(std::move(readable));
    for (const auto& declared : source.tables) {
      const auto* table = find_table(tables, declared.name);
      if (!source.optional) results.push_back(check_presence(declared, table, lost));
      if (table != nullptr) results.push_back(check_drift(declared, *table));
    }
  }
  return results;
}

std::vector<CheckResult> check_kept(const Project& project, const std::vector<ObjectAccount>& objects,
                                    const AcceptedDrops& accepted) {
  std::vector<CheckResult> results;
  for (const auto& source : project.sources) {
    for (const auto& declared : source.tables) {
      std::map<std::string, uint64_t> kept;
      uint64_t all = 0;
      for (const auto& object : objects)
        if (object.table == declared.name) {
          kept[to_iso(object.drop)] += object.kept;
          all += object.kept;
        }
      if (kept.empty()) continue;
      CheckResult check = passed_check(
          "raw." + declared.name, "rows kept of the newest drop",
          fmt::format(
              "After the rules the newest drop has at least {:.0f} % of the rows of the one before, and "
              "a dataset that is not optional has some.",
              declared.min_rows_of_previous * 100),
          Severity::kError, declared.where);
      const std::pair newest(declared.name, kept.rbegin()->first);
      if (std::ranges::find(accepted, newest) == accepted.end())
        judge_drift(kept, declared.min_rows_of_previous, check);
      if (all == 0 && !source.optional && check.passed)
        add_failure(check,
                    fmt::format("every row of raw/{} was rejected; see them with: reelhouse quarantine",
                                declared.dataset));
      results.push_back(std::move(check));
    }
  }
  return results;
}

std::vector<ObjectAccount> account(const Graph& graph, const std::vector<ModelOutcome>& outcomes,
                                   const std::vector<catalog::CatalogTable>& tables,
                                   std::vector<CheckResult>& checks) {
  std::vector<ObjectAccount> accounts;
  for (const auto& table : tables) {
    for (const auto& object : table.objects) {
      ObjectAccount entry{object.info.key,
                          object.info.etag,
                          table.name,
                          object.drop,
                          object.info.size,
                          object.profile.records,
                          object.profile.rejected,
                          0,
                          0};
      entry.kept = entry.read - entry.rejected_structure;
      entry.content = object.profile.content_hash;
      accounts.push_back(std::move(entry));
    }
  }
  for (const auto& outcome : outcomes) {
    const auto has = [&](const char* name) {
      return std::ranges::any_of(outcome.record.columns,
                                 [&](const auto& column) { return column.first == name; });
    };
    if (!has("_object") || !has("_line")) continue;
    const Node& node = graph.nodes[static_cast<size_t>(graph.find(outcome.model))];
    if (node.raw.size() != 1) continue;  // it may read other models, to look names up
    CheckResult check = passed_check(outcome.model, "read = kept + rejected",
                                     "Every record of every object is kept or in quarantine.",
                                     Severity::kError, node.model->file.string());
    for (auto& entry : accounts) {
      if (entry.table != node.raw.front()) continue;
      const auto found = outcome.record.objects.find(entry.key);
      const BuildRecord::ObjectCount counts =
          found == outcome.record.objects.end() ? BuildRecord::ObjectCount{} : found->second;
      const uint64_t given = entry.read - entry.rejected_structure;
      if (counts.rejected >= entry.rejected_rules) entry.doubles = std::min(counts.doubles, given);
      entry.rejected_rules = std::max(entry.rejected_rules, counts.rejected);
      for (const auto& [column, values] : counts.values) {
        auto& known = entry.values[column];
        if (known.line == 0 || values.lost > known.lost) known = values;
      }
      entry.kept = given - std::min(given, entry.rejected_rules);
      if (counts.kept + counts.rejected != given)
        add_failure(check, fmt::format("{}: {} records were read, {} kept and {} rejected by rules",
                                       entry.key, given, counts.kept, counts.rejected));
    }
    checks.push_back(std::move(check));
  }
  return accounts;
}

}  // namespace reelhouse::model
