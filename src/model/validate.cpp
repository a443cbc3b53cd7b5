#include "model/validate.hpp"

#include <algorithm>
#include <set>

#include "base/near_miss.hpp"
#include "model/lineage.hpp"

namespace reelhouse::model {
namespace {

using engine::quote_name;

std::string file_of(const std::string& where) {
  return where.substr(0, where.rfind(':'));
}

/// Holds one model's YAML against the model as it was bound.
class ModelValidator {
 public:
  ModelValidator(const Binding& binding, const Model& model, std::vector<Error>& problems,
                 std::vector<Error>& warnings)
      : binding_(binding), model_(model), problems_(problems), warnings_(warnings) {
    for (const auto& column : *binding.columns(model.name)) names_.push_back(column.name);
  }

  Result<> run() {
    check_columns();
    check_descriptions();
    RH_TRY(check_rules());
    return check_checks();
  }

 private:
  bool has(const std::string& column) const { return std::ranges::find(names_, column) != names_.end(); }

  std::string columns_hint(const std::string& column) const {
    return did_you_mean(column, names_, fmt::format("Its columns: {}.", fmt::join(names_, ", ")));
  }

  /// Reports names in `columns` and `grain` that the SELECT does not have; what is checked about them
  /// is then passed over.
  void check_columns() {
    for (const auto& column : model_.columns) {
      if (has(column.name)) continue;
      missing_.insert(column.name);
      problems_.push_back({ErrorKind::kProject,
                           fmt::format("{} has no column '{}'", model_.name, column.name),
                           columns_hint(column.name), column.where});
    }
    for (const auto& column : model_.grain) {
      if (has(column)) continue;
      if (missing_.insert(column).second)
        problems_.push_back({ErrorKind::kProject,
                             fmt::format("grain: {} has no column '{}'", model_.name, column),
                             columns_hint(column), where_of_grain()});
    }
  }

  std::string where_of_grain() const {
    const auto found = std::ranges::find_if(model_.checks, [&](const Check& check) {
      return check.kind == CheckKind::kUnique && check.columns == model_.grain;
    });
    return found == model_.checks.end() ? model_.file.string() : found->where;
  }

  bool is_passed_over(const Check& check) const {
    return std::ranges::any_of(check.columns,
                               [&](const std::string& column) { return missing_.contains(column); });
  }

  void check_descriptions() {
    if (!model_.published()) return;
    std::vector<std::string> bare;
    for (const auto& name : names_) {
      const auto found = std::ranges::find(model_.columns, name, &ColumnSpec::name);
      if (found == model_.columns.end() || found->description.empty()) bare.push_back(name);
    }
    if (bare.empty()) return;
    std::filesystem::path yaml = model_.file;
    yaml.replace_extension(".yml");
    warnings_.push_back(
        {ErrorKind::kProject,
         fmt::format("{} is published, and {} of its columns {} no description: {}", model_.name, bare.size(),
                     bare.size() == 1 ? "has" : "have", fmt::join(bare, ", ")),
         "Say what they mean under columns.", yaml.string()});
  }

  /// One statement to bind, and how to speak of it.
  struct Statement {
    std::string sql;
    std::string what;
    std::string where;
  };

  /// The view is never read; its statement is bound when it is made.
  Result<> bind(const std::string& sql) {
    return binding_.session().execute("create or replace temp view _bound as " + sql);
  }

  /// Binds all at once where they are sound (each statement costs the engine's fixed price), and one
  /// by one where one is not.
  Result<> bind_all(const std::string& together, const std::vector<Statement>& statements) {
    if (statements.empty()) return {};
    auto bound = bind(together);
    if (bound) return {};
    if (bound.error().kind != ErrorKind::kQuery) return bound;
    for (const auto& statement : statements) {
      bound = bind(statement.sql);
      if (bound || is_behind_a_broken_model(statement.sql)) continue;
      if (bound.error().kind != ErrorKind::kQuery) return bound;
      Error problem = locate(bound.error(), statement.sql, statement.where, 1);
      problem.where = statement.where;
      problem.message = statement.what + ": " + problem.message;
      problems_.push_back(std::move(problem));
    }
    return {};
  }

  bool is_behind_a_broken_model(const std::string& sql) const {
    const auto references = binding_.session().references_of(sql);
    if (!references) return false;
    return std::ranges::any_of(references->tables, [&](const auto& table) {
      const std::string name = table.schema.empty() ? table.name : table.schema + "." + table.name;
      return binding_.columns(name) == nullptr &&
             (binding_.project().is_broken(name) || binding_.project().find(name) != nullptr);
    });
  }

  Result<> check_rules() {
    const std::string from =
        fmt::format(" from {} as {}", binding_.table_for_rules(model_), quote_name(model_.name));
    std::string list;
    std::vector<Statement> statements;
    const auto add = [&](const std::string& expression, const char* what, const std::string& where) {
      if (expression.empty()) return;
      const bool is_condition = std::string_view(what) == "when";
      const std::string column = is_condition ? fmt::format("case when ({}\n) then 1 end", expression)
                                              : fmt::format("cast(({}\n) as varchar)", expression);
      list += (list.empty() ? "select " : ", ") + column;
      statements.push_back({"select " + column + from, what, where});
    };
    for (const auto& rule : model_.rejects) {
      add(rule.when, "when", rule.where);
      add(rule.value, "value", rule.where);
    }
    for (const auto& rule : model_.repairs) {
      add(rule.when, "when", rule.where);
      add(rule.was, "was", rule.where);
      add(rule.now, "now", rule.where);
    }
    return bind_all(list + from, statements);
  }

  Result<> check_checks() {
    std::set<std::string> seen;
    std::string together = "select 1";
    std::vector<Statement> statements;
    for (const auto& check : model_.checks) {
      const bool is_new = seen.insert(check.name).second;
      if (!is_new && check.name.find('(') == std::string::npos)
        problems_.push_back({ErrorKind::kProject, fmt::format("check '{}' stands here twice", check.name),
                             "Rename or remove one.", check.where});
      if (check.is_plain() || is_passed_over(check)) continue;
      together +=
          fmt::format("{}({}\n) as c{}", statements.empty() ? " from " : ", ", check.sql, statements.size());
      statements.push_back({check.sql, fmt::format("check '{}'", check.name), check.where});
    }
    return bind_all(together, statements);
  }

  const Binding& binding_;
  const Model& model_;
  std::vector<Error>& problems_;
  std::vector<Error>& warnings_;
  std::vector<std::string> names_;
  std::set<std::string> missing_;  ///< columns that are named and that the SELECT does not have
};

/// Finds declared tables that nothing reads; only where every model could be bound is that known.
void find_unused_sources(const Binding& binding, std::vector<Error>& warnings) {
  std::set<std::string> used;
  for (const auto& node : binding.graph().nodes) used.insert(node.raw.begin(), node.raw.end());
  for (const auto& source : binding.project().sources)
    for (const auto& table : source.tables)
      if (!used.contains(table.name))
        warnings.push_back({ErrorKind::kProject, fmt::format("no model reads raw.{}", table.name),
                            "Remove the declaration, or put a model on it.", table.where});
}

/// Orders by file, then line: the lines of one file are mended together.
void sort_by_place(std::vector<Error>& errors) {
  const auto line = [](const Error& error) {
    const size_t colon = error.where.rfind(':');
    return colon == std::string::npos ? 0 : std::strtoul(error.where.c_str() + colon + 1, nullptr, 10);
  };
  std::ranges::stable_sort(errors, [&](const Error& a, const Error& b) {
    const auto [file_a, file_b] = std::pair(file_of(a.where), file_of(b.where));
    return file_a != file_b ? file_a < file_b : line(a) < line(b);
  });
}

}  // namespace

Result<Validation> validate(const Binding& binding, std::vector<Error>& problems) {
  Validation validation;
  for (const auto& node : binding.graph().nodes) {
    const auto* columns = binding.columns(node.model->name);
    if (columns == nullptr) continue;
    RH_TRY(ModelValidator(binding, *node.model, problems, validation.warnings).run());
    validation.models.push_back({node.model->name, node.model->folder, node.model->materialisation,
                                 inputs_of(binding.graph(), node), columns->size(),
                                 node.model->checks.size()});
    validation.checks += node.model->checks.size();
  }
  if (problems.empty()) find_unused_sources(binding, validation.warnings);
  sort_by_place(problems);
  return validation;
}

Result<Validation> validate(const Project& project, const std::vector<catalog::CatalogTable>& tables,
                            std::vector<Error>& problems) {
  RH_ASSIGN(const Binding binding, Binding::bind(project, tables, problems));
  return validate(binding, problems);
}

}  // namespace reelhouse::model
