#include "metric/asker.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace reelhouse::metric {
namespace {

/// Turns the text of a decimal or a large integer into a number.
engine::Cell number(const engine::Cell& cell) {
  const auto* text = std::get_if<std::string>(&cell);
  if (text == nullptr) return cell;
  const char* end = text->data() + text->size();
  int64_t whole = 0;
  if (const auto read = std::from_chars(text->data(), end, whole); read.ec == std::errc() && read.ptr == end)
    return engine::Cell{whole};
  double value = 0;
  if (const auto read = std::from_chars(text->data(), end, value); read.ec == std::errc() && read.ptr == end)
    return engine::Cell{value};
  return cell;
}

std::optional<Day> day_of_cell(const engine::Cell& cell) {
  const auto* text = std::get_if<std::string>(&cell);
  return text == nullptr ? std::nullopt : day_of(*text);
}

bool is_true(const engine::Cell& cell) {
  const auto* flag = std::get_if<bool>(&cell);
  return flag != nullptr && *flag;
}

}  // namespace

Asker::Asker(engine::Session& session, const Resolved& resolved, const Query& query, const ViewState& state)
    : session_(session), resolved_(resolved), query_(query), state_(state) {}

Result<Answer> Asker::ask() {
  answer_.view = resolved_.view->name;
  choose_measures();
  choose_dates();
  note_known_from();
  if (query_.compare != Query::Compare::kNone) choose_compared();
  name_columns();
  shape_.cube = state_.cube && fits_cube(resolved_, shape_.measures);
  answer_.source = shape_.cube ? "cube" : "fact";
  if (shape_.measures.empty()) return std::move(answer_);
  choose_table();
  RH_TRY(choose_top());
  RH_TRY(read_rows());
  if (query_.totals) RH_TRY(read_totals());
  return std::move(answer_);
}

void Asker::choose_measures() {
  for (const Measure* measure : resolved_.measures) {
    const auto why = state_.unknown.find(measure->name);
    if (why == state_.unknown.end())
      shape_.measures.push_back(measure);
    else
      answer_.unknown.emplace_back(measure->name, why->second);
  }
  shape_.overlapping = query_.overlapping;
  shape_.sort = query_.sort;
  if (resolved_.uses_bridge()) answer_.bridge = query_.overlapping ? "overlapping" : "weighted";
  for (const auto& note : {state_.note, state_.remark})
    if (!note.empty()) answer_.notes.push_back(note);
}

/// Finds the smallest table that holds what is asked.
void Asker::choose_table() {
  if (!shape_.cube || !state_.rollups) return;
  std::set<std::string> dimensions;
  for (const auto& axis : resolved_.axes)
    if (axis.dimension != nullptr) dimensions.insert(axis.dimension->name);
  for (const auto& condition : resolved_.conditions) dimensions.insert(condition.dimension->name);
  shape_.table = state_.rollups->table_for(session_, dimensions);
}

/// Finds the periods of which closing measures speak: the last of every group of rows.
std::vector<Day> Asker::closing_of(const Bounds& dates) const {
  const bool any = std::ranges::any_of(resolved_.measures, [](const Measure* m) { return m->closing; });
  if (!any) return {};
  const Grain finest = resolved_.view->time->grain;
  const auto axis = resolved_.time_axis();
  std::vector<Day> found;
  if (!axis) {
    if (const auto day = state_.calendar.closing(finest, dates.from, dates.to)) found.push_back(*day);
    return found;
  }
  const Grain grain = resolved_.axes[*axis].grain;
  if (grain == finest) return {};
  // Of each, the last finished one; an unfinished one where there is no other.
  std::map<Day, Day> last;
  for (const Day day : state_.calendar.periods)
    if ((!dates.from || day >= *dates.from) && (!dates.to || day <= *dates.to)) {
      const auto [known, first] = last.emplace(start_of(day, grain), day);
      if (!first && state_.calendar.finished(day, finest)) known->second = day;
    }
  for (const auto& [period, day] : last) found.push_back(day);
  return found;
}

void Asker::choose_dates() {
  const View& view = *resolved_.view;
  shape_.dates = resolved_.dates;
  if (!view.time) return;
  const Calendar& calendar = state_.calendar;
  if (calendar.known_until) answer_.known_until = text_of(*calendar.known_until);
  if (query_.last)
    if (const auto day = calendar.closing(*query_.last, shape_.dates.from, shape_.dates.to)) {
      const Span span = span_of(*day, *query_.last);
      shape_.dates = {span.first, span.last};
      answer_.period_from = text_of(span.first);
      answer_.period_to = text_of(span.last);
    }
  // What lies beyond the end of the data is not yet.
  if (calendar.known_until && !calendar.periods.empty() && calendar.periods.back() > *calendar.known_until &&
      (!shape_.dates.to || *shape_.dates.to > *calendar.known_until))
    shape_.dates.to = calendar.known_until;
  shape_.closing = closing_of(shape_.dates);
  if (!resolved_.time_axis() && !shape_.closing.empty() && !query_.last) {
    const Span span = span_of(shape_.closing.front(), view.time->grain);
    answer_.period_from = text_of(span.first);
    answer_.period_to = text_of(span.last);
  }
  if (const auto axis = resolved_.time_axis()) {
    if (const auto day = calendar.unfinished_from(resolved_.axes[*axis].grain))
      answer_.unfinished_from = text_of(*day);
  } else if (!answer_.period_from.empty() && calendar.known_until &&
             answer_.period_to > answer_.known_until) {
    answer_.unfinished_from = answer_.period_from;
  }
}

/// Says which measures are unknown in the first of the periods that are told.
void Asker::note_known_from() {
  std::map<Day, std::vector<std::string>> unknown;
  const auto first = std::ranges::find_if(state_.calendar.periods, [&](Day day) {
    return (!shape_.dates.from || day >= *shape_.dates.from) && (!shape_.dates.to || day <= *shape_.dates.to);
  });
  for (const Measure* measure : shape_.measures) {
    const auto from = state_.known_from.find(measure->name);
    if (from == state_.known_from.end()) continue;
    const bool is_one = measure->closing && !shape_.closing.empty();
    if (is_one ? shape_.closing.front() < from->second
               : first != state_.calendar.periods.end() && *first < from->second)
      unknown[from->second].push_back(measure->label);
  }
  for (const auto& [day, labels] : unknown)
    answer_.notes.push_back(fmt::format("Unknown before {}: {}.", text_of(day), fmt::join(labels, ", ")));
}

/// Finds the dates of what is compared with: per row where rows are periods, else of the whole.
void Asker::choose_compared() {
  compares_ = true;
  const bool year = query_.compare == Query::Compare::kYear;
  const Grain finest = resolved_.view->time->grain;
  if (const auto axis = resolved_.time_axis()) {
    const Grain grain = resolved_.axes[*axis].grain;
    const auto back = [&](std::optional<Day> day) -> std::optional<Day> {
      if (!day) return day;
      return year ? add_periods(*day, Grain::kYear, -1) : add_periods(start_of(*day, grain), grain, -1);
    };
    before_.from = back(shape_.dates.from);
    before_.to = shape_.dates.to;
    before_closing_ = closing_of(before_);
    return;
  }
  const auto span = span_compared(year);
  if (span) {
    before_ = {span->first, span->last};
    before_closing_ = closing_of(before_);
    answer_.before_from = text_of(span->first);
    answer_.before_to = text_of(span->last);
  } else if (!shape_.closing.empty()) {
    before_closing_ = {add_periods(shape_.closing.front(), year ? Grain::kYear : finest, -1)};
    const Span closing = span_of(before_closing_.front(), finest);
    answer_.before_from = text_of(closing.first);
    answer_.before_to = text_of(closing.last);
  }
  // Nothing is known of what lies before the first period.
  const Day first = state_.calendar.periods.empty() ? Day::max() : state_.calendar.periods.front();
  for (const Measure* measure : shape_.measures) {
    const bool known = span
                           ? span->last >= first
                           : measure->closing && !before_closing_.empty() && before_closing_.front() >= first;
    if (!known) not_compared_.push_back(measure->name);
  }
}

/// The days that are compared with, where the query says which days it is about.
std::optional<Span> Asker::span_compared(bool year) const {
  if (!shape_.dates.from || !shape_.dates.to) return std::nullopt;
  const Span now{*shape_.dates.from, *shape_.dates.to};
  if (!query_.last) return year ? span_a_year_before(now) : span_before(now);
  // A week a year before is 52 weeks before, so that it begins on the same day of the week.
  if (year && query_.last == Grain::kWeek)
    return span_of(add_periods(now.first, Grain::kWeek, -52), Grain::kWeek);
  return span_of(add_periods(now.first, year ? Grain::kYear : *query_.last, -1), *query_.last);
}

void Asker::name_columns() {
  for (const auto& axis : resolved_.axes) {
    AnswerColumn column;
    column.name = axis.name;
    column.label = axis.dimension != nullptr ? axis.dimension->label : resolved_.view->time->label;
    column.type = axis.dimension != nullptr ? axis.dimension->type : "date";
    if (axis.dimension == nullptr) column.grain = name_of(axis.grain);
    answer_.columns.push_back(std::move(column));
  }
  const auto add = [&](const Measure& measure, bool before) {
    AnswerColumn column;
    column.kind = before ? AnswerColumn::Kind::kBefore : AnswerColumn::Kind::kMeasure;
    column.name = measure.name + (before ? "__before" : "");
    column.label = measure.label + (before ? " before" : "");
    column.type = measure.format;
    column.unit = measure.unit;
    column.additive = measure.additive();
    answer_.columns.push_back(std::move(column));
  };
  for (const Measure* measure : resolved_.measures) {
    add(*measure, false);
    if (compares_) add(*measure, true);
  }
}

Result<Asker::Table> Asker::run(const Resolved& query, const Shape& shape) {
  const Statement statement = compile(query, shape);
  if (!answer_.sql.empty()) answer_.sql += ";\n\n";
  answer_.sql += statement.sql;
  RH_ASSIGN(auto rows, session_.query(statement.sql, statement.values));
  return std::move(rows.rows);
}

Result<> Asker::choose_top() {
  if (!query_.top) return {};
  for (size_t i = 0; i < resolved_.axes.size(); ++i)
    if (resolved_.axes[i].name == query_.top->dimension) shape_.top_axis = i;
  Resolved ranked = resolved_;
  ranked.axes = {resolved_.axes[*shape_.top_axis]};
  Shape shape = shape_;
  shape.top_axis.reset();
  shape.measures = {shape_.measures.front()};
  shape.sort = {{shape_.measures.front()->name, true}};
  shape.limit = query_.top->count + 1;
  if (shape.measures.front()->closing && resolved_.time_axis())
    if (const auto day =
            state_.calendar.closing(resolved_.view->time->grain, shape.dates.from, shape.dates.to))
      shape.closing = {*day};
  RH_ASSIGN(const Table members, run(ranked, shape));
  if (members.size() <= static_cast<size_t>(query_.top->count)) {
    shape_.top_axis.reset();  // there is no rest
    return {};
  }
  for (size_t row = 0; row + 1 < members.size(); ++row) shape_.top.push_back(members[row][0]);
  shape_.other = query_.top->other;
  answer_.top_column = *shape_.top_axis;
  return {};
}

/// The cell under which a compared row is found: its date moved to the row that it is compared with.
engine::Cell Asker::shifted(const engine::Cell& date) const {
  const auto day = day_of_cell(date);
  if (!day) return date;
  const Grain grain = resolved_.axes[*resolved_.time_axis()].grain;
  // A week a year later is 52 weeks later, so that it begins on the same day of the week.
  if (query_.compare == Query::Compare::kYear && grain == Grain::kWeek)
    return engine::Cell{text_of(add_periods(*day, Grain::kWeek, 52))};
  return engine::Cell{
      text_of(add_periods(*day, query_.compare == Query::Compare::kYear ? Grain::kYear : grain, 1))};
}

Result<Asker::Table> Asker::compared_rows(Shape shape) {
  if (not_compared_.size() == shape_.measures.size()) return Table{};
  shape.dates = before_;
  shape.closing = before_closing_;
  shape.limit = 0;
  RH_ASSIGN(Table rows, run(resolved_, shape));
  if (const auto axis = resolved_.time_axis(); axis && !shape.total) {
    const bool year = query_.compare == Query::Compare::kYear;
    // No day is a year after a leap day.
    std::erase_if(rows, [&](const auto& row) {
      const auto day = day_of_cell(row[*axis]);
      return year && resolved_.axes[*axis].grain == Grain::kDay && day &&
             add_periods(add_periods(*day, Grain::kYear, 1), Grain::kYear, -1) != *day;
    });
    for (auto& row : rows) row[*axis] = shifted(row[*axis]);
  }
  return rows;
}

Result<> Asker::read_rows() {
  Shape shape = shape_;
  if (query_.limit > 0) shape.limit = query_.limit + 1;
  RH_ASSIGN(rows_, run(resolved_, shape));
  const size_t keys = resolved_.axes.size() + (shape.other ? 1 : 0);
  const auto key_of = [keys](const Row& row) {
    return Row(row.begin(), row.begin() + static_cast<std::ptrdiff_t>(keys));
  };
  std::map<Row, const Row*> before;
  if (compares_) {
    RH_ASSIGN(compared_, compared_rows(shape_));
    for (const auto& row : compared_) before[key_of(row)] = &row;
  }
  const size_t most = query_.limit > 0 ? static_cast<size_t>(query_.limit) : SIZE_MAX;
  for (size_t i = 0; i < std::min(rows_.size(), most); ++i) {
    const auto old = before.find(key_of(rows_[i]));
    add_row(&rows_[i], old != before.end() ? old->second : nullptr);
  }
  size_t found = rows_.size();
  if (compares_ && !resolved_.time_axis() && found <= most) {
    for (const auto& row : rows_) before.erase(key_of(row));
    found += before.size();
    for (const auto& row : compared_)
      if (answer_.rows.size() < most && before.contains(key_of(row))) {
        add_row(nullptr, &row);
        ++only_before_;
      }
  }
  write_notes(found);
  return {};
}

/// Adds a row to the answer; one of both may be missing.
void Asker::add_row(const Row* now, const Row* before) {
  const Row& keys = now != nullptr ? *now : *before;
  const size_t axes = resolved_.axes.size();
  Row cells(keys.begin(), keys.begin() + static_cast<std::ptrdiff_t>(axes));
  for (size_t axis = 0; axis < axes; ++axis)
    if (resolved_.axes[axis].dimension != nullptr && resolved_.axes[axis].dimension->type == "number")
      cells[axis] = number(cells[axis]);
  size_t at = axes + (shape_.other ? 1 : 0);
  for (const Measure* measure : resolved_.measures) {
    const bool known = !state_.unknown.contains(measure->name);
    const bool comparable = known && std::ranges::find(not_compared_, measure->name) == not_compared_.end();
    cells.push_back(known && now != nullptr ? number((*now)[at]) : engine::Cell{});
    if (compares_) cells.push_back(comparable && before != nullptr ? number((*before)[at]) : engine::Cell{});
    if (known) ++at;
  }
  answer_.rows.push_back(std::move(cells));
  answer_.other.push_back(shape_.other && is_true(keys[axes]));
}

/// Tells whether the rows that were read, added up, are their own total: sums from the cube, of which none
/// was left out or rounded off. A statement less is a third of the time that an answer takes.
bool Asker::rows_add_up() const {
  const bool cut = query_.limit > 0 && rows_.size() > static_cast<size_t>(query_.limit);
  if (!shape_.cube || cut || (shape_.top_axis && !shape_.other)) return false;
  return std::ranges::all_of(shape_.measures, [&](const Measure* measure) {
    const bool sums = measure->kind == Measure::Kind::kSum || measure->kind == Measure::Kind::kCount;
    return sums && !measure->sum_type.is_floating && (!measure->closing || !resolved_.time_axis());
  });
}

/// Adds the measures of rows up, without their keys; what is null everywhere stays null.
Asker::Row Asker::added_up(const Table& rows) const {
  const size_t keys = resolved_.axes.size() + (shape_.other ? 1 : 0);
  Row totals(shape_.measures.size());
  for (size_t measure = 0; measure < totals.size(); ++measure) {
    int64_t whole = 0;
    long double sum = 0;
    bool any = false;
    bool is_whole = true;
    for (const auto& row : rows) {
      const engine::Cell cell = number(row[keys + measure]);
      if (const auto* integer = std::get_if<int64_t>(&cell)) {
        whole += *integer;
        any = true;
      } else if (const auto* real = std::get_if<double>(&cell)) {
        sum += *real;
        any = true;
        is_whole = false;
      }
    }
    const long double step = std::pow(10.0L, shape_.measures[measure]->sum_type.decimals);
    if (any)
      totals[measure] = is_whole ? engine::Cell{whole}
                                 : engine::Cell{static_cast<double>(
                                       std::round((sum + static_cast<long double>(whole)) * step) / step)};
  }
  return totals;
}

/// Asks for one row over all members; the rows that were read give it where they add up to it.
Result<Asker::Table> Asker::total_of(const Table& rows, const Shape& shape, bool before) {
  if (!rows.empty() && rows_add_up()) return Table{added_up(rows)};
  return before ? compared_rows(shape) : run(resolved_, shape);
}

Result<> Asker::read_totals() {
  Shape shape = shape_;
  shape.total = true;
  shape.limit = 0;
  // A total over periods of what closes a period is that of the last one.
  if (resolved_.time_axis() &&
      std::ranges::any_of(shape.measures, [](const Measure* m) { return m->closing; }))
    if (const auto day =
            state_.calendar.closing(resolved_.view->time->grain, shape.dates.from, shape.dates.to))
      shape.closing = {*day};
  RH_ASSIGN(const Table rows, total_of(rows_, shape, false));
  Table compared;
  if (compares_ && !resolved_.time_axis()) {
    RH_ASSIGN(compared, total_of(compared_, shape, true));
  }
  answer_.totals.assign(resolved_.axes.size(), engine::Cell{});
  size_t at = 0;
  for (const Measure* measure : resolved_.measures) {
    const bool known = !state_.unknown.contains(measure->name);
    answer_.totals.push_back(known && !rows.empty() ? number(rows[0][at]) : engine::Cell{});
    if (compares_) {
      const bool has = known && !compared.empty() &&
                       std::ranges::find(not_compared_, measure->name) == not_compared_.end();
      answer_.totals.push_back(has ? number(compared[0][at]) : engine::Cell{});
    }
    if (known) ++at;
  }
  return {};
}

void Asker::write_notes(size_t rows) {
  const Bounds& asked = resolved_.dates;
  if (const auto& time = resolved_.view->time;
      time && asked.from && start_of(*asked.from, time->grain) < *asked.from)
    answer_.notes.push_back(fmt::format(
        "The dates begin within a {0}; a {0} counts only from its first day on.", name_of(time->grain)));
  if (query_.limit > 0 && rows > static_cast<size_t>(query_.limit))
    answer_.notes.push_back(fmt::format("Only the first {} rows are shown.", query_.limit));
  if (only_before_ > 0)
    answer_.notes.push_back(
        fmt::format("{} had rows only in the period before: {} at the end.",
                    only_before_ == 1 ? "One member" : fmt::format("{} members", only_before_),
                    only_before_ == 1 ? "it stands" : "they stand"));
  if (answer_.bridge == "overlapping")
    answer_.notes.emplace_back(
        "A row counts whole for each of its members, so that the rows add up to more than the total.");
  if (answer_.bridge == "weighted")
    for (const Measure* measure : shape_.measures)
      if (measure->kind == Measure::Kind::kMedian || measure->kind == Measure::Kind::kCountDistinct)
        answer_.notes.push_back(fmt::format(
            "{} knows no weights: each row counts whole for each of its members.", measure->label));
  if (compares_ && !resolved_.time_axis() && not_compared_.size() == shape_.measures.size())
    answer_.notes.push_back(
        answer_.before_from.empty()
            ? "There is nothing to compare with: give both ends of the dates, or ask for the last period."
            : fmt::format("There is nothing to compare with: the data begins after {}.", answer_.before_to));
}

}  // namespace reelhouse::metric
