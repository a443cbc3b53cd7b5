#include "model/specification.hpp"

#include "base/duration.hpp"
#include "engine/engine.hpp"

namespace reelhouse::model {
namespace {

using engine::quote_name;
using engine::quote_text;

Result<Severity> read_severity(const Yaml& yaml) {
  RH_ASSIGN(const std::string text, yaml.text_or("error"));
  if (text == "error") return Severity::kError;
  if (text == "warn") return Severity::kWarn;
  return fail(yaml.error(fmt::format("severity '{}' is not known", text), "Use error or warn."));
}

std::string unique_sql(const Model& model, const std::vector<std::string>& columns) {
  std::string names;
  for (const auto& column : columns) names += (names.empty() ? "" : ", ") + quote_name(column);
  return fmt::format("select {0}, count(*) as times from {1} group by {0} having count(*) > 1", names,
                     quote_name(model.name));
}

std::string not_null_sql(const Model& model, const std::string& column) {
  return fmt::format("select * from {} where {} is null", quote_name(model.name), quote_name(column));
}

/// Reads `relationship: {to: dim_plan, column: plan_key}`.
Result<std::string> relationship_sql(const Model& model, const std::string& column, const Yaml& yaml) {
  RH_TRY(yaml.only_keys({"to", "column", "severity"}));
  RH_ASSIGN(const std::string to, yaml.at("to").text());
  RH_ASSIGN(const std::string key, yaml.at("column").text_or(column));
  return fmt::format(
      "select {0}, count(*) as times from {1} where {0} is not null and {0} not in "
      "(select {2} from {3} where {2} is not null) group by {0}",
      quote_name(column), quote_name(model.name), quote_name(key), quote_name(to));
}

Result<std::string> accepted_values_sql(const Model& model, const std::string& column, const Yaml& yaml) {
  if (yaml.is_map()) RH_TRY(yaml.only_keys({"values", "severity"}));
  const Yaml values = yaml.is_map() ? yaml.at("values") : yaml;
  RH_ASSIGN(const auto texts, values.texts());
  if (texts.empty()) return fail(yaml.error("accepted_values needs a list of values"));
  std::string list;
  for (const auto& text : texts) list += (list.empty() ? "" : ", ") + quote_text(text);
  return fmt::format(
      "select {0}, count(*) as times from {1} where {0} is not null and cast({0} as varchar) not in ({2}) "
      "group by {0}",
      quote_name(column), quote_name(model.name), list);
}

/// Reads one column check: `not_null`, or `not_null: {severity: warn}`.
Result<> read_column_check(const Yaml& yaml, const std::string& column, Model& model) {
  static const std::vector<std::string> kNames = {"not_null", "unique", "relationship", "accepted_values"};
  std::string name;
  Yaml options = yaml.at("");
  if (yaml.is_map()) {
    RH_TRY(yaml.only_keys(kNames));
    if (yaml.keys().size() != 1) return fail(yaml.error("expected one check here", "Begin each with '- '."));
    name = yaml.keys()[0];
    options = yaml.at(name);
  } else {
    RH_ASSIGN(name, yaml.text());
  }
  Check check{model.name, fmt::format("{}({})", name, column), "", Severity::kError, "", yaml.where()};
  check.columns = {column};
  if (options.is_map() && (name == "not_null" || name == "unique")) RH_TRY(options.only_keys({"severity"}));
  if (name == "not_null") {
    check.kind = CheckKind::kNotNull;
    check.sql = not_null_sql(model, column);
  } else if (name == "unique") {
    check.kind = CheckKind::kUnique;
    check.sql = unique_sql(model, {column});
  } else if (name == "relationship") {
    check.kind = CheckKind::kRelationship;
    RH_ASSIGN(check.sql, relationship_sql(model, column, options));
  } else if (name == "accepted_values") {
    check.kind = CheckKind::kAcceptedValues;
    RH_ASSIGN(check.sql, accepted_values_sql(model, column, options));
  } else {
    return fail(yaml.error(fmt::format("check '{}' is not known", name),
                           "Known checks: not_null, unique, relationship, accepted_values; or write SQL "
                           "under the model's own 'checks'."));
  }
  if (options.is_map()) {
    RH_ASSIGN(check.severity, read_severity(options.at("severity")));
  }
  if (check.kind == CheckKind::kRelationship && check.severity == Severity::kError) {
    RH_ASSIGN(const std::string to, options.at("to").text());
    RH_ASSIGN(const std::string key, options.at("column").text_or(column));
    model.relationships.push_back({column, to, key});
  }
  model.checks.push_back(std::move(check));
  return {};
}

Result<> read_columns(const Yaml& columns, Model& model) {
  if (!columns.empty() && !columns.is_map())
    return fail(columns.error("expected column names with their descriptions"));
  for (const auto& name : columns.keys()) {
    const Yaml column = columns.at(name);
    ColumnSpec spec{name, "", column.where()};
    if (column.is_scalar()) {
      RH_ASSIGN(spec.description, column.text());
    } else {
      RH_TRY(column.only_keys({"description", "checks"}));
      RH_ASSIGN(spec.description, column.at("description").text_or(""));
      for (const auto& check : column.at("checks").items()) RH_TRY(read_column_check(check, name, model));
    }
    model.columns.push_back(std::move(spec));
  }
  return {};
}

Result<> read_checks(const Yaml& checks, Model& model) {
  for (const auto& item : checks.items()) {
    RH_TRY(item.only_keys({"name", "description", "severity", "sql"}));
    Check check{model.name, "", "", Severity::kError, "", item.where()};
    RH_ASSIGN(check.name, item.at("name").text());
    RH_ASSIGN(check.description, item.at("description").text_or(""));
    RH_ASSIGN(check.severity, read_severity(item.at("severity")));
    RH_ASSIGN(check.sql, item.at("sql").text());
    model.checks.push_back(std::move(check));
  }
  return {};
}

/// Reads a repair that is written out.
Result<RepairRule> read_repair(const Yaml& item) {
  RH_TRY(item.only_keys({"kind", "column", "when", "was", "now"}));
  RepairRule rule;
  rule.where = item.where();
  RH_ASSIGN(rule.kind, item.at("kind").text());
  RH_ASSIGN(rule.column, item.at("column").text_or(""));
  RH_ASSIGN(rule.when, item.at("when").text());
  RH_ASSIGN(rule.was, item.at("was").text());
  RH_ASSIGN(rule.now, item.at("now").text_or("null"));
  return rule;
}

/// Reads repairs, those that are named written out; returns the named ones as text.
Result<std::string> read_repairs(const Yaml& yaml, const RepairBook& book, Model& model) {
  std::string text;
  for (const auto& item : yaml.items()) {
    if (item.at("kinds").empty()) {
      RH_ASSIGN(RepairRule rule, read_repair(item));
      model.repairs.push_back(std::move(rule));
      continue;
    }
    RH_ASSIGN(const auto rules, book.rules_of(item));
    for (const auto& rule : rules) {
      text += fmt::format("\n{}: {}", rule.kind, rule.when);
      model.repairs.push_back(rule);
    }
  }
  return text;
}

Result<> read_rules(const Yaml& yaml, const RepairBook& book, Model& model) {
  for (const auto& item : yaml.at("reject").items()) {
    RH_TRY(item.only_keys({"column", "when", "reason", "value"}));
    RejectRule rule;
    rule.where = item.where();
    RH_ASSIGN(rule.column, item.at("column").text_or(""));
    RH_ASSIGN(rule.when, item.at("when").text());
    RH_ASSIGN(rule.reason, item.at("reason").text());
    RH_ASSIGN(rule.value, item.at("value").text_or(""));
    model.rejects.push_back(std::move(rule));
  }
  RH_ASSIGN(const std::string named, read_repairs(yaml.at("repairs"), book, model));
  model.specification = yaml.at("reject").dump() + "\n" + yaml.at("repairs").dump() + named;
  return {};
}

}  // namespace

Result<> read_specification(const Yaml& yaml, const RepairBook& book, Model& model) {
  RH_TRY(yaml.only_keys({"description", "grain", "columns", "checks", "reject", "repairs", "max_age"}));
  RH_ASSIGN(model.description, yaml.at("description").text_or(""));
  RH_ASSIGN(model.grain, yaml.at("grain").texts());
  RH_ASSIGN(model.max_age, duration_or(yaml.at("max_age"), std::chrono::seconds(0)));
  if (!model.grain.empty()) {
    const std::string where = yaml.at("grain").where();
    model.checks.push_back({model.name, "grain is unique", "", Severity::kError,
                            unique_sql(model, model.grain), where, CheckKind::kUnique, model.grain});
    for (const auto& column : model.grain)
      model.checks.push_back({model.name,
                              fmt::format("grain {} is not null", column),
                              "",
                              Severity::kError,
                              not_null_sql(model, column),
                              where,
                              CheckKind::kNotNull,
                              {column}});
  }
  RH_TRY(read_columns(yaml.at("columns"), model));
  RH_TRY(read_checks(yaml.at("checks"), model));
  return read_rules(yaml, book, model);
}

}  // namespace reelhouse::model
