#include "metric/query.hpp"

#include <algorithm>

#include "base/near_miss.hpp"

namespace reelhouse::metric {
namespace {

Result<> only_keys(const Json& json, const std::string& what, const std::vector<std::string>& allowed) {
  if (!json.is_object()) return fail(usage(fmt::format("{} has to be a JSON object", what)));
  for (const auto& [key, value] : json.items())
    if (std::ranges::find(allowed, key) == allowed.end())
      return fail(usage(fmt::format("'{}' is not a key of {}", key, what), did_you_mean(key, allowed)));
  return {};
}

Result<std::string> text_at(const Json& json, const std::string& key) {
  if (!json.contains(key) || !json[key].is_string())
    return fail(usage(fmt::format("'{}' has to be a text", key)));
  return json[key].get<std::string>();
}

Result<std::vector<std::string>> texts_at(const Json& json, const std::string& key, size_t most) {
  std::vector<std::string> texts;
  if (!json.contains(key) || json[key].is_null()) return texts;
  if (!json[key].is_array()) return fail(usage(fmt::format("'{}' has to be a list of names", key)));
  if (json[key].size() > most)
    return fail(
        usage(fmt::format("'{}' has {} names; at most {} are answered", key, json[key].size(), most)));
  for (const auto& item : json[key]) {
    if (!item.is_string()) return fail(usage(fmt::format("'{}' has to be a list of names", key)));
    texts.push_back(item.get<std::string>());
  }
  return texts;
}

Result<bool> flag_at(const Json& json, const std::string& key, bool otherwise) {
  if (!json.contains(key)) return otherwise;
  if (!json[key].is_boolean()) return fail(usage(fmt::format("'{}' has to be true or false", key)));
  return json[key].get<bool>();
}

Result<int> count_at(const Json& json, const std::string& key) {
  if (!json.contains(key)) return 0;
  if (!json[key].is_number_integer() || json[key].get<int64_t>() < 0 || json[key].get<int64_t>() > 1'000'000)
    return fail(usage(fmt::format("'{}' has to be a whole number from 0 to 1,000,000", key)));
  return json[key].get<int>();
}

Result<engine::Cell> cell_of(const Json& json, const std::string& dimension) {
  if (json.is_null()) return engine::Cell{};
  if (json.is_boolean()) return engine::Cell{json.get<bool>()};
  if (json.is_number_unsigned() && json.get<uint64_t>() > INT64_MAX)
    return fail(usage(fmt::format("a value of '{}' is too large", dimension)));
  if (json.is_number_integer()) return engine::Cell{json.get<int64_t>()};
  if (json.is_number()) return engine::Cell{json.get<double>()};
  if (!json.is_string())
    return fail(
        usage(fmt::format("a value of '{}' has to be a text, a number, true, false or null", dimension)));
  return engine::Cell{json.get<std::string>()};
}

Result<Filter> parse_filter(const Json& json) {
  RH_TRY(only_keys(json, "a filter", {"dimension", "in", "not_in", "from", "to", "search"}));
  Filter filter;
  RH_ASSIGN(filter.dimension, text_at(json, "dimension"));
  const bool range = json.contains("from") || json.contains("to");
  const int said = (json.contains("in") ? 1 : 0) + (json.contains("not_in") ? 1 : 0) + (range ? 1 : 0) +
                   (json.contains("search") ? 1 : 0);
  if (said != 1)
    return fail(usage(fmt::format("the filter on '{}' says {}", filter.dimension,
                                  said == 0 ? "nothing" : "several things at once"),
                      "Give one of in, not_in, search, or from and to; write several filters for several."));
  if (range) {
    filter.kind = Filter::Kind::kRange;
    RH_ASSIGN(filter.from, cell_of(json.value("from", Json()), filter.dimension));
    RH_ASSIGN(filter.to, cell_of(json.value("to", Json()), filter.dimension));
    return filter;
  }
  if (json.contains("search")) {
    filter.kind = Filter::Kind::kSearch;
    RH_ASSIGN(std::string text, text_at(json, "search"));
    filter.values.emplace_back(std::move(text));
    return filter;
  }
  const bool in = json.contains("in");
  filter.kind = in ? Filter::Kind::kIn : Filter::Kind::kNotIn;
  const Json& values = json[in ? "in" : "not_in"];
  if (!values.is_array())
    return fail(usage(
        fmt::format("'{}' of the filter on '{}' has to be a list", in ? "in" : "not_in", filter.dimension)));
  if (values.size() > kMostValues)
    return fail(usage(fmt::format("the filter on '{}' has {} values; at most {} are taken", filter.dimension,
                                  values.size(), kMostValues),
                      "Filter by a coarser dimension, or exclude the others with not_in."));
  for (const auto& value : values) {
    RH_ASSIGN(auto cell, cell_of(value, filter.dimension));
    filter.values.push_back(std::move(cell));
  }
  return filter;
}

Result<> parse_top(const Json& json, Query& query) {
  RH_TRY(only_keys(json, "top", {"count", "dimension", "other"}));
  Query::Top top;
  RH_ASSIGN(top.count, count_at(json, "count"));
  RH_ASSIGN(top.dimension, text_at(json, "dimension"));
  RH_ASSIGN(top.other, flag_at(json, "other", true));
  if (top.count > static_cast<int>(kMostValues))
    return fail(usage(fmt::format("a top holds at most {} members", kMostValues), "Use limit instead."));
  if (top.count > 0) query.top = std::move(top);
  return {};
}

}  // namespace

Result<Query> parse_query(const Json& json) {
  RH_TRY(only_keys(json, "a query",
                   {"measures", "dimensions", "filters", "compare", "last", "top", "sort", "limit", "totals",
                    "overlapping"}));
  Query query;
  RH_ASSIGN(query.measures, texts_at(json, "measures", 20));
  RH_ASSIGN(query.dimensions, texts_at(json, "dimensions", 6));
  if (json.contains("filters") && !json["filters"].is_null()) {
    if (!json["filters"].is_array()) return fail(usage("'filters' has to be a list"));
    if (json["filters"].size() > 50) return fail(usage("a query takes at most 50 filters"));
    for (const auto& item : json["filters"]) {
      RH_ASSIGN(auto filter, parse_filter(item));
      query.filters.push_back(std::move(filter));
    }
  }
  if (json.contains("compare") && !json["compare"].is_null()) {
    RH_ASSIGN(const std::string compare, text_at(json, "compare"));
    if (compare == "previous")
      query.compare = Query::Compare::kPrevious;
    else if (compare == "year")
      query.compare = Query::Compare::kYear;
    else if (compare != "none")
      return fail(usage(fmt::format("'{}' is nothing to compare with", compare), "Use previous or year."));
  }
  if (json.contains("last") && !json["last"].is_null()) {
    RH_ASSIGN(const std::string last, text_at(json, "last"));
    query.last = grain_named(last);
    if (!query.last)
      return fail(usage(fmt::format("'{}' is not a grain", last), "Use day, week, month, quarter or year."));
  }
  if (json.contains("top") && !json["top"].is_null()) RH_TRY(parse_top(json["top"], query));
  if (json.contains("sort") && !json["sort"].is_null()) {
    if (!json["sort"].is_array()) return fail(usage("'sort' has to be a list"));
    for (const auto& item : json["sort"]) {
      RH_TRY(only_keys(item, "sort", {"by", "descending"}));
      Query::Sort sort;
      RH_ASSIGN(sort.by, text_at(item, "by"));
      RH_ASSIGN(sort.descending, flag_at(item, "descending", false));
      query.sort.push_back(std::move(sort));
    }
  }
  RH_ASSIGN(query.limit, count_at(json, "limit"));
  RH_ASSIGN(query.totals, flag_at(json, "totals", false));
  RH_ASSIGN(query.overlapping, flag_at(json, "overlapping", false));
  return query;
}

}  // namespace reelhouse::metric
