#include "model/lineage.hpp"
#include "base/text.hpp"

#include <iostream>

#include "app/command.hpp"
#include "model/curated.hpp"
#include "project/lineage.hpp"

namespace reelhouse::app {
namespace {

using catalog::CatalogTable;
using model::LineageNode;
using model::Origin;

constexpr size_t kObjectsShown = 5;

struct LineageFlags {
  std::string name;
  bool downstream = false;
};

/// Lists what decides, a table after the other: "stg_user (age, country), raw.user".
std::string deciders_text(const std::vector<Origin>& deciders) {
  std::vector<std::pair<std::string, std::vector<std::string>>> tables;
  for (const auto& origin : deciders) {
    auto found =
        std::ranges::find(tables, origin.table, &std::pair<std::string, std::vector<std::string>>::first);
    if (found == tables.end()) found = tables.insert(tables.end(), {origin.table, {}});
    if (!origin.column.empty()) found->second.push_back(origin.column);
  }
  std::string text;
  for (const auto& [table, columns] : tables) {
    text += (text.empty() ? "" : ", ") + table;
    if (!columns.empty()) text += fmt::format(" ({})", fmt::join(columns, ", "));
  }
  return text;
}

/// Draws a lineage as a tree on standard output.
class TreePrinter {
 public:
  TreePrinter(const std::filesystem::path& project, const std::map<std::string, model::BuildRecord>& builds,
              bool downstream)
      : project_(project), builds_(builds), downstream_(downstream) {}

  void print(const LineageNode& root) {
    std::cout << title(root) << "\n";
    print_below(root, "");
    std::cout.flush();
  }

 private:
  std::string title(const LineageNode& node) const {
    std::string text = node.place.text();
    if (downstream_ && (node.how & model::kValue) == 0 && node.how != model::kRows)
      text += node.place.column.empty() ? fmt::format(": its rows ({})", model::name_of_how(node.how))
                                        : fmt::format(" ({})", model::name_of_how(node.how));
    if (!node.file.empty()) {
      const auto file = std::filesystem::path(node.file).lexically_proximate(project_);
      text += fmt::format("  [{}]", file.generic_string());
    }
    const auto build = builds_.find(node.place.table);
    if (build != builds_.end() && node.place.column.empty())
      text += fmt::format("  {} rows, {:.2f} s", grouped(build->second.rows), build->second.seconds);
    if (node.repeated && has_more(node)) text += "  (see above)";
    return text;
  }

  bool has_more(const LineageNode& node) const { return downstream_ || !node.file.empty(); }

  /// Lines about a node itself, before its inputs.
  std::vector<std::string> notes(const LineageNode& node) const {
    std::vector<std::string> lines;
    if (node.repeated) return lines;
    const bool is_made =
        !downstream_ && !node.place.column.empty() && node.inputs.empty() && node.objects.empty();
    if (is_made && node.file.ends_with(".sql")) lines.push_back("made here: no column's value flows in");
    if (!node.deciders.empty()) lines.push_back("decided by " + deciders_text(node.deciders));
    if (!node.approximate.empty())
      lines.push_back(fmt::format("approximate, perhaps too many origins: {}", node.approximate));
    const bool is_raw = node.place.table.starts_with("raw.");
    if (downstream_ || !is_raw) return lines;
    if (node.objects.empty()) lines.push_back("<- nothing in the catalog yet");
    const size_t hidden = node.objects.size() > kObjectsShown ? node.objects.size() - kObjectsShown : 0;
    for (size_t i = node.objects.size(); i-- > hidden;) lines.push_back(object_text(node, node.objects[i]));
    uint64_t records = 0;
    for (size_t i = 0; i < hidden; ++i) records += node.objects[i].records;
    if (hidden > 0)
      lines.push_back(
          fmt::format("<- and {} before, {} records", counted(hidden, "object"), grouped(records)));
    return lines;
  }

  static std::string object_text(const LineageNode& node, const model::LineageObject& object) {
    const std::string& column = node.place.column;
    std::string from = "<- ";
    if (column == "_object")
      from += "the key of ";
    else if (column == "_line")
      from += "the line of the record in ";
    else if (column == "_drop")
      from += "the drop of ";
    else if (!column.empty() && object.field.empty())
      from += "null: no such field in ";
    else if (!column.empty())
      from += fmt::format("field \"{}\" in ", object.field);
    return fmt::format("{}{} (drop {}, {} records)", from, object.key, object.drop, grouped(object.records));
  }

  void print_below(const LineageNode& node, const std::string& indent) {
    const char* bar = node.inputs.empty() ? "   " : "│  ";
    for (const auto& line : notes(node)) std::cout << indent << bar << line << "\n";
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const bool is_last = i + 1 == node.inputs.size();
      std::cout << indent << (is_last ? "└─ " : "├─ ") << title(node.inputs[i]) << "\n";
      print_below(node.inputs[i], indent + (is_last ? "   " : "│  "));
    }
  }

  const std::filesystem::path& project_;
  const std::map<std::string, model::BuildRecord>& builds_;
  bool downstream_;
};

/// Finds the build of every model whose fingerprint is in the store.
std::map<std::string, model::BuildRecord> builds_of(const std::filesystem::path& store,
                                                    const model::Binding& binding,
                                                    const std::vector<CatalogTable>& tables) {
  std::map<std::string, model::BuildRecord> builds;
  const model::Curated curated(store);
  for (const auto& [name, print] : model::fingerprints(binding.graph(), binding.project(), tables))
    if (auto record = curated.find(name, print)) builds[name] = std::move(*record);
  return builds;
}

Result<int> run_lineage(const GlobalFlags& flags, const LineageFlags& chosen) {
  RH_ASSIGN(const auto project, open_project(flags));
  RH_ASSIGN(const auto bound, project->bound());
  const std::lock_guard lock(bound->mutex);
  if (!bound->problems.empty() && !flags.quiet)
    std::cerr << "warning: " << counted(bound->problems.size(), "problem")
              << " in the project; what is broken is left out. Run 'reelhouse validate'.\n";
  model::Lineage& lineage = *bound->lineage;
  RH_ASSIGN(const model::Place place, lineage.find(chosen.name));
  const LineageNode root = chosen.downstream ? lineage.downstream(place) : lineage.upstream(place);
  if (flags.output() == OutputFormat::kTable)
    TreePrinter(project->settings().project,
                builds_of(project->settings().store, *bound->binding, bound->catalog->tables),
                chosen.downstream)
        .print(root);
  else
    print_rows(project::rows_of(root, chosen.downstream), flags.output());
  return kDone;
}

}  // namespace

void add_lineage(CLI::App& app, const GlobalFlags& flags) {
  auto* command = app.add_subcommand("lineage", "From a column or table back to the objects in the lake");
  auto options = std::make_shared<LineageFlags>();
  command
      ->add_option("name", options->name, "TABLE or TABLE.COLUMN; raw tables are raw.TABLE, seeds seed.TABLE")
      ->required()
      ->type_name("NAME");
  command->add_flag("--downstream,-d", options->downstream,
                    "What depends on it, instead of what it comes from");
  command->footer(
      "The tree shows where a column's value comes from; 'decided by' names the columns that filter, join,\n"
      "group or order its rows, or choose between values. No data is read. As JSON or CSV: a row an edge.\n\n"
      "Examples:\n"
      "  reelhouse lineage fct_subscription_month.revenue\n"
      "  reelhouse lineage fct_subscription_month\n"
      "  reelhouse lineage --downstream raw.users.age");
  on_run(*command, [&flags, options] { return run_lineage(flags, *options); });
}

}  // namespace reelhouse::app
