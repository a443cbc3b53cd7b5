#include "model/binding.hpp"

#include <algorithm>

#include "model/drops.hpp"

namespace reelhouse::model {
namespace {

using engine::quote_name;

void add_missing(std::vector<std::string>& names, const std::vector<std::string>& more) {
  for (const auto& name : more)
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
}

/// The columns of a raw table that are read as text: the catalog's, then those that are declared.
std::vector<std::string> text_columns(const catalog::CatalogTable* table,
                                      const catalog::SourceTable* declared) {
  std::vector<std::string> names;
  if (table != nullptr)
    for (const auto& column : table->columns) add_missing(names, {column.name});
  if (declared != nullptr) {
    add_missing(names, declared->columns);
    add_missing(names, declared->optional_columns);
  }
  return names;
}

/// The raw tables among all that have columns, without "raw.".
std::vector<std::string> tables_of(const std::map<std::string, std::vector<engine::Column>>& columns) {
  std::vector<std::string> names;
  for (const auto& [name, unused] : columns)
    if (name.starts_with("raw.")) names.push_back(name.substr(4));
  return names;
}

bool is_stored(const engine::Column& column) {
  return !column.name.starts_with("_was_");
}

/// True for what the project's author can mend; the rest is passed on.
bool is_about_sql(const Error& error) {
  return error.kind == ErrorKind::kQuery;
}

Error located(const Error& error, const Model& model) {
  Error problem = locate(error, model.sql, model.file.string(), 1);
  if (problem.message.find("file system operations are disabled") != std::string::npos) {
    problem.message = "a model may not read files itself: a change in them would go unnoticed";
    problem.hint = "Put the file into the lake and declare it in sources/, or make it a seed.";
  }
  return problem;
}

}  // namespace

Result<Binding> Binding::bind(const Project& project, const std::vector<catalog::CatalogTable>& tables,
                              std::vector<Error>& problems) {
  Binding binding;
  binding.project_ = &project;
  engine::DatabaseOptions options;
  options.threads = 1;
  RH_ASSIGN(binding.database_, engine::open_duckdb(options));
  RH_ASSIGN(binding.session_, binding.database_->connect());
  RH_TRY(binding.database_->lock_down());
  RH_TRY(binding.add_inputs(tables));

  std::vector<std::string> raw_tables;
  for (const auto& table : tables) raw_tables.push_back(table.name);
  binding.graph_ = resolve(project, *binding.session_, raw_tables, problems);
  for (const auto& node : binding.graph_.nodes) {
    const bool ready = std::ranges::all_of(node.inputs, [&](size_t input) {
      return binding.columns_.contains(binding.graph_.nodes[input].model->name);
    });
    if (!ready) continue;
    auto added = binding.add_model(*node.model);
    if (added) continue;
    if (!is_about_sql(added.error())) return fail(std::move(added).error());
    problems.push_back(located(added.error(), *node.model));
  }
  return binding;
}

Result<> Binding::add_inputs(const std::vector<catalog::CatalogTable>& tables) {
  RH_TRY(session_->execute(
      "create schema raw; create schema drops; create schema seed; create schema audit; create schema bound; "
      "create schema rejected; "
      "create table audit.rejected (model varchar, object varchar, line bigint, col varchar, "
      "reason varchar, value varchar, double boolean)"));
  for (const auto& table : tables)
    RH_TRY(add_table("raw", table.name, text_columns(&table, project_->find_source_table(table.name)), true));
  for (const auto& source : project_->sources)
    for (const auto& declared : source.tables)
      if (!columns_.contains("raw." + declared.name))
        RH_TRY(add_table("raw", declared.name, text_columns(nullptr, &declared), true));
  for (const auto& raw : tables_of(columns_)) {
    RH_TRY(define_drops(*session_, raw));
    RH_ASSIGN(auto rows, session_->query(fmt::format("from drops.{}", quote_name(raw))));
    columns_["drops." + raw] = std::move(rows.columns);
  }
  for (const auto& seed : project_->seeds) RH_TRY(add_table("seed", seed.name, seed.columns, false));
  return {};
}

Result<> Binding::add_table(const std::string& schema, const std::string& name,
                            const std::vector<std::string>& texts, bool with_place) {
  std::vector<engine::Column> columns;
  for (const auto& text : texts) columns.push_back({text, "VARCHAR", false});
  if (with_place) {
    columns.push_back({"_object", "VARCHAR", false});
    columns.push_back({"_line", "BIGINT", true});
    columns.push_back({"_drop", "DATE", false});
    columns.push_back({"_convention", "VARCHAR", false});
  }
  std::string list;
  for (const auto& column : columns)
    list += fmt::format("{}{} {}", list.empty() ? "" : ", ", quote_name(column.name), column.type);
  RH_TRY(session_->execute(fmt::format("create table {}.{} ({})", schema, quote_name(name), list)));
  columns_[schema + "." + name] = std::move(columns);
  return {};
}

/// The statement begins on the model's first line, so that the engine's line numbers are the file's.
Result<> Binding::add_model(const Model& model) {
  const std::string name = quote_name(model.name);
  RH_TRY(session_->execute(fmt::format("create table {} as {}\nwith no data", name, model.statement())));
  RH_ASSIGN(const auto rows, session_->query(fmt::format("select * from {} limit 0", name)));
  std::vector<engine::Column> stored;
  std::string list;
  for (const auto& column : rows.columns) {
    if (!is_stored(column)) continue;
    list += (list.empty() ? "" : ", ") + quote_name(column.name);
    stored.push_back(column);
  }
  if (stored.empty())
    return fail(ErrorKind::kQuery, "every column of the model begins with _was_, so none would be stored");
  if (stored.size() < rows.columns.size()) {
    RH_TRY(session_->execute(fmt::format(
        "create table bound.{0} as from {0}; create or replace table {0} as select {1} from bound.{0}", name,
        list)));
    with_was_.push_back(model.name);
  }
  if (!model.rejects.empty()) {
    RH_TRY(session_->execute(fmt::format("create table rejected.{0} as from {0}", name)));
    columns_["rejected." + model.name] = stored;
  }
  columns_[model.name] = std::move(stored);
  return {};
}

const std::vector<engine::Column>* Binding::columns(const std::string& table) const {
  const auto found = columns_.find(table);
  return found == columns_.end() ? nullptr : &found->second;
}

std::string Binding::table_for_rules(const Model& model) const {
  const bool full = std::ranges::find(with_was_, model.name) != with_was_.end();
  return (full ? "bound." : "") + quote_name(model.name);
}

std::vector<std::string> Binding::tables() const {
  std::vector<std::string> names;
  for (const auto& [name, columns] : columns_) names.push_back(name);
  return names;
}

}  // namespace reelhouse::model
