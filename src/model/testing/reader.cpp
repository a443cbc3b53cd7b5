#include <algorithm>
#include <set>
#include <span>

#include "base/near_miss.hpp"
#include "model/testing/model_test.hpp"
#include "model/testing/rows_reader.hpp"

namespace reelhouse::model {
namespace {

namespace fs = std::filesystem;

constexpr const char* kRejectColumns[] = {"column", "reason", "value", "object", "line"};
constexpr const char* kLostColumns[] = {"column", "value", "object", "line"};
constexpr const char* kRepairColumns[] = {"kind", "column", "was", "now", "object", "line"};

/// Inputs that hold what was delivered have no empty texts: the lake's reader makes nulls of them.
bool blank_is_null(const std::string& table) {
  return table.starts_with("raw.") || table.starts_with("seed.");
}

/// Reads the tests of one model.
class TestsReader {
 public:
  TestsReader(const Model& model, std::vector<ModelTest>& tests, std::vector<Error>& problems)
      : model_(model), tests_(tests), problems_(problems) {}

  void read(const fs::path& file) {
    const auto yaml = Yaml::load(file);
    if (!yaml) return report(yaml.error());
    if (auto known = yaml->only_keys({"defaults", "tests"}); !known) return report(known.error());
    if (auto defaults = read_defaults(yaml->at("defaults")); !defaults) return report(defaults.error());
    const Yaml tests = yaml->at("tests");
    if (!tests.is_list()) return report(tests.error("expected a list of tests under 'tests'"));
    std::set<std::string> names;
    for (const auto& item : tests.items()) {
      auto test = read_test(item);
      if (!test)
        report(test.error());
      else if (!names.insert(test->name).second)
        report(item.error(fmt::format("a test '{}' of {} stands above already", test->name, model_.name),
                          "Rename or remove one."));
      else
        tests_.push_back(std::move(*test));
    }
  }

 private:
  void report(const Error& error) { problems_.push_back(error); }

  Result<> read_defaults(const Yaml& yaml) {
    if (yaml.empty()) return {};
    if (!yaml.is_map()) return fail(yaml.error("expected tables, each with its columns' values"));
    RH_TRY(yaml.only_keys(yaml.keys()));
    for (const auto& table : yaml.keys()) {
      RowsForm form{{}, blank_is_null(table)};
      RH_ASSIGN(form.defaults, read_test_values(yaml.at(table), form.blank_is_null));
      forms_[table] = std::move(form);
    }
    return {};
  }

  Result<ModelTest> read_test(const Yaml& yaml) {
    if (!yaml.is_map()) return fail(yaml.error("expected a test here", "It begins with '- name: ...'."));
    RH_TRY(
        yaml.only_keys({"name", "description", "given", "expect", "ordered", "rejects", "repairs", "lost"}));
    ModelTest test;
    test.model = model_.name;
    test.where = yaml.where();
    if (yaml.at("name").empty()) return fail(yaml.error("the test has no name", "Say name: ..."));
    RH_ASSIGN(test.name, yaml.at("name").text());
    RH_ASSIGN(test.description, yaml.at("description").text_or(""));
    RH_ASSIGN(test.ordered, yaml.at("ordered").flag_or(false));
    RH_TRY(read_given(yaml.at("given"), test));
    const bool has_expect = has(yaml, "expect");
    const bool has_repairs = has(yaml, "repairs");
    if (!has_expect && !has_repairs && !has(yaml, "rejects") && !has(yaml, "lost"))
      return fail(yaml.error(fmt::format("the test '{}' expects nothing", test.name),
                             "Say which rows come out: expect, rejects, repairs or lost."));
    if (test.ordered && !has_expect)
      return fail(yaml.at("ordered").error("'ordered' speaks of expect, which is missing"));
    if (has_expect) {
      RH_ASSIGN(test.expect, read_expected(yaml.at("expect")));
    }
    RH_ASSIGN(test.rejects, read_verdicts(yaml.at("rejects"), kRejectColumns));
    if (has_repairs) {
      RH_ASSIGN(test.repairs, read_verdicts(yaml.at("repairs"), kRepairColumns));
    }
    if (has(yaml, "lost")) {
      RH_ASSIGN(test.lost, read_verdicts(yaml.at("lost"), kLostColumns));
    }
    return test;
  }

  static bool has(const Yaml& yaml, const std::string& key) {
    const auto keys = yaml.keys();
    return std::ranges::find(keys, key) != keys.end();
  }

  Result<> read_given(const Yaml& yaml, ModelTest& test) {
    if (yaml.empty()) return {};
    if (!yaml.is_map()) return fail(yaml.error("expected tables, each with its rows"));
    RH_TRY(yaml.only_keys(yaml.keys()));
    for (const auto& table : yaml.keys()) {
      RowsForm form{{}, blank_is_null(table)};
      if (const auto known = forms_.find(table); known != forms_.end()) form = known->second;
      RH_ASSIGN(auto rows, read_test_rows(yaml.at(table), form));
      rows.where = yaml.at(table).where();
      test.given.emplace_back(table, std::move(rows));
    }
    return {};
  }

  static Result<TestRows> read_expected(const Yaml& yaml) {
    RH_ASSIGN(auto rows, read_test_rows(yaml, {}));
    if (rows.columns.empty() && !rows.rows.empty())
      return fail(ErrorKind::kProject, "the expected rows name no column", "Name those that are compared.",
                  rows.rows.front().where);
    return rows;
  }

  /// Reads rows of the quarantine, of repairs or of lost values, whose columns are always the same.
  static Result<TestRows> read_verdicts(const Yaml& yaml, std::span<const char* const> columns) {
    RH_ASSIGN(auto rows, read_expected(yaml));
    const std::vector<std::string> known(columns.begin(), columns.end());
    for (const auto& column : rows.columns)
      if (std::ranges::find(known, column) == known.end())
        return fail(ErrorKind::kProject, fmt::format("unknown key '{}'", column),
                    did_you_mean(column, known, fmt::format("Known keys: {}.", fmt::join(known, ", "))),
                    rows.rows.empty() ? rows.where : rows.rows.front().where);
    return rows;
  }

  const Model& model_;
  std::vector<ModelTest>& tests_;
  std::vector<Error>& problems_;
  std::map<std::string, RowsForm> forms_;  ///< by table
};

/// Lists the files of tests below a folder, sorted.
std::vector<fs::path> test_files(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code code;
  for (fs::recursive_directory_iterator it(folder, code), end; !code && it != end; it.increment(code)) {
    const std::string name = it->path().filename().string();
    if (it->is_regular_file() && name.ends_with(kTestsSuffix) && !name.starts_with("."))
      files.push_back(it->path());
  }
  std::ranges::sort(files);
  return files;
}

}  // namespace

const TestRows* ModelTest::given_for(const std::string& table) const {
  for (const auto& [each, rows] : given)
    if (each == table) return &rows;
  return nullptr;
}

std::vector<ModelTest> load_tests(const Project& project, std::vector<Error>& problems) {
  std::vector<ModelTest> tests;
  std::vector<std::string> names;
  for (const auto& model : project.models) names.push_back(model.name);
  for (const auto& file : test_files(project.root / "models")) {
    const std::string name = file.filename().string();
    const std::string stem = name.substr(0, name.size() - kTestsSuffix.size());
    const Model* model = project.find(stem);
    if (model != nullptr && model->file.parent_path() == file.parent_path())
      TestsReader(*model, tests, problems).read(file);
    else if (!project.is_broken(stem))
      problems.push_back(
          {ErrorKind::kProject, fmt::format("there is no model '{}' beside its tests", stem),
           model != nullptr ? fmt::format("Put the file beside {}.", model->file.string())
                            : did_you_mean(stem, names, "Tests are called as the model: <model>.tests.yml."),
           file.string()});
  }
  std::ranges::stable_sort(tests, {}, &ModelTest::model);
  return tests;
}

}  // namespace reelhouse::model
