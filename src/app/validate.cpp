#include "model/validate.hpp"
#include "base/text.hpp"

#include <iostream>

#include "app/command.hpp"
#include "model/testing/check.hpp"
#include "project/alerts.hpp"
#include "serve/dashboards.hpp"

namespace reelhouse::app {

namespace {

using model::Validation;

engine::Rows list_models(const Validation& validation) {
  engine::Rows rows;
  rows.columns = {{"model", "VARCHAR"},  {"folder", "VARCHAR"},       {"materialized", "VARCHAR"},
                  {"inputs", "VARCHAR"}, {"columns", "BIGINT", true}, {"checks", "BIGINT", true}};
  for (const auto& each : validation.models) {
    const bool is_view = each.materialisation == model::Materialisation::kView;
    rows.rows.push_back({each.model, each.folder, std::string(is_view ? "view" : "table"),
                         fmt::format("{}", fmt::join(each.inputs, ", ")), static_cast<int64_t>(each.columns),
                         static_cast<int64_t>(each.checks)});
  }
  return rows;
}

engine::Rows list_problems(const std::vector<Error>& problems) {
  engine::Rows rows;
  rows.columns = {{"where", "VARCHAR"}, {"message", "VARCHAR"}, {"hint", "VARCHAR"}};
  for (const auto& problem : problems) rows.rows.push_back({problem.where, problem.message, problem.hint});
  return rows;
}

/// Names files as the current folder sees them.
void shorten_places(std::vector<Error>& errors) {
  std::error_code code;
  const std::string here = std::filesystem::current_path(code).string() + "/";
  for (auto& error : errors)
    if (error.where.starts_with(here)) error.where.erase(0, here.size());
}

void print_notes(const std::vector<Error>& errors, const char* kind) {
  for (const auto& error : errors) std::cerr << kind << error.to_string() << "\n";
}

Result<int> run_validate(const GlobalFlags& flags) {
  RH_ASSIGN(const auto project, open_project(flags));
  RH_ASSIGN(const auto bound, project->bound());
  std::vector<Error> problems = bound->problems;
  const auto tests = model::load_tests(bound->models->project, problems);
  RH_ASSIGN(Validation validation, model::validate(*bound->binding, problems));
  RH_TRY(model::check_tests(*bound->binding, tests, problems));
  const auto definitions = project->definitions();
  if (!definitions) problems.push_back(definitions.error());
  const Json pages = definitions
                         ? serve::load_dashboards(project->settings().dashboards(), **definitions, problems)
                         : Json::array();
  const auto workflows = project->workflows();
  problems.insert(problems.end(), workflows->problems.begin(), workflows->problems.end());
  if (definitions) project::read_alerts(*project, **definitions, problems);
  shorten_places(problems);
  shorten_places(validation.warnings);
  if (!problems.empty()) {
    print_notes(problems, "");
    if (flags.output() != OutputFormat::kTable) print_rows(list_problems(problems), flags.output());
    std::cerr << counted(problems.size(), "problem") << "\n";
    return kWrongUsage;
  }
  print_rows(list_models(validation), flags.output());
  if (flags.quiet) return kDone;
  print_notes(validation.warnings, "warning: ");
  std::cerr << counted(validation.models.size(), "model") << ", " << counted(validation.checks, "check")
            << ", " << counted(tests.size(), "test") << ", "
            << counted((*definitions)->views.size(), "metric view") << ", " << counted(pages.size(), "page")
            << ", " << counted(workflows->all.size(), "workflow") << ": valid\n";
  return kDone;
}

}  // namespace

void add_validate(CLI::App& app, const GlobalFlags& flags) {
  auto* command = app.add_subcommand("validate", "Check the project's SQL and YAML without any data");
  command->footer(
      "Binds every model, rule, check and test, reads every metric, page, workflow and alert, and says what\n"
      "is wrong with file and line. Reads no data; what the catalog knows of the lake is used.\n\n"
      "Examples:\n"
      "  reelhouse validate\n"
      "  reelhouse validate --format json\n\n"
      "Exit codes: 0 valid; 2 something is wrong.");
  on_run(*command, [&flags] { return run_validate(flags); });
}

}  // namespace reelhouse::app
