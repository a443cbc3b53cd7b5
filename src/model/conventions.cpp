#include <algorithm>

#include "catalog/conventions.hpp"
#include "model/checks.hpp"

namespace reelhouse::model {
namespace {

bool is_declared(const catalog::SourceTable& table, const std::string& column) {
  return std::ranges::find(table.columns, column) != table.columns.end() ||
         std::ranges::find(table.optional_columns, column) != table.optional_columns.end();
}

/// Says of one object which of its declared columns could be read in two ways, and how to settle it.
void judge_object(const catalog::SourceTable& declared, const catalog::CatalogObject& object,
                  const catalog::ObjectConventions& conventions, CheckResult& check) {
  for (const auto& [column, convention] : conventions) {
    if (convention.undecided.empty() || !is_declared(declared, column)) continue;
    check.passed = false;
    ++check.failures;
    const bool is_date = convention.undecided.find("day first") != std::string::npos;
    if (check.examples.size() < 5)
      check.examples.push_back(
          fmt::format("{}: column {}: {}; say which in {}: conventions: {{{}: {}}}", object.info.key, column,
                      convention.undecided, declared.where, column,
                      is_date ? "day_first}, or month_first" : "decimal_comma}, or decimal_point"));
  }
}

}  // namespace

std::vector<CheckResult> check_conventions(const Project& project,
                                           const std::vector<catalog::CatalogTable>& tables) {
  std::vector<CheckResult> results;
  for (const auto& source : project.sources)
    for (const auto& declared : source.tables) {
      const auto table = std::ranges::find(tables, declared.name, &catalog::CatalogTable::name);
      if (table == tables.end()) continue;
      CheckResult check;
      check.model = "raw." + declared.name;
      check.name = "how its columns are written is known";
      check.description =
          "Whether dates begin with the day or the month, and what a comma in a number means, is proved by "
          "values or declared.";
      check.passed = true;
      check.where = declared.where;
      const auto conventions = catalog::decide_conventions(*table, &declared);
      for (size_t i = 0; i < conventions.size(); ++i)
        judge_object(declared, table->objects[i], conventions[i], check);
      results.push_back(std::move(check));
    }
  return results;
}

}  // namespace reelhouse::model
