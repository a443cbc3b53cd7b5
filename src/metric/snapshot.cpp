#include "metric/snapshot.hpp"

#include <algorithm>
#include <chrono>
#include <map>

#include "metric/asker.hpp"
#include "metric/cube.hpp"

namespace reelhouse::metric {
namespace {

/// Reads the first cell of the first row; nothing when there is none or it is null.
Result<std::optional<std::string>> one_text(engine::Session& session, const std::string& sql) {
  RH_ASSIGN(const auto rows, session.query(sql));
  if (rows.rows.empty() || rows.rows[0].empty() || std::holds_alternative<std::monostate>(rows.rows[0][0]))
    return std::optional<std::string>();
  return std::optional(rows.text(0, 0));
}

Error does_not_fit(const View& view, const std::string& what, const Error& error) {
  return Error{ErrorKind::kProject,
               fmt::format("{} of the metric view '{}' does not fit the published tables: {}", what,
                           view.name, error.message),
               error.hint, view.file};
}

/// Reads the name of a sum's type: DOUBLE, DECIMAL(38,2), HUGEINT and so on.
Measure::SumType sum_type_of(const std::string& type) {
  constexpr int kFractions = 6;
  if (type == "DOUBLE" || type == "FLOAT") return {kFractions, true};
  const auto comma = type.find(',');
  if (!type.starts_with("DECIMAL(") || comma == std::string::npos) return {};
  return {std::atoi(type.c_str() + comma + 1), false};
}

class OpenSnapshot final : public Snapshot {
 public:
  explicit OpenSnapshot(const Definitions& definitions) : definitions_(definitions) {}

  Result<> open(const warehouse::Warehouse& warehouse, bool cubes) {
    RH_ASSIGN(database_, warehouse.attach_current(version_));
    RH_ASSIGN(const auto session, connect());
    for (auto& view : definitions_.views) {
      RH_TRY(check(*session, view));
      RH_TRY(check_keys(*session, view));
      const bool cube = cubes && view.cube.has_value();
      if (cube)
        if (auto made = make_cube(*session, view, small_tables()); !made)
          return fail(does_not_fit(view, "the cube", made.error()));
      RH_ASSIGN(ViewState state, read_state(*session, view, cube));
      states_.emplace(view.name, std::move(state));
    }
    return database_->lock_down();
  }

  const warehouse::Version& version() const override { return version_; }

  Result<std::unique_ptr<engine::Session>> connect() const override {
    RH_ASSIGN(auto session, database_->connect());
    RH_TRY(session->execute("use warehouse"));
    return session;
  }

  Result<Answer> ask(engine::Session& session, const Query& query) const override {
    const auto start = std::chrono::steady_clock::now();
    RH_ASSIGN(const Resolved resolved, resolve(definitions_, query));
    RH_ASSIGN(Answer answer, Asker(session, resolved, query, states_.at(resolved.view->name)).ask());
    answer.version = version_.number;
    answer.milliseconds =
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
    return answer;
  }

  Json describe() const override {
    Json json = {{"version", version_.number}, {"views", Json::array()}};
    for (const auto& view : definitions_.views) json["views"].push_back(describe(view));
    return json;
  }

 private:
  /// Lets the engine look up every column that the view names, and keeps the types of its sums; blames the
  /// part that does not fit.
  static Result<> check(engine::Session& session, View& view) {
    Resolved all{&view, {}, {}, {}, {}};
    const auto fits = [&](const Resolved& query) {
      Shape shape;
      shape.measures = query.measures;
      shape.overlapping = true;  // a sum has its own type, not that of a weight
      const Statement statement = compile(query, shape);
      return session.query(statement.sql + "\nlimit 0", statement.values);
    };
    for (const auto& dimension : view.dimensions)
      all.axes.push_back({dimension.name, &dimension, Grain::kMonth});
    if (view.time) all.axes.push_back({"date", nullptr, view.time->grain});
    for (const auto& measure : view.measures) all.measures.push_back(&measure);
    const auto whole = fits(all);
    if (whole)
      for (size_t i = 0; i < view.measures.size(); ++i)
        view.measures[i].sum_type = sum_type_of(whole->columns[all.axes.size() + i].type);
    if (whole || whole.error().kind == ErrorKind::kInterrupted) return {};
    for (const Measure* measure : all.measures)
      if (const auto fit = fits({&view, {}, {measure}, {}, {}}); !fit)
        return fail(does_not_fit(view, fmt::format("the measure '{}'", measure->name), fit.error()));
    for (const auto& axis : all.axes)
      if (const auto fit = fits({&view, {axis}, {all.measures.front()}, {}, {}}); !fit)
        return fail(does_not_fit(view, fmt::format("the dimension '{}'", axis.name), fit.error()));
    return fail(does_not_fit(view, "a part", whole.error()));
  }

  /// Refuses a join to a key that comes twice: it would count the fact's rows twice.
  Result<> check_keys(engine::Session& session, const View& view) {
    for (const auto& join : view.joins) {
      if (!unique_keys_.insert(join.table + "." + join.key).second) continue;
      const auto twice = session.query(
          fmt::format("select {0} from {1} where {0} is not null group by 1 having count(*) > 1 limit 1",
                      engine::quote_name(join.key), engine::quote_name(join.table)));
      if (!twice) return fail(does_not_fit(view, fmt::format("the join '{}'", join.name), twice.error()));
      if (!twice->rows.empty())
        return fail(
            ErrorKind::kProject,
            fmt::format(
                "the join '{}' of the metric view '{}' would count rows twice: {}.{} is not unique ({} comes "
                "twice or more)",
                join.name, view.name, join.table, join.key, twice->text(0, 0)),
            "Declare it under `bridges`, with a weight.", view.file);
    }
    return {};
  }

  std::set<std::string> small_tables() const {
    constexpr uint64_t kFewRows = 100'000;
    std::set<std::string> small;
    for (const auto& table : version_.tables)
      if (table.rows <= kFewRows) small.insert(table.name);
    return small;
  }

  Result<ViewState> read_state(engine::Session& session, const View& view, bool cube) const {
    ViewState state;
    state.cube = cube;
    if (cube) state.rollups = std::make_shared<Rollups>(view);
    for (const auto& table : version_.tables)
      if (table.name == view.fact) {
        state.rows = table.rows;
        state.note = table.note;
      }
    if (!view.note.empty()) {
      const auto note = one_text(session, view.note);
      if (!note) return fail(does_not_fit(view, "the note", note.error()));
      state.remark = note->value_or("");
    }
    if (view.time) {
      auto periods = session.query(periods_statement(view, cube));
      if (!periods) return fail(does_not_fit(view, "the time", periods.error()));
      for (size_t row = 0; row < periods->rows.size(); ++row)
        if (const auto date = day_of(periods->text(row, 0))) state.calendar.periods.push_back(*date);
      if (!view.time->known_until.empty()) {
        auto until = one_text(session, view.time->known_until);
        if (!until) return fail(does_not_fit(view, "known_until", until.error()));
        if (*until) state.calendar.known_until = day_of(**until);
      }
    }
    for (const auto& measure : view.measures) {
      RH_ASSIGN(std::string why, why_unknown(session, view, measure));
      for (const auto& part : {measure.numerator, measure.denominator})
        if (why.empty() && state.unknown.contains(part)) why = state.unknown.at(part);
      if (!why.empty()) state.unknown.emplace(measure.name, std::move(why));
      RH_TRY(read_known_from(session, view, measure, state));
    }
    return state;
  }

  Result<> read_known_from(engine::Session& session, const View& view, const Measure& measure,
                           ViewState& state) const {
    std::optional<Day> from;
    for (const auto& part : {measure.numerator, measure.denominator})
      if (const auto found = state.known_from.find(part); found != state.known_from.end())
        from = from ? std::max(*from, found->second) : found->second;
    if (!measure.known_from.empty()) {
      const auto text = one_text(session, measure.known_from);
      if (!text)
        return fail(
            does_not_fit(view, fmt::format("`known_from` of the measure '{}'", measure.name), text.error()));
      if (*text) from = day_of(**text);
    }
    if (from) state.known_from.emplace(measure.name, *from);
    return {};
  }

  Result<std::string> why_unknown(engine::Session& session, const View& view, const Measure& measure) const {
    if (!measure.needs.empty()) {
      const auto table = std::ranges::find(version_.tables, measure.needs, &warehouse::Version::Table::name);
      if (table == version_.tables.end())
        return fail(
            ErrorKind::kProject,
            fmt::format("the measure '{}' needs '{}', which is not published", measure.name, measure.needs),
            "", view.file);
      if (!table->note.empty()) return table->note;
    }
    if (measure.unknown.empty()) return std::string();
    const auto why = one_text(session, measure.unknown);
    if (!why)
      return fail(
          does_not_fit(view, fmt::format("`unknown` of the measure '{}'", measure.name), why.error()));
    return why->value_or("");
  }

  /// The tables besides the fact that joins and a bridge read.
  static std::set<std::string> joined_tables(const View& view, const std::vector<std::string>& joins,
                                             const std::string& bridge = "") {
    std::set<std::string> tables;
    for (const auto& name : joins) {
      if (const auto* join = view.join(name)) tables.insert(join->table);
      if (const auto* over = view.bridge(name)) tables.insert(over->table);
    }
    if (const auto* over = view.bridge(bridge)) tables.insert(over->table);
    return tables;
  }

  static std::set<std::string> tables_of(const View& view, const Measure& measure) {
    auto tables = joined_tables(view, measure.joins);
    for (const auto& name : {measure.numerator, measure.denominator})
      if (const auto* part = view.measure(name)) tables.merge(tables_of(view, *part));
    if (!measure.needs.empty()) tables.insert(measure.needs);
    return tables;
  }

  Json describe(const View& view) const {
    const ViewState& state = states_.at(view.name);
    Json json = {{"name", view.name},
                 {"label", view.label},
                 {"description", view.description},
                 {"fact", view.fact},
                 {"rows", state.rows},
                 {"note", state.note},
                 {"time", nullptr},
                 {"dimensions", Json::array()},
                 {"measures", Json::array()},
                 {"hierarchies", Json::array()}};
    if (view.time) json["time"] = describe(*view.time, state.calendar);
    for (const auto& dimension : view.dimensions)
      json["dimensions"].push_back(
          {{"name", dimension.name},
           {"label", dimension.label},
           {"description", dimension.description},
           {"type", dimension.type},
           {"bridge", dimension.bridge.empty() ? Json(nullptr) : Json(dimension.bridge)},
           {"tables", joined_tables(view, dimension.joins, dimension.bridge)}});
    for (const auto& measure : view.measures) {
      const auto why = state.unknown.find(measure.name);
      json["measures"].push_back(
          {{"name", measure.name},
           {"label", measure.label},
           {"description", measure.description},
           {"format", measure.format},
           {"unit", measure.unit},
           {"additive", measure.additive()},
           {"closing", measure.closing},
           {"tables", tables_of(view, measure)},
           {"unknown", why == state.unknown.end() ? Json(nullptr) : Json(why->second)}});
    }
    for (const auto& hierarchy : view.hierarchies)
      json["hierarchies"].push_back({{"name", hierarchy.name}, {"levels", hierarchy.levels}});
    return json;
  }

  static Json describe(const Time& time, const Calendar& calendar) {
    Json grains = Json::array();
    for (int grain = static_cast<int>(time.grain); grain <= static_cast<int>(Grain::kYear); ++grain)
      if (time.grain != Grain::kWeek || grain == static_cast<int>(Grain::kWeek))
        grains.push_back(name_of(static_cast<Grain>(grain)));
    const auto text = [](std::optional<Day> day) { return day ? Json(text_of(*day)) : Json(nullptr); };
    const bool any = !calendar.periods.empty();
    return {{"label", time.label},
            {"grain", name_of(time.grain)},
            {"grains", grains},
            {"first", any ? Json(text_of(calendar.periods.front())) : Json(nullptr)},
            {"last", any ? Json(text_of(calendar.periods.back())) : Json(nullptr)},
            {"known_until", text(calendar.known_until)}};
  }

  Definitions definitions_;
  warehouse::Version version_;
  std::unique_ptr<engine::Database> database_;
  std::map<std::string, ViewState> states_;
  std::set<std::string> unique_keys_;  ///< table.column, found to be unique
};

}  // namespace

Result<std::shared_ptr<const Snapshot>> Snapshot::open(const Definitions& definitions,
                                                       const warehouse::Warehouse& warehouse, bool cubes) {
  auto snapshot = std::make_shared<OpenSnapshot>(definitions);
  RH_TRY(snapshot->open(warehouse, cubes));
  return std::shared_ptr<const Snapshot>(std::move(snapshot));
}

}  // namespace reelhouse::metric
