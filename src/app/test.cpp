#include <algorithm>
#include <chrono>
#include <iostream>
#include <thread>

#include "app/command.hpp"
#include "base/text.hpp"
#include "model/testing/check.hpp"
#include "model/testing/side_by_side.hpp"

namespace reelhouse::app {
namespace {

using model::ModelTest;
using model::TestOutcome;

/// Prints what became of each test as it ends (a table), or of all at the end (JSON, CSV).
class TestPrinter {
 public:
  TestPrinter(OutputFormat format, bool quiet)
      : format_(format), quiet_(quiet), colour_(standard_screen().colour) {
    rows_.columns = {{"model", "VARCHAR"}, {"test", "VARCHAR"},         {"result", "VARCHAR"},
                     {"where", "VARCHAR"}, {"seconds", "DOUBLE", true}, {"differences", "VARCHAR"}};
  }

  void print(const ModelTest& test, const TestOutcome& outcome) {
    if (format_ == OutputFormat::kTable) return print_lines(test, outcome);
    engine::Cell differences;
    if (!outcome.passed) differences = fmt::format("{}", fmt::join(outcome.differences, "\n"));
    rows_.rows.push_back({test.model, test.name, std::string(outcome.passed ? "passed" : "failed"),
                          test.where, outcome.seconds, differences});
  }
  void finish() const {
    if (format_ != OutputFormat::kTable) print_rows(rows_, format_);
  }

 private:
  void print_lines(const ModelTest& test, const TestOutcome& outcome) const {
    if (quiet_ && outcome.passed) return;
    std::cout << fmt::format("{}  {}: {}\n", verdict(outcome.passed), test.model, test.name);
    if (!outcome.passed) {
      std::cout << "      " << test.where << "\n";
      if (!test.description.empty()) std::cout << "      " << indented(test.description) << "\n";
    }
    for (const auto& difference : outcome.differences) std::cout << "      " << indented(difference) << "\n";
    std::cout.flush();
  }

  std::string verdict(bool passed) const {
    if (!colour_) return passed ? "pass" : "FAIL";
    return passed ? "\x1b[32mpass\x1b[0m" : "\x1b[31mFAIL\x1b[0m";
  }

  static std::string indented(std::string text) {
    while (text.ends_with('\n')) text.pop_back();
    for (size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 1))
      text.insert(at + 1, "      ");
    return text;
  }

  OutputFormat format_;
  bool quiet_;
  bool colour_;
  engine::Rows rows_;
};

/// Models that were bound, and the tests of those that are selected.
struct Tested {
  std::optional<model::Binding> binding;
  std::vector<ModelTest> tests;
  std::vector<std::string> bare;  ///< selected models that have no test
};

/// Binds everything; a mistake anywhere ends it, as it ends a run. The catalog is not asked: a test comes
/// out the same on every machine.
Result<> read_tests(const model::Project& project, const std::vector<std::string>& patterns, Tested& tested,
                    std::vector<Error>& problems) {
  auto tests = model::load_tests(project, problems);
  RH_ASSIGN(tested.binding,
            model::Binding::bind(project, model::undeclared_tables(project, tests), problems));
  RH_TRY(model::check_tests(*tested.binding, tests, problems));
  if (!problems.empty()) return {};
  const auto& graph = tested.binding->graph();
  RH_ASSIGN(const auto selected, model::select(graph, patterns));
  for (size_t i = 0; i < selected.size(); ++i) {
    const std::string& name = graph.nodes[i].model->name;
    if (selected[i] && std::ranges::find(tests, name, &ModelTest::model) == tests.end())
      tested.bare.push_back(name);
  }
  std::ranges::sort(tested.bare);
  for (auto& test : tests)
    if (selected[static_cast<size_t>(graph.find(test.model))]) tested.tests.push_back(std::move(test));
  return {};
}

/// Says how it went, and which models were not looked at.
void print_summary(const Tested& tested, size_t failed, double seconds) {
  const size_t all = tested.tests.size();
  if (failed == 0)
    std::cerr << fmt::format("{} passed in {:.1f} s\n", counted(all, "test"), seconds);
  else
    std::cerr << fmt::format("{} of {} failed in {:.1f} s\n", failed, counted(all, "test"), seconds);
  if (!tested.bare.empty())
    std::cerr << fmt::format("{} {} no test: {}\n", counted(tested.bare.size(), "model"),
                             tested.bare.size() == 1 ? "has" : "have", fmt::join(tested.bare, ", "));
}

/// A thread is worth its start from some tests on.
size_t workers_for(size_t tests) {
  constexpr size_t kWorthAThread = 4;
  return std::clamp<size_t>(tests / kWorthAThread, 1, std::max(1U, std::thread::hardware_concurrency()));
}

Result<int> test_models(const GlobalFlags& flags, const std::vector<std::string>& patterns) {
  RH_ASSIGN(const auto project, open_project(flags));
  const auto start = std::chrono::steady_clock::now();
  const auto models = project->models();
  Tested tested;
  std::vector<Error> problems = models->problems;
  RH_TRY(read_tests(models->project, patterns, tested, problems));
  if (!problems.empty()) {
    for (const auto& problem : problems) std::cerr << problem.to_string() << "\n";
    std::cerr << counted(problems.size(), "problem") << "; no test was run\n";
    return kWrongUsage;
  }
  TestPrinter printer(flags.output(), flags.quiet);
  size_t failed = 0;
  RH_TRY(model::run_tests(*tested.binding, tested.tests, workers_for(tested.tests.size()),
                          [&](const ModelTest& test, const TestOutcome& outcome) {
                            printer.print(test, outcome);
                            failed += outcome.passed ? 0 : 1;
                          }));
  printer.finish();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  if (!flags.quiet) print_summary(tested, failed, took.count());
  return failed == 0 ? kDone : kFailed;
}

}  // namespace

void add_test(CLI::App& app, const GlobalFlags& flags) {
  auto* command = app.add_subcommand("test", "Test the models by the given and expected rows beside them");
  auto models = std::make_shared<std::vector<std::string>>();
  command
      ->add_option("model,--select,-s", *models,
                   "Only these models: NAME, NAME+ (and what depends on it), +NAME (and what it depends on), "
                   "a folder")
      ->type_name("MODEL")
      ->delimiter(',');
  command->footer(
      "A model's tests are in <model>.tests.yml beside its SQL. Each builds the model from given rows, as a\n"
      "run does, and compares what comes out, the rejected rows and the repairs. Needs no lake and leaves\n"
      "store and state alone.\n\n"
      "Examples:\n"
      "  reelhouse test\n"
      "  reelhouse test stg_user\n"
      "  reelhouse test --select staging,fct_order+\n"
      "  reelhouse test --format json\n\n"
      "Exit codes: 0 all passed; 1 a test failed; 2 something is wrong with a test, or with the project.");
  on_run(*command, [&flags, models] { return test_models(flags, *models); });
}

}  // namespace reelhouse::app
