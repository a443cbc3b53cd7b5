#include "serve/dashboards.hpp"

#include <algorithm>
#include <set>

#include "base/files.hpp"
#include "base/near_miss.hpp"
#include "base/yaml.hpp"
#include "serve/yaml_json.hpp"

namespace reelhouse::serve {
namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

const PageWords kWords = page_words();

bool has(const Names& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

/// Reads a text that must be one of a few.
Result<> one_of(const Yaml& yaml, const Names& allowed, const std::string& what) {
  RH_ASSIGN(const std::string text, yaml.text());
  if (has(allowed, text)) return {};
  return fail(yaml.error(fmt::format("there is no {} '{}'", what, text),
                         did_you_mean(text, allowed, fmt::format("One of: {}", fmt::join(allowed, ", ")))));
}

Result<> all_of(const Yaml& yaml, const Names& allowed, const std::string& what) {
  for (const auto& item : yaml.items()) RH_TRY(one_of(item, allowed, what));
  return {};
}

Result<> in_range(const Yaml& yaml, long low, long high) {
  if (yaml.empty()) return {};
  RH_ASSIGN(const long number, yaml.integer_or(low));
  if (number >= low && number <= high) return {};
  return fail(yaml.error(fmt::format("{} is not between {} and {}", number, low, high)));
}

/// Checks the pages of one project against its metric views.
class PageCheck {
 public:
  explicit PageCheck(const metric::Definitions& definitions) {
    for (const auto& view : definitions.views) {
      for (const auto& measure : view.measures) views_[measure.name] = &view;
      for (const auto& dimension : view.dimensions) dimensions_.insert(dimension.name);
    }
  }

  Result<> page(const Yaml& yaml) {
    RH_TRY(yaml.only_keys(kWords.page_keys));
    RH_ASSIGN(const std::string name, yaml.at("page").text());
    const bool is_plain = !name.empty() && name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") ==
                                               std::string::npos;
    if (!is_plain)
      return fail(yaml.at("page").error(fmt::format("'{}' cannot be a page's address", name),
                                        "Use small letters, digits, '-' and '_'."));
    if (!pages_.insert(name).second)
      return fail(yaml.at("page").error(fmt::format("there are two pages '{}'", name)));
    RH_TRY(yaml.at("title").text());
    for (const auto& filter : yaml.at("filters").items()) RH_TRY(filter_name(filter));
    std::set<std::string> tiles;
    for (const auto& each : yaml.at("tiles").items()) {
      RH_TRY(tile(each));
      RH_ASSIGN(const std::string tile_name, each.at("name").text());
      if (!tiles.insert(tile_name).second)
        return fail(each.at("name").error(fmt::format("this page has two tiles '{}'", tile_name)));
    }
    return {};
  }

 private:
  Result<> filter_name(const Yaml& yaml) const {
    RH_ASSIGN(const std::string name, yaml.text());
    if (name == "date" || dimensions_.contains(name)) return {};
    Names known(dimensions_.begin(), dimensions_.end());
    known.push_back("date");
    return fail(yaml.error(fmt::format("no view has a dimension '{}'", name), did_you_mean(name, known)));
  }

  Result<const metric::View*> view_of(const Yaml& yaml) const {
    RH_ASSIGN(const std::string name, yaml.text());
    const auto found = views_.find(name);
    if (found != views_.end()) return found->second;
    Names known;
    for (const auto& [measure, view] : views_) known.push_back(measure);
    return fail(yaml.error(fmt::format("there is no measure '{}'", name), did_you_mean(name, known)));
  }

  /// Refuses a dimension that one of the views does not have; a grain's name stands for the dates.
  Result<> dimension_of(const Yaml& yaml, const std::vector<const metric::View*>& views,
                        const Names& extra = {}) const {
    RH_ASSIGN(const std::string name, yaml.text());
    if (has(extra, name)) return {};
    for (const auto* view : views) {
      Names known;
      for (const auto& dimension : view->dimensions) known.push_back(dimension.name);
      if (view->time) known.insert(known.end(), kWords.grains.begin(), kWords.grains.end());
      if (!has(known, name))
        return fail(yaml.error(fmt::format("the view '{}' has no dimension '{}'", view->name, name),
                               did_you_mean(name, known)));
    }
    return {};
  }

  Result<> fixed(const Yaml& list, const std::vector<const metric::View*>& views) const {
    for (const auto& filter : list.items()) {
      RH_TRY(filter.only_keys(kWords.filter_keys));
      RH_TRY(dimension_of(filter.at("dimension"), views, {"date"}));
    }
    return {};
  }

  Result<> kpi(const Yaml& yaml) const {
    RH_TRY(yaml.only_keys(kWords.kpi_keys));
    RH_ASSIGN(const auto* view, view_of(yaml.at("measure")));
    for (const char* key : {"last", "spark"})
      if (!yaml.at(key).empty()) RH_TRY(one_of(yaml.at(key), kWords.grains, "grain"));
    if (!yaml.at("compare").empty()) RH_TRY(one_of(yaml.at("compare"), kWords.comparisons, "comparison"));
    return fixed(yaml.at("fixed"), {view});
  }

  Result<> tile(const Yaml& yaml) const {
    RH_TRY(yaml.only_keys(kWords.tile_keys));
    RH_TRY(yaml.at("name").text());
    RH_TRY(one_of(yaml.at("chart"), kWords.charts(), "chart"));
    RH_ASSIGN(const std::string chart, yaml.at("chart").text());
    RH_TRY(in_range(yaml.at("width"), 1, 12));
    RH_TRY(in_range(yaml.at("height"), 40, 4000));
    RH_TRY(in_range(yaml.at("top"), 1, 10000));
    RH_TRY(in_range(yaml.at("limit"), 1, 100000));
    RH_TRY(all_of(yaml.at("grains"), kWords.grains, "grain"));
    RH_TRY(all_of(yaml.at("compare"), kWords.comparisons, "comparison"));
    if (!yaml.at("last").empty()) RH_TRY(one_of(yaml.at("last"), kWords.grains, "grain"));
    for (const char* key : {"other", "share", "overlapping"}) RH_TRY(yaml.at(key).flag_or(false));
    for (const auto& each : yaml.at("kpis").items()) RH_TRY(kpi(each));
    return measured(yaml, chart);
  }

  /// Checks what a tile shows, and by what.
  Result<> measured(const Yaml& yaml, const std::string& chart) const {
    std::vector<const metric::View*> views;
    Names names;
    for (const auto& measure : yaml.at("measures").items()) {
      RH_ASSIGN(const auto* view, view_of(measure));
      views.push_back(view);
      RH_ASSIGN(names.emplace_back(), measure.text());
    }
    if (has(kWords.measure_charts, chart) && views.empty())
      return fail(yaml.error(fmt::format("a tile with the chart '{}' needs measures", chart)));
    if (chart == "kpis" && yaml.at("kpis").empty())
      return fail(yaml.error("a tile with the chart 'kpis' needs kpis"));
    for (const auto& by : yaml.at("by").items()) {
      if (by.is_list())
        for (const auto& level : by.items()) {
          RH_TRY(dimension_of(level, views));
        }
      else
        RH_TRY(dimension_of(by, views));
      for (const auto& level : by.items()) {
        RH_ASSIGN(names.emplace_back(), level.text());
      }
    }
    if (!yaml.at("click").empty()) RH_TRY(dimension_of(yaml.at("click"), views, {"date"}));
    for (const auto& sort : yaml.at("sort").items()) {
      RH_TRY(sort.only_keys(kWords.sort_keys));
      RH_TRY(one_of(sort.at("by"), names, "measure or dimension of this tile named"));
    }
    return fixed(yaml.at("fixed"), views);
  }

  std::map<std::string, const metric::View*> views_;
  std::set<std::string> dimensions_;
  std::set<std::string> pages_;
};

Result<Json> load_page(const fs::path& file, PageCheck& check) {
  RH_ASSIGN(const std::string text, read_file(file));
  RH_ASSIGN(const Yaml yaml, Yaml::parse(text, file.string()));
  if (!yaml.is_map()) return fail(yaml.error("a page is keys and values: page, title, tiles"));
  RH_TRY(check.page(yaml));
  RH_ASSIGN(Json page, yaml_to_json(text, file.string()));
  if (yaml.at("tiles").empty()) page["tiles"] = Json::array();
  return page;
}

}  // namespace

PageWords page_words() {
  return {
      .page_keys = {"page", "title", "question", "description", "filters", "tiles"},
      .tile_keys = {"name",     "title", "about",  "chart",       "width", "height", "kpis",
                    "measures", "by",    "grains", "compare",     "top",   "other",  "share",
                    "click",    "fixed", "sort",   "overlapping", "limit", "last",   "text"},
      .kpi_keys = {"measure", "label", "last", "compare", "spark", "fixed"},
      .filter_keys = {"dimension", "in", "not_in", "from", "to", "search"},
      .sort_keys = {"by", "descending"},
      .measure_charts = {"columns", "lines", "bars", "dots", "map", "table", "heatmap", "share", "scatter"},
      .pipeline_charts = {"runs", "models", "checks", "quarantine", "repairs", "catalog", "workflows"},
      .other_charts = {"kpis", "text"},
      .grains = {"day", "week", "month", "quarter", "year"},
      .comparisons = {"none", "previous", "year"},
  };
}

std::vector<std::string> PageWords::charts() const {
  std::vector<std::string> all;
  for (const auto* kind : {&other_charts, &measure_charts, &pipeline_charts})
    all.insert(all.end(), kind->begin(), kind->end());
  return all;
}

Json load_dashboards(const fs::path& folder, const metric::Definitions& definitions,
                     std::vector<Error>& problems) {
  Json pages = Json::array();
  const auto files = yaml_files(folder, "listing the dashboards");
  if (!files) {
    problems.push_back(files.error());
    return pages;
  }
  PageCheck check(definitions);
  for (const auto& file : *files) {
    auto page = load_page(file, check);
    if (page)
      pages.push_back(std::move(*page));
    else
      problems.push_back(std::move(page).error());
  }
  return pages;
}

Result<Json> load_dashboards(const fs::path& folder, const metric::Definitions& definitions) {
  std::vector<Error> problems;
  Json pages = load_dashboards(folder, definitions, problems);
  if (!problems.empty()) return fail(problems.front());
  return pages;
}

}  // namespace reelhouse::serve
