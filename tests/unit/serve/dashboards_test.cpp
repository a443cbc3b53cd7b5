#include "serve/dashboards.hpp"

#include <gmock/gmock.h>

#include <fstream>

#include "matchers.hpp"
#include "serve/assets.hpp"
#include "serve/yaml_json.hpp"

namespace reelhouse::serve {
namespace {

namespace fs = std::filesystem;

class Dashboards : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "dashboards.XXXXXX";
    folder_ = ::mkdtemp(name.data());
    metric::View sales;
    sales.name = "sales";
    sales.time = metric::Time{};
    for (const char* dimension : {"shop", "country", "region"}) {
      sales.dimensions.emplace_back();
      sales.dimensions.back().name = dimension;
    }
    for (const char* measure : {"sold", "orders"}) {
      sales.measures.emplace_back();
      sales.measures.back().name = measure;
    }
    metric::View stock;
    stock.name = "stock";
    stock.dimensions.emplace_back();
    stock.dimensions.back().name = "shop";
    stock.measures.emplace_back();
    stock.measures.back().name = "held";
    definitions_.views = {sales, stock};
  }
  void TearDown() override { fs::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) { std::ofstream(folder_ / name) << text; }
  /// The error of a page that holds one tile.
  Error error_of(const std::string& tile) {
    write("page.yml", "page: p\ntitle: P\ntiles:\n  - name: t\n" + tile);
    const auto pages = load_dashboards(folder_, definitions_);
    return pages ? Error{} : pages.error();
  }

  fs::path folder_;
  metric::Definitions definitions_;
};

TEST_F(Dashboards, ReadsPagesInTheOrderOfTheirFiles) {
  write("20_b.yml", "page: b\ntitle: '12'\n");
  write(
      "10_a.yml",
      "page: a\ntitle: A\nfilters: [date, shop]\ntiles:\n"
      "  - {name: t, chart: columns, width: 7, measures: [sold, orders], by: [month, [region, country]],\n"
      "     grains: [month, year], compare: [none, previous], top: 10, other: true, click: country,\n"
      "     fixed: [{dimension: shop, in: [X, 7, null]}], sort: [{by: sold, descending: true}]}\n"
      "  - {name: k, chart: kpis, kpis: [{measure: held}, {measure: sold, last: month, compare: previous}]}\n"
      "  - {name: r, chart: runs}\n");
  write("notes.txt", "not a page");
  const Json pages = load_dashboards(folder_, definitions_).value();
  ASSERT_EQ(pages.size(), 2);
  EXPECT_EQ(pages[0]["page"], "a");
  EXPECT_EQ(pages[1]["title"], "12");
  EXPECT_EQ(pages[1]["tiles"], Json::array());
  const Json& tile = pages[0]["tiles"][0];
  EXPECT_EQ(tile["width"], 7);
  EXPECT_EQ(tile["other"], true);
  EXPECT_EQ(tile["by"].dump(), R"(["month",["region","country"]])");
  EXPECT_EQ(tile["fixed"][0]["in"].dump(), R"(["X",7,null])");
  EXPECT_EQ(load_dashboards(folder_ / "absent", definitions_).value().size(), 0);
}

TEST_F(Dashboards, NamesWhatIsWrongWithFileLineAndNearMiss) {
  struct Case {
    const char* tile;
    const char* line;
    const char* hint;
  };
  for (const auto& [tile, line, hint] : std::vector<Case>{
           {"    chart: colums\n    measures: [sold]\n", ":5", "columns"},
           {"    chart: columns\n    mesures: [sold]\n", ":6", "measures"},
           {"    chart: columns\n    measures: [solt]\n", ":6", "sold"},
           {"    chart: columns\n    measures: [sold]\n    by: [contry]\n", ":7", "country"},
           {"    chart: columns\n    measures: [sold]\n    by: [[region, contry]]\n", ":7", "country"},
           {"    chart: columns\n    measures: [sold]\n    click: shopp\n", ":7", "shop"},
           {"    chart: columns\n    measures: [sold]\n    grains: [mont]\n", ":7", "month"},
           {"    chart: columns\n    measures: [sold]\n    compare: [previos]\n", ":7", "previous"},
           {"    chart: columns\n    measures: [sold]\n    fixed: [{dimension: shap, in: [x]}]\n", ":7",
            "shop"},
           {"    chart: columns\n    measures: [sold]\n    sort: [{by: soldd}]\n", ":7", "sold"},
           {"    chart: kpis\n    kpis: [{measure: heldd}]\n", ":6", "held"},
       }) {
    const Error error = error_of(tile);
    EXPECT_EQ(error.kind, ErrorKind::kProject) << tile;
    EXPECT_THAT(error.where, testing::EndsWith(std::string("page.yml") + line)) << tile;
    EXPECT_THAT(error.hint, testing::HasSubstr(hint)) << tile;
  }
  for (const char* tile : {"    chart: columns\n", "    chart: kpis\n", "    chart: runs\n    width: 13\n",
                           "    chart: bars\n    measures: [held]\n    by: [month]\n",
                           "    chart: bars\n    measures: [sold, held]\n    by: [country]\n",
                           "    chart: runs\n    share: perhaps\n"})
    EXPECT_EQ(error_of(tile).kind, ErrorKind::kProject) << tile;
}

TEST_F(Dashboards, GathersTheProblemsOfAllPages) {
  write("1.yml", "page: a\ntitle: A\n");
  write("2.yml", "page: a\ntitle: A\n");
  write("3.yml", "page: c\ntitle: C\nfilters: [shopp]\n");
  write("4.yml", "page: [\n");
  write("5.yml", "page: Not An Address\ntitle: X\n");
  std::vector<Error> problems;
  EXPECT_EQ(load_dashboards(folder_, definitions_, problems).size(), 1);
  ASSERT_EQ(problems.size(), 4);
  EXPECT_THAT(problems[0].message, testing::HasSubstr("two pages"));
  EXPECT_THAT(problems[1].where, testing::EndsWith("3.yml:3"));
}

/// Finds a schema of the API's description.
Json schema(const std::string& name) {
  static const Json api = yaml_to_json(std::string(embedded_openapi()), "openapi.yaml").value();
  return api.at("components").at("schemas").at(name);
}

std::vector<std::string> properties_of(const std::string& name) {
  const Json properties = schema(name).at("properties");
  std::vector<std::string> names;
  for (const auto& [key, value] : properties.items()) names.push_back(key);
  return names;
}

TEST(PageWords, AreThoseOfTheApisDescription) {
  using testing::UnorderedElementsAreArray;
  const PageWords words = page_words();
  EXPECT_THAT(properties_of("Page"), UnorderedElementsAreArray(words.page_keys));
  EXPECT_THAT(properties_of("Tile"), UnorderedElementsAreArray(words.tile_keys));
  EXPECT_THAT(properties_of("Kpi"), UnorderedElementsAreArray(words.kpi_keys));
  EXPECT_THAT(properties_of("Filter"), UnorderedElementsAreArray(words.filter_keys));
  EXPECT_THAT(properties_of("Sort"), UnorderedElementsAreArray(words.sort_keys));
  EXPECT_EQ(schema("MeasureChart").at("enum"), Json(words.measure_charts));
  EXPECT_EQ(schema("PipelineChart").at("enum"), Json(words.pipeline_charts));
  EXPECT_EQ(schema("Grain").at("enum"), Json(words.grains));
  EXPECT_EQ(schema("Comparison").at("enum"), Json(words.comparisons));
  // A chart is one of these three lists, and of nothing else.
  const Json charts = schema("ChartKind").at("anyOf");
  ASSERT_EQ(charts.size(), 3);
  EXPECT_THAT(charts[0].at("$ref").get<std::string>(), testing::EndsWith("/MeasureChart"));
  EXPECT_THAT(charts[1].at("$ref").get<std::string>(), testing::EndsWith("/PipelineChart"));
  EXPECT_EQ(charts[2].at("enum"), Json(words.other_charts));
}

TEST_F(Dashboards, TakesEveryChartThatItNames) {
  for (const auto& chart : page_words().charts())
    EXPECT_EQ(
        error_of("    chart: " + chart + "\n    measures: [sold]\n    kpis: [{measure: sold}]\n").message, "")
        << chart;
}

TEST(YamlJson, KeepsTypes) {
  const Json json =
      yaml_to_json(
          "a: 1\nb: '1'\nc: 1.5\nd: true\ne: null\nf: ~\ng: \"true\"\nh: 2022-01-01\ni: [x, -3]\nj:\nk: 1e3\n"
          "l: .inf\nm: 007x\n",
          "x")
          .value();
  EXPECT_EQ(json.dump(),
            R"({"a":1,"b":"1","c":1.5,"d":true,"e":null,"f":null,"g":"true","h":"2022-01-01","i":["x",-3],)"
            R"("j":null,"k":1000.0,"l":".inf","m":"007x"})");
  EXPECT_THAT(yaml_to_json("a: [", "file.yml"), HasPlace(testing::StartsWith("file.yml:")));
}

}  // namespace
}  // namespace reelhouse::serve
