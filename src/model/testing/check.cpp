#include "model/testing/check.hpp"

#include <algorithm>

#include "base/near_miss.hpp"
#include "model/testing/upstream.hpp"

namespace reelhouse::model {
namespace {

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

bool is_own_column_of_raw(const std::string& column) {
  return column == "_object" || column == "_line" || column == "_drop" || column == "_convention";
}

std::string list_of(const std::vector<std::string>& names) {
  return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
}

/// Holds one test against the project.
class TestChecker {
 public:
  TestChecker(const Binding& binding, const ModelTest& test, std::vector<Error>& problems)
      : binding_(binding), test_(test), model_(*binding.project().find(test.model)), problems_(problems) {}

  Result<> run() {
    const auto upstream =
        tables_upstream(binding_.graph(), static_cast<size_t>(binding_.graph().find(test_.model)));
    for (const auto& [table, rows] : test_.given) {
      if (contains(upstream, table))
        RH_TRY(check_rows(table, rows));
      else
        report(fmt::format("given: {} does not read '{}'", test_.model, table),
               did_you_mean(table, upstream,
                            fmt::format("It reads, itself or through others: {}.", list_of(upstream))),
               rows.where);
    }
    if (test_.expect) RH_TRY(check_rows(test_.model, *test_.expect));
    check_verdicts();
    return {};
  }

 private:
  void report(std::string message, std::string hint, const std::string& where) {
    problems_.push_back({ErrorKind::kProject, std::move(message), std::move(hint), where});
  }

  Result<> check_rows(const std::string& table, const TestRows& rows) {
    std::vector<std::string> names;
    for (const auto& column : *binding_.columns(table)) names.push_back(column.name);
    bool known = true;
    for (const auto& column : rows.columns) {
      if (contains(names, column)) continue;
      known = false;
      report(fmt::format("{} has no column '{}'", table, column),
             did_you_mean(column, names, fmt::format("Its columns: {}.", list_of(names))),
             where_of_column(rows, column));
    }
    return known ? check_types(table, rows) : Result<>();
  }

  static std::string where_of_column(const TestRows& rows, const std::string& column) {
    const auto place = static_cast<size_t>(std::ranges::find(rows.columns, column) - rows.columns.begin());
    for (const auto& row : rows.rows)
      if (row.values[place] != "null") return row.where;
    return rows.rows.empty() ? rows.where : rows.rows.front().where;
  }

  /// Casts all values at once where they are sound, and one by one where one is not.
  Result<> check_types(const std::string& table, const TestRows& rows) {
    std::vector<std::string> casts;
    for (const auto& row : rows.rows)
      for (size_t i = 0; i < rows.columns.size(); ++i)
        casts.push_back(fmt::format("cast({} as {})", row.values[i], type_of(table, rows.columns[i])));
    if (casts.empty()) return {};
    auto sound = binding_.session().query(fmt::format("select {}", fmt::join(casts, ", ")));
    if (sound) return {};
    for (size_t i = 0; i < casts.size(); ++i) {
      sound = binding_.session().query("select " + casts[i]);
      if (sound) continue;
      if (sound.error().kind != ErrorKind::kQuery) return fail(std::move(sound).error());
      const auto& row = rows.rows[i / rows.columns.size()];
      const std::string& column = rows.columns[i % rows.columns.size()];
      report(fmt::format("{} is no {}, the type of {}.{}", row.values[i % rows.columns.size()],
                         type_of(table, column), table, column),
             "", row.where);
    }
    return {};
  }

  std::string type_of(const std::string& table, const std::string& column) const {
    return std::ranges::find(*binding_.columns(table), column, &engine::Column::name)->type;
  }

  void check_verdicts() {
    std::vector<std::string> columns;
    std::vector<std::string> reasons;
    for (const auto& rule : model_.rejects) {
      columns.push_back(rule.column);
      reasons.push_back(rule.reason);
    }
    check_known(test_.rejects, "column", columns, "reject rule");
    check_known(test_.rejects, "reason", reasons, "reject rule");
    columns.clear();
    std::vector<std::string> kinds;
    for (const auto& rule : model_.repairs) {
      columns.push_back(rule.column);
      kinds.push_back(rule.kind);
    }
    if (test_.lost) check_known(*test_.lost, "column", columns, "repair");
    if (!test_.repairs) return;
    check_known(*test_.repairs, "column", columns, "repair");
    check_known(*test_.repairs, "kind", kinds, "repair");
  }

  void check_known(const TestRows& rows, const std::string& key, const std::vector<std::string>& known,
                   const char* what) {
    const auto place = static_cast<size_t>(std::ranges::find(rows.columns, key) - rows.columns.begin());
    if (place == rows.columns.size()) return;
    for (const auto& row : rows.rows) {
      const std::string& value = row.values[place];
      if (value == "null" ||
          std::ranges::any_of(known, [&](const auto& each) { return engine::quote_text(each) == value; }))
        continue;
      const std::string text = value.size() > 1 ? value.substr(1, value.size() - 2) : value;
      report(fmt::format("no {} of {} has {} '{}'", what, test_.model, key, text),
             did_you_mean(text, known, fmt::format("There are: {}.", list_of(unique(known)))), row.where);
    }
  }

  static std::vector<std::string> unique(std::vector<std::string> names) {
    std::ranges::sort(names);
    const auto rest = std::ranges::unique(names);
    names.erase(rest.begin(), rest.end());
    return names;
  }

  const Binding& binding_;
  const ModelTest& test_;
  const Model& model_;
  std::vector<Error>& problems_;
};

}  // namespace

std::vector<catalog::CatalogTable> undeclared_tables(const Project& project,
                                                     const std::vector<ModelTest>& tests) {
  std::vector<catalog::CatalogTable> tables;
  for (const auto& test : tests)
    for (const auto& [table, rows] : test.given) {
      const std::string name = table.starts_with("raw.") ? table.substr(4) : "";
      if (name.empty() || project.find_source_table(name) != nullptr) continue;
      auto known = std::ranges::find(tables, name, &catalog::CatalogTable::name);
      if (known == tables.end()) {
        tables.emplace_back().name = name;
        known = tables.end() - 1;
      }
      for (const auto& column : rows.columns)
        if (!is_own_column_of_raw(column) &&
            std::ranges::find(known->columns, column, &catalog::CatalogColumn::name) == known->columns.end())
          known->columns.emplace_back().name = column;
    }
  return tables;
}

Result<> check_tests(const Binding& binding, const std::vector<ModelTest>& tests,
                     std::vector<Error>& problems) {
  for (const auto& test : tests)
    if (binding.columns(test.model) != nullptr) RH_TRY(TestChecker(binding, test, problems).run());
  return {};
}

}  // namespace reelhouse::model
