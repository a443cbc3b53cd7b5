#include <algorithm>
#include <iostream>

#include "app/command.hpp"
#include "base/interrupt.hpp"
#include "metric/compiler.hpp"
#include "metric/snapshot.hpp"
#include "warehouse/versions.hpp"

namespace reelhouse::app {
namespace {

struct MetricFlags {
  std::vector<std::string> measures;
  std::vector<std::string> by;
  std::vector<std::string> where;
  std::string grain;
  std::string compare;
  std::string last;
  std::string sort;
  int top = 0;
  int limit = 0;
  bool totals = false;
  bool overlapping = false;
  bool show_sql = false;
};

/// The dimension of which --top keeps the highest members: the first that is no grain.
std::string ranked(const MetricFlags& flags) {
  const auto found =
      std::ranges::find_if(flags.by, [](const auto& name) { return !metric::grain_named(name); });
  return found == flags.by.end() ? "" : *found;
}

Result<metric::Query> query_of(const MetricFlags& flags) {
  Json json = {{"measures", flags.measures}, {"dimensions", flags.by}};
  if (!flags.grain.empty()) {
    if (!metric::grain_named(flags.grain))
      return fail(ErrorKind::kUsage, fmt::format("'{}' is not a grain", flags.grain),
                  "Use day, week, month, quarter or year.");
    const bool dated =
        std::ranges::any_of(flags.by, [](const auto& name) { return metric::grain_named(name).has_value(); });
    if (dated && std::ranges::find(flags.by, flags.grain) == flags.by.end())
      return fail(ErrorKind::kUsage,
                  fmt::format("--by tells the dates otherwise than --grain {}", flags.grain),
                  "Leave one of them out.");
    if (!dated) json["dimensions"].insert(json["dimensions"].begin(), flags.grain);
  }
  if (!flags.compare.empty()) json["compare"] = flags.compare;
  if (!flags.last.empty()) json["last"] = flags.last;
  if (flags.top > 0) {
    if (ranked(flags).empty())
      return fail(ErrorKind::kUsage, "--top ranks a dimension, and --by names none",
                  "Add for example --by genre.");
    json["top"] = {{"count", flags.top}, {"dimension", ranked(flags)}};
  }
  if (!flags.sort.empty()) {
    const bool descending = flags.sort.front() == '-';
    json["sort"] = Json::array({{{"by", flags.sort.substr(descending ? 1 : 0)}, {"descending", descending}}});
  }
  if (flags.limit > 0) json["limit"] = flags.limit;
  json["totals"] = flags.totals;
  json["overlapping"] = flags.overlapping;
  RH_ASSIGN(metric::Query query, metric::parse_query(json));
  for (const auto& condition : flags.where) {
    RH_ASSIGN(const auto filters, metric::parse_where(condition));
    query.filters.insert(query.filters.end(), filters.begin(), filters.end());
  }
  return query;
}

/// Writes a share. One that is not quite none or all is never rounded to it: 2,499 of 2,500 are ">99.9 %".
std::string share(double value) {
  constexpr double kHalfStep = 0.0005;
  constexpr double kArithmetic = 1e-9;  // what adding up leaves of a whole
  if (value > kArithmetic && value < kHalfStep) return "<0.1 %";
  if (value > 1 - kHalfStep && value < 1 - kArithmetic) return ">99.9 %";
  return fmt::format("{:.1f} %", 100 * value);
}

/// Writes a number as a person reads it: "12.51", "69.6 %". JSON and CSV keep it whole.
std::string written(const engine::Cell& cell, const std::string& type) {
  const auto* whole = std::get_if<int64_t>(&cell);
  const auto* real = std::get_if<double>(&cell);
  if (whole == nullptr && real == nullptr) return "";
  const double value = real != nullptr ? *real : static_cast<double>(*whole);
  if (type == "percent") return share(value);
  if (type == "money" || type == "rating") return fmt::format("{:.2f}", value);
  if (whole != nullptr) return std::to_string(*whole);
  return fmt::format("{:.1f}", value);
}

engine::Rows answer_rows(const metric::Answer& answer, bool for_people) {
  engine::Rows rows;
  for (const auto& column : answer.columns) {
    const bool dimension = column.kind == metric::AnswerColumn::Kind::kDimension;
    rows.columns.push_back({column.name, column.type, !dimension || column.type == "number"});
  }
  const auto add = [&](std::vector<engine::Cell> cells) {
    for (size_t i = 0; for_people && i < cells.size(); ++i)
      if (answer.columns[i].kind != metric::AnswerColumn::Kind::kDimension &&
          !std::holds_alternative<std::monostate>(cells[i]))
        cells[i] = written(cells[i], answer.columns[i].type);
    rows.rows.push_back(std::move(cells));
  };
  for (size_t row = 0; row < answer.rows.size(); ++row) {
    std::vector<engine::Cell> cells;
    for (size_t i = 0; i < answer.columns.size(); ++i) cells.push_back(metric::named_cell(answer, row, i));
    add(std::move(cells));
  }
  if (answer.totals.empty()) return rows;
  auto totals = answer.totals;
  if (answer.columns.front().kind == metric::AnswerColumn::Kind::kDimension) totals.front() = "(total)";
  add(std::move(totals));
  return rows;
}

void tell(const metric::Answer& answer) {
  for (const auto& [measure, why] : answer.unknown) std::cerr << fmt::format("note: {}: {}\n", measure, why);
  for (const auto& note : answer.notes) std::cerr << fmt::format("note: {}\n", note);
  if (!answer.period_from.empty())
    std::cerr << fmt::format("note: of {} to {}\n", answer.period_from, answer.period_to);
  if (!answer.unfinished_from.empty())
    std::cerr << fmt::format("note: from {} on unfinished: the data ends on {}\n", answer.unfinished_from,
                             answer.known_until);
  if (answer.bridge == "weighted") std::cerr << "note: weighted: a row is divided among its members\n";
}

/// Lists what can be measured, and by what.
engine::Rows listed(const metric::Definitions& definitions) {
  engine::Rows rows;
  for (const char* name : {"measure", "view", "label", "what it is"})
    rows.columns.push_back({name, "VARCHAR", false});
  for (const auto& view : definitions.views)
    for (const auto& measure : view.measures)
      rows.rows.push_back({measure.name, view.name, measure.label, measure.description});
  return rows;
}

Result<int> run_metric(const GlobalFlags& flags, const MetricFlags& asked) {
  RH_ASSIGN(const auto project, open_project(flags));
  RH_ASSIGN(const auto definitions, project->definitions());
  if (definitions->views.empty())
    return fail(ErrorKind::kProject, "the project has no metric views",
                "Write one in metrics/, or copy those of a new project: reelhouse init DIR.",
                project->settings().project.string());
  if (asked.measures.empty()) {
    print_rows(listed(*definitions), flags.output());
    return kDone;
  }
  RH_ASSIGN(const metric::Query query, query_of(asked));
  RH_TRY(metric::resolve(*definitions, query));
  metric::Definitions needed;
  needed.views.push_back(*definitions->view_of(query.measures.front()));
  RH_ASSIGN(const auto warehouse, project->warehouse());
  RH_ASSIGN(const auto snapshot, metric::Snapshot::open(needed, *warehouse, false));
  RH_ASSIGN(const auto session, snapshot->connect());
  const OnInterrupt stop([&] { session->interrupt(); });
  RH_ASSIGN(const metric::Answer answer, snapshot->ask(*session, query));
  if (asked.show_sql) {
    std::cout << answer.sql << "\n";
    return kDone;
  }
  print_rows(answer_rows(answer, flags.output() == OutputFormat::kTable), flags.output());
  if (!flags.quiet) tell(answer);
  return kDone;
}

}  // namespace

void add_metric(CLI::App& app, const GlobalFlags& flags) {
  auto* command = app.add_subcommand("metric", "Ask for measures by their names; alone, list them");
  auto asked = std::make_shared<MetricFlags>();
  command->add_option("measure", asked->measures, "Names of measures of one view")->delimiter(',');
  command->add_option("--by", asked->by, "Dimensions, or day, week, month, quarter, year")
      ->delimiter(',')
      ->type_name("D,D");
  command->add_option("--where", asked->where,
                      "Conditions: \"plan = Premium and date from 2022 to 2023-03\"");
  command->add_option("--grain", asked->grain, "Tell the dates by day, week, month, quarter or year");
  command->add_option("--compare", asked->compare,
                      "Beside it the period before (previous) or a year before (year)");
  command->add_option("--last", asked->last, "Only the last finished period: month, quarter, ...");
  command
      ->add_option("--top", asked->top,
                   "Only the highest members of the first dimension; the rest as one row")
      ->check(CLI::NonNegativeNumber);
  command->add_option("--sort", asked->sort, "A column; with a minus before it downwards");
  command->add_option("--limit", asked->limit, "At most so many rows")->check(CLI::NonNegativeNumber);
  command->add_flag("--totals", asked->totals, "A last row with the totals, computed from the fact");
  command->add_flag("--overlapping", asked->overlapping,
                    "Count a row whole for each genre, person, country it has");
  command->add_flag("--sql", asked->show_sql, "Print the SQL instead of its answer");
  command->footer(
      "Examples:\n  reelhouse metric mrr --by month,plan\n"
      "  reelhouse metric mrr --by country --where \"plan = Premium\" --compare previous\n"
      "  reelhouse metric titles votes --by genre --top 10 --totals\n"
      "  reelhouse metric arpu --grain quarter --format json");
  on_run(*command, [&flags, asked] { return run_metric(flags, *asked); });
}

}  // namespace reelhouse::app
