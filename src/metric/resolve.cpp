#include <algorithm>
#include <charconv>

#include "base/near_miss.hpp"
#include "metric/compiler.hpp"

namespace reelhouse::metric {
namespace {

std::vector<std::string> axis_names(const View& view) {
  std::vector<std::string> names;
  for (const auto& dimension : view.dimensions) names.push_back(dimension.name);
  if (view.time)
    for (int grain = static_cast<int>(view.time->grain); grain <= static_cast<int>(Grain::kYear); ++grain)
      names.emplace_back(name_of(static_cast<Grain>(grain)));
  return names;
}

Result<Axis> find_axis(const View& view, const std::string& name) {
  if (const Dimension* dimension = view.dimension(name)) return Axis{name, dimension, Grain::kMonth};
  const auto grain = name == "date" && view.time ? view.time->grain : grain_named(name);
  if (grain) {
    if (!view.time)
      return fail(usage(fmt::format("{} has no dates, so that there is no '{}'", view.label, name)));
    if (*grain < view.time->grain || (*grain > Grain::kWeek && view.time->grain == Grain::kWeek))
      return fail(usage(fmt::format("the dates of {} are {}s; they cannot be told by {}", view.name,
                                    name_of(view.time->grain), name)));
    return Axis{name_of(*grain), nullptr, *grain};
  }
  const auto known = axis_names(view);
  return fail(usage(fmt::format("there is no dimension '{}' in {}", name, view.name),
                    did_you_mean(name, known, fmt::format("It has {}.", fmt::join(known, ", ")))));
}

/// Gives a value the type of its dimension.
Result<engine::Cell> typed(const Dimension& dimension, const engine::Cell& cell) {
  if (std::holds_alternative<std::monostate>(cell)) return cell;
  const auto wrong = [&](const std::string& wanted) {
    return fail(usage(fmt::format("'{}' is filtered by {}", dimension.name, wanted)));
  };
  const auto* text = std::get_if<std::string>(&cell);
  if (dimension.type == "text") {
    if (text == nullptr) return wrong("texts, or null");
    if (text->find('\0') != std::string::npos) return wrong("texts without a zero byte");
    return cell;
  }
  if (dimension.type == "flag") {
    if (std::holds_alternative<bool>(cell)) return cell;
    if (text != nullptr && (*text == "true" || *text == "false")) return engine::Cell{*text == "true"};
    return wrong("true or false");
  }
  if (std::holds_alternative<int64_t>(cell) || std::holds_alternative<double>(cell)) return cell;
  if (text != nullptr) {
    double value = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (error == std::errc() && end == text->data() + text->size()) return engine::Cell{value};
  }
  return wrong("numbers, or null");
}

Result<std::optional<Span>> span_of_cell(const engine::Cell& cell) {
  if (std::holds_alternative<std::monostate>(cell)) return std::optional<Span>();
  if (const auto* text = std::get_if<std::string>(&cell)) {
    RH_ASSIGN(const Span span, parse_span(*text));
    return std::optional<Span>(span);
  }
  if (const auto* year = std::get_if<int64_t>(&cell)) {
    RH_ASSIGN(const Span span, parse_span(std::to_string(*year)));
    return std::optional<Span>(span);
  }
  return fail(usage("dates are filtered by texts: 2022, 2022-03, 2022-03-31"));
}

Result<> limit_dates(const View& view, const Filter& filter, Bounds& dates) {
  if (!view.time) return fail(usage(fmt::format("{} has no dates to filter by", view.label)));
  engine::Cell from = filter.from;
  engine::Cell to = filter.to;
  const bool one = filter.kind == Filter::Kind::kIn && filter.values.size() == 1 &&
                   !std::holds_alternative<std::monostate>(filter.values.front());
  if (one)
    from = to = filter.values.front();
  else if (filter.kind != Filter::Kind::kRange)
    return fail(usage("dates are filtered by a range", "Give from and to: date from 2022-01 to 2022-12."));
  RH_ASSIGN(const auto first, span_of_cell(from));
  RH_ASSIGN(const auto last, span_of_cell(to));
  if (first && last && first->first > last->last)
    return fail(usage(fmt::format("the dates end on {}, before they begin on {}", text_of(last->last),
                                  text_of(first->first)),
                      "Exchange from and to."));
  if (first && (!dates.from || first->first > *dates.from)) dates.from = first->first;
  if (last && (!dates.to || last->last < *dates.to)) dates.to = last->last;
  return {};
}

Result<Condition> find_condition(const View& view, const Filter& filter) {
  RH_ASSIGN(const Axis axis, find_axis(view, filter.dimension));
  Condition condition{axis.dimension, filter};
  if (filter.values.size() > kMostValues)
    return fail(usage(fmt::format("the filter on '{}' has {} values; at most {} are taken", filter.dimension,
                                  filter.values.size(), kMostValues),
                      "Filter by a coarser dimension, or exclude the others."));
  if (filter.kind == Filter::Kind::kSearch) {
    for (const auto& value : condition.filter.values)
      if (const auto* text = std::get_if<std::string>(&value);
          text == nullptr || text->find('\0') != std::string::npos)
        return fail(usage(fmt::format("'{}' is searched by a text", filter.dimension)));
    return condition;
  }
  for (auto& value : condition.filter.values) {
    RH_ASSIGN(value, typed(*axis.dimension, value));
  }
  RH_ASSIGN(condition.filter.from, typed(*axis.dimension, filter.from));
  RH_ASSIGN(condition.filter.to, typed(*axis.dimension, filter.to));
  return condition;
}

}  // namespace

std::optional<size_t> Resolved::time_axis() const {
  for (size_t i = 0; i < axes.size(); ++i)
    if (axes[i].dimension == nullptr) return i;
  return std::nullopt;
}

bool Resolved::uses_bridge() const {
  return std::ranges::any_of(
      axes, [](const Axis& axis) { return axis.dimension != nullptr && !axis.dimension->bridge.empty(); });
}

Result<Resolved> resolve(const Definitions& definitions, const Query& query) {
  Resolved resolved;
  if (query.measures.empty()) return fail(usage("a query needs at least one measure"));
  for (const auto& name : query.measures) {
    const View* view = definitions.view_of(name);
    if (view == nullptr) {
      const auto known = definitions.measure_names();
      return fail(usage(fmt::format("there is no measure '{}'", name),
                        did_you_mean(name, known, fmt::format("There are {}.", fmt::join(known, ", ")))));
    }
    if (resolved.view == nullptr) resolved.view = view;
    if (resolved.view != view)
      return fail(usage(fmt::format("'{}' is measured on {} and '{}' on {}", query.measures.front(),
                                    resolved.view->name, name, view->name),
                        "Ask for measures of one view at a time: joining two would count rows twice."));
    if (std::ranges::find(resolved.measures, view->measure(name)) == resolved.measures.end())
      resolved.measures.push_back(view->measure(name));
  }
  for (const auto& name : query.dimensions) {
    RH_ASSIGN(const Axis axis, find_axis(*resolved.view, name));
    const bool twice = std::ranges::any_of(
        resolved.axes, [&](const Axis& other) { return other.dimension == axis.dimension; });
    if (twice) return fail(usage(fmt::format("'{}' is asked for twice", name)));
    resolved.axes.push_back(axis);
  }
  for (const auto& filter : query.filters) {
    if (filter.dimension == "date" || grain_named(filter.dimension)) {
      RH_TRY(limit_dates(*resolved.view, filter, resolved.dates));
      continue;
    }
    RH_ASSIGN(auto condition, find_condition(*resolved.view, filter));
    resolved.conditions.push_back(std::move(condition));
  }
  if (query.top) {
    RH_ASSIGN(const Axis axis, find_axis(*resolved.view, query.top->dimension));
    const bool asked = std::ranges::any_of(
        resolved.axes, [&](const Axis& other) { return other.dimension == axis.dimension; });
    if (!asked || axis.dimension == nullptr)
      return fail(usage(fmt::format("the top is taken of '{}', which is not among the query's dimensions",
                                    query.top->dimension)));
  }
  for (const auto& sort : query.sort) {
    const bool axis = std::ranges::find(resolved.axes, sort.by, &Axis::name) != resolved.axes.end();
    const bool measure =
        std::ranges::any_of(resolved.measures, [&](const Measure* m) { return m->name == sort.by; });
    if (!axis && !measure)
      return fail(usage(fmt::format("'{}' cannot be sorted by: it is not in the query", sort.by)));
  }
  if ((query.compare != Query::Compare::kNone || query.last) && !resolved.view->time)
    return fail(usage(fmt::format("{} has no dates to compare", resolved.view->label)));
  if (query.last && *query.last < resolved.view->time->grain)
    return fail(usage(
        fmt::format("the dates of {} are {}s", resolved.view->name, name_of(resolved.view->time->grain))));
  return resolved;
}

}  // namespace reelhouse::metric
