#include "workflow/define/checks.hpp"

#include "workflow/define/workflow_files.hpp"

namespace reelhouse::workflow {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

std::vector<std::string> step_problems(const std::string& steps) {
  return WorkflowFiles().file("a.yml", "steps:\n" + steps).problems();
}

TEST(CheckSteps, RefusesACircleAndSaysItsPath) {
  EXPECT_THAT(
      step_problems("  a: {command: x, after: c}\n  b: {command: x, after: a}\n"
                    "  c: {command: x, after: [b, d]}\n  d: {command: x}\n"),
      ElementsAre("a.yml:2: steps wait for each other in a circle: a -> b -> c -> a | Take one of the "
                  "'after' out."));
  EXPECT_THAT(step_problems("  a: {command: x, after: {any: [a], are: ended}}\n"),
              ElementsAre(HasSubstr("in a circle: a -> a")));
  EXPECT_THAT(step_problems("  a: {command: x, always: true, after: b}\n  b: {command: x, after: a}\n"),
              ElementsAre(HasSubstr("in a circle: a -> b -> a")));
}

TEST(CheckSteps, RefusesAStepWhoseConditionContradictsItself) {
  EXPECT_THAT(
      step_problems("  a: {command: x}\n  b: {command: x, after: a}\n"
                    "  c: {command: x, after: {all: [a, b], are: failed}}\n"),
      ElementsAre("a.yml:4: step 'c' can never run: 'a' would have to have failed and to have succeeded | "
                  "Change what it waits for ('after'), or take it out."));
  EXPECT_THAT(step_problems("  a: {crawl: all}\n  c: {command: x, after: {all: [a], are: check_failed}}\n"),
              ElementsAre(AllOf(StartsWith("a.yml:3: step 'c' can never run: 'a' never ends so: a "
                                           "crawl step cannot have failed a check"))));
  EXPECT_THAT(step_problems("  a: {command: x}\n  c: {command: x, after: {any: [a], are: check_failed}}\n"),
              ElementsAre(HasSubstr("a command step cannot have failed a check")));
  // Over several steps: what runs after a failure and after what needed a success.
  EXPECT_THAT(
      step_problems("  a: {command: x}\n  b: {command: x, after: a}\n  c: {command: x, after: b}\n"
                    "  d: {command: x, after: {all: [a], are: failed}}\n  e: {command: x, after: [c, d]}\n"
                    "  f: {command: x, after: e}\n"),
      ElementsAre(StartsWith("a.yml:6: step 'e' can never run: 'a' would have to have")));
}

TEST(CheckSteps, RefusesAnyOnlyWhenNoWayIsLeft) {
  const std::string steps = "  a: {crawl: all}\n  b: {crawl: all, after: a}\n";
  EXPECT_THAT(step_problems(steps + "  c: {command: x, after: {any: [a, b], are: check_failed}}\n"),
              ElementsAre(HasSubstr("step 'c' can never run")));
  EXPECT_THAT(step_problems(steps + "  c: {command: x, after: {any: [a, b], are: failed}}\n"), IsEmpty());
  EXPECT_THAT(step_problems(steps + "  c: {command: x, after: {all: [a, b], are: ended}}\n"), IsEmpty());
  EXPECT_THAT(step_problems(steps + "  c: {command: x, after: {all: [b], are: failed}}\n"
                                    "  d: {command: x, after: {any: [b, c]}}\n"),
              IsEmpty());
}

constexpr const char* kBuild = "  build: {build: all}\n";
constexpr const char* kCheck = "  check: {check: all, after: build}\n";

TEST(CheckSteps, RefusesACheckOfWhatWasNotBuilt) {
  EXPECT_THAT(
      step_problems("  check: {check: all}\n"),
      ElementsAre("a.yml:2: step 'check' checks what was built, but no step of this workflow does build | "
                  "Add a build step and let this one wait for it."));
  EXPECT_THAT(
      step_problems(std::string(kBuild) + "  check: {check: all}\n"),
      ElementsAre("a.yml:3: step 'check' checks what was built, but it may start although 'build' did not "
                  "succeed | Let it wait: after: build."));
  EXPECT_THAT(step_problems("  check: {check: all, after: build}\n" + std::string(kBuild)), IsEmpty());
}

TEST(CheckSteps, RefusesAPublishOfWhatWasNotBuiltAndChecked) {
  const std::string both = std::string(kBuild) + kCheck;
  EXPECT_THAT(step_problems("  publish: {publish: all}\n"),
              ElementsAre(HasSubstr("no step of this workflow does check")));
  EXPECT_THAT(step_problems(std::string(kBuild) + "  publish: {publish: all, after: build}\n"),
              ElementsAre(HasSubstr("no step of this workflow does check")));
  for (const char* after : {"build", "{any: [build, check]}", "{all: [check], are: ended}",
                            "{all: [check], are: failed}", "{all: [check], are: check_failed}"})
    EXPECT_THAT(
        step_problems(both + "  publish: {publish: all, after: " + after + "}\n"),
        ElementsAre(HasSubstr("may start although 'check' did not succeed | Let it wait: after: check.")))
        << after;
  EXPECT_THAT(step_problems(both + "  publish: {publish: all, after: check, always: true}\n"), SizeIs(1));
  EXPECT_THAT(
      step_problems(both + "  wait: {command: x, after: check}\n  publish: {publish: all, after: wait}\n"),
      IsEmpty());
  EXPECT_THAT(step_problems(both + "  wait: {command: x, after: {all: [check], are: ended}}\n"
                                   "  publish: {publish: all, after: wait}\n"),
              ElementsAre(HasSubstr("may start although")));
}

TEST(CheckSteps, KnowsMoreOfAStepFromEveryOneThatWaitedForIt) {
  EXPECT_THAT(step_problems(std::string(kBuild) + kCheck +
                            "  log: {command: x, after: {all: [build], are: ended}}\n"
                            "  publish: {publish: all, after: [log, check]}\n"),
              IsEmpty());
}

TEST(CheckSteps, RefusesAPublishOfWhatIsBuiltAfterTheCheck) {
  EXPECT_THAT(
      step_problems(std::string(kBuild) + kCheck + "  more: {build: [marts], after: check}\n" +
                    "  publish: {publish: all, after: more}\n"),
      ElementsAre("a.yml:5: step 'publish' would publish what 'more' builds after the check | Let 'check' "
                  "wait for 'more'."));
}

TEST(CheckSteps, RefusesTwoPublishes) {
  EXPECT_THAT(
      step_problems(std::string(kBuild) + kCheck + "  one: {publish: all, after: check}\n" +
                    "  two: {publish: all, after: check}\n"),
      ElementsAre(
          "a.yml:5: the steps 'one' and 'two' both publish | Keep one: a run publishes one version."));
}

// ---- between workflows

std::string after(const std::string& other) {
  return "triggers:\n  - {after: " + other + "}\nsteps: {x: {command: x}}\n";
}

TEST(CheckLoops, RefusesWorkflowsThatStartEachOther) {
  std::vector<Workflow> good;
  const auto texts = WorkflowFiles()
                         .file("a.yml", after("c"))
                         .file("b.yml", after("a"))
                         .file("c.yml", after("b"))
                         .file("d.yml", after("c"))
                         .file("e.yml", after("d"))
                         .problems(&good);
  EXPECT_THAT(texts,
              ElementsAre("a.yml:2: workflows would start each other without end: c -> a -> b -> c | Take "
                          "one of the triggers out."));
  ASSERT_THAT(good, SizeIs(2));
  EXPECT_EQ(good[0].name, "d");
}

TEST(CheckLoops, RefusesAWorkflowAfterItselfOrAfterNone) {
  EXPECT_THAT(WorkflowFiles().file("a.yml", after("a")).problems(),
              ElementsAre(HasSubstr("a.yml:2: workflow 'a' would start itself again and again")));
  EXPECT_THAT(WorkflowFiles().file("refresh.yml", after("a")).file("a.yml", after("refersh")).problems(),
              ElementsAre(HasSubstr("a.yml:2: there is no workflow 'refersh' | Did you mean refresh?")));
  // Those that are wrong themselves are not unknown, and `reelhouse run` is always there.
  EXPECT_THAT(WorkflowFiles().file("a.yml", after("bad")).file("bad.yml", "steps: {}\n").problems(),
              SizeIs(1));
  EXPECT_THAT(WorkflowFiles().file("a.yml", after("default")).problems(), IsEmpty());
}

std::string watching(const std::string& prefix, const std::string& step) {
  return "triggers:\n  - {objects: " + prefix + "}\nsteps:\n  x: {" + step + "}\n";
}

TEST(CheckLoops, RefusesAFetchIntoWhatItsWorkflowWatches) {
  for (const char* prefix : {"raw/", "raw/shop", "raw/shop/drop=2026-01-01/"})
    EXPECT_THAT(WorkflowFiles().file("a.yml", watching(prefix, "fetch: [stock, shop]")).problems(),
                ElementsAre(AllOf(StartsWith("a.yml:4: step 'x' writes to raw/"),
                                  HasSubstr("which a trigger of the same workflow watches"))))
        << prefix;
  EXPECT_THAT(WorkflowFiles().file("a.yml", watching("raw/shop/", "fetch: all")).problems(),
              ElementsAre(HasSubstr("writes to raw/shop/")));
  EXPECT_THAT(WorkflowFiles().file("a.yml", watching("raw/stock/", "fetch: shop")).problems(), IsEmpty());
  EXPECT_THAT(
      WorkflowFiles()
          .file("a.yml", "triggers:\n  - {objects: raw/, changes: deleted}\nsteps: {x: {fetch: shop}}\n")
          .problems(),
      IsEmpty());
}

TEST(CheckLoops, RefusesAFetchThatStartsItselfOverOthers) {
  const auto texts = WorkflowFiles()
                         .file("get.yml", "triggers:\n  - {after: refresh}\nsteps: {x: {fetch: shop}}\n")
                         .file("refresh.yml", watching("raw/", "crawl: all"))
                         .problems();
  EXPECT_THAT(texts,
              ElementsAre(HasSubstr("workflows would start each other without end: refresh -> get (fetches "
                                    "raw/shop/) -> refresh")));
  EXPECT_THAT(WorkflowFiles()
                  .file("get.yml", "triggers:\n  - {schedule: \"@weekly\"}\nsteps: {x: {fetch: shop}}\n")
                  .file("refresh.yml", watching("raw/", "crawl: all"))
                  .problems(),
              IsEmpty());
}

}  // namespace
}  // namespace reelhouse::workflow
