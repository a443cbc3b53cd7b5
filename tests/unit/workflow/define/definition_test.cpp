#include "workflow/define/definition.hpp"

#include <fstream>

#include "workflow/define/workflow_files.hpp"

namespace reelhouse::workflow {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;
using namespace std::chrono_literals;

/// Problems of one file "a.yml".
std::vector<std::string> problems_of(const std::string& content) {
  return WorkflowFiles().file("a.yml", content).problems();
}
/// Problems of one step "x" beside a crawl.
std::vector<std::string> problems_of_step(const std::string& step) {
  return problems_of("properties: {day: \"\"}\nsteps:\n  first: {crawl: all}\n  x: " + step + "\n");
}
/// Problems of one trigger.
std::vector<std::string> problems_of_trigger(const std::string& trigger) {
  return problems_of("triggers:\n  - " + trigger + "\nsteps: {crawl: {crawl: all}}\n");
}

constexpr const char* kWhole = R"(workflow: refresh
description: All of it.
properties: {day: "", limit: 5}
at_once: 2
when_busy: skip
steps_at_once: 3
timeout: 2h
keep: {runs: 20, days: 9}
triggers:
  - {schedule: "15 6 * * *", zone: Europe/Madrid, missed: all}
  - {schedule: "0 0 1 * *", name: monthly}
  - {objects: raw/visits, changes: [created, deleted], batch: {count: 10, wait: 30s}}
  - {after: other, when: ended, missed: skip}
  - {http: HOOK_SECRET}
steps:
  fetch: {fetch: [shop], timeout: 30m, retries: {times: 3, wait: 30s, factor: 1.5, longest: 10m}}
  crawl: {crawl: all, after: fetch}
  build: {build: [marts, +stg_order+], after: crawl}
  check: {check: all, after: build}
  publish: {publish: all, after: check}
  tables: {export: [dim_item], to: "exports/${day}/${run}", as: csv, after: publish}
  tell: {command: "echo $day", after: {any: [build, check], are: failed}}
  tidy: {command: rm -rf scratch, always: true, after: [tables]}
)";

TEST(LoadWorkflows, ReadsEverythingThatAFileCanSay) {
  WorkflowFiles files;
  files.file("one.yml", kWhole).file("other.yaml", "steps: {crawl: {crawl: all}}\n").file(".hidden.yml", "{");
  const auto workflows = files.file("notes.txt", "no workflow").load();
  ASSERT_THAT(workflows, SizeIs(2));
  EXPECT_EQ(workflows[0].name, "other");
  EXPECT_EQ(workflows[0].at_once, 1);
  EXPECT_EQ(workflows[0].keep_days, 90);
  const Workflow& refresh = workflows[1];
  EXPECT_EQ(refresh.name, "refresh");
  EXPECT_EQ(refresh.description, "All of it.");
  EXPECT_THAT(refresh.properties, ElementsAre(testing::Pair("day", ""), testing::Pair("limit", "5")));
  EXPECT_EQ(refresh.at_once, 2);
  EXPECT_TRUE(refresh.skip_when_busy);
  EXPECT_EQ(refresh.steps_at_once, 3);
  EXPECT_EQ(refresh.timeout, 2h);
  EXPECT_EQ(refresh.keep_runs, 20);
  EXPECT_EQ(refresh.keep_days, 9);
}

TEST(LoadWorkflows, ReadsTriggersWithTheirNames) {
  WorkflowFiles files;
  files.file("refresh.yml", kWhole).file("other.yml", "steps: {crawl: {crawl: all}}\n");
  const auto workflows = files.load();
  ASSERT_THAT(workflows, SizeIs(2));
  const auto& triggers = workflows[1].triggers;
  ASSERT_THAT(triggers, SizeIs(5));
  std::vector<std::string> names;
  for (const auto& trigger : triggers) names.push_back(trigger.name);
  EXPECT_THAT(names, ElementsAre("schedule", "monthly", "objects", "after", "http"));
  EXPECT_EQ(triggers[0].schedule->cron.text(), "15 6 * * *");
  EXPECT_EQ(triggers[0].schedule->zone, "Europe/Madrid");
  EXPECT_EQ(triggers[0].schedule->missed, Missed::kAll);
  EXPECT_EQ(triggers[1].schedule->missed, Missed::kLatest);
  EXPECT_EQ(triggers[1].schedule->zone, "UTC");
  EXPECT_EQ(triggers[2].objects->prefix, "raw/visits/");
  EXPECT_TRUE(triggers[2].objects->created);
  EXPECT_FALSE(triggers[2].objects->changed);
  EXPECT_TRUE(triggers[2].objects->deleted);
  EXPECT_EQ(triggers[2].objects->count, 10);
  EXPECT_EQ(triggers[2].objects->wait, 30s);
  EXPECT_EQ(triggers[3].after->workflow, "other");
  EXPECT_EQ(triggers[3].after->are, Condition::Are::kEnded);
  EXPECT_EQ(triggers[3].after->missed, Missed::kSkip);
  EXPECT_EQ(triggers[4].http->secret_variable, "HOOK_SECRET");
}

TEST(LoadWorkflows, ReadsStepsInTheFilesOrder) {
  WorkflowFiles files;
  files.file("refresh.yml", kWhole).file("other.yml", "steps: {crawl: {crawl: all}}\n");
  const auto workflows = files.load();
  ASSERT_THAT(workflows, SizeIs(2));
  const Workflow& refresh = workflows[1];
  ASSERT_THAT(refresh.steps, SizeIs(8));
  const StepDefinition& fetch = refresh.steps[0];
  EXPECT_EQ(fetch.kind, StepKind::kFetch);
  EXPECT_THAT(fetch.what, ElementsAre("shop"));
  EXPECT_EQ(fetch.timeout, 30min);
  EXPECT_EQ(fetch.retries.times, 3);
  EXPECT_EQ(fetch.retries.wait, 30s);
  EXPECT_EQ(fetch.retries.factor, 1.5);
  EXPECT_EQ(fetch.retries.longest, 10min);
  EXPECT_THAT(fetch.where, testing::EndsWith("refresh.yml:16"));
  EXPECT_THAT(refresh.step("crawl")->what, IsEmpty());
  EXPECT_THAT(refresh.step("crawl")->after.steps, ElementsAre("fetch"));
  EXPECT_THAT(refresh.step("build")->what, ElementsAre("marts", "+stg_order+"));
  EXPECT_EQ(refresh.step("tables")->to, "exports/${day}/${run}");
  EXPECT_EQ(refresh.step("tables")->as, "csv");
  const StepDefinition& tell = *refresh.step("tell");
  EXPECT_EQ(tell.command, "echo $day");
  EXPECT_EQ(tell.after.of, Condition::Of::kAny);
  EXPECT_EQ(tell.after.are, Condition::Are::kFailed);
  EXPECT_THAT(tell.after.steps, ElementsAre("build", "check"));
  EXPECT_TRUE(refresh.step("tidy")->always);
  EXPECT_EQ(refresh.step("tidy")->after.are, Condition::Are::kEnded);
  EXPECT_EQ(refresh.step("no such"), nullptr);
}

TEST(LoadWorkflows, AnAlwaysStepWithoutAfterWaitsForAllThatDoNotWaitForIt) {
  const auto workflows = WorkflowFiles()
                             .file("a.yml",
                                   "steps:\n  one: {command: a}\n  two: {command: b, after: one}\n"
                                   "  tidy: {command: c, always: true}\n  sweep: {command: c, always: true}\n"
                                   "  last: {command: d, after: tidy}\n")
                             .load();
  ASSERT_THAT(workflows, SizeIs(1));
  EXPECT_THAT(workflows[0].step("tidy")->after.steps, ElementsAre("one", "two"));
  EXPECT_THAT(workflows[0].step("sweep")->after.steps, ElementsAre("one", "two", "last"));
}

TEST(LoadWorkflows, NumbersTriggersThatHaveNoName) {
  const auto workflows = WorkflowFiles()
                             .file("a.yml",
                                   "triggers:\n  - {schedule: \"@daily\"}\n  - {schedule: \"@weekly\"}\n"
                                   "  - {schedule: \"@hourly\", name: schedule_2}\n"
                                   "steps: {crawl: {crawl: all}}\n")
                             .load();
  ASSERT_THAT(workflows, SizeIs(1));
  EXPECT_EQ(workflows[0].triggers[0].name, "schedule");
  EXPECT_EQ(workflows[0].triggers[1].name, "schedule_3");
}

TEST(LoadWorkflows, AProjectWithoutWorkflowsHasNone) {
  EXPECT_THAT(WorkflowFiles().load(), IsEmpty());
}

TEST(LoadWorkflows, TheDefaultWorkflowKeepsToTheRules) {
  const Workflow workflow = default_workflow();
  ASSERT_THAT(workflow.steps, SizeIs(4));
  EXPECT_THAT(workflow.steps[0].after.steps, IsEmpty());
  EXPECT_THAT(workflow.step("publish")->after.steps, ElementsAre("check"));
  const auto read =
      WorkflowFiles()
          .file("a.yml",
                "steps: {crawl: {crawl: all}, build: {build: all, after: crawl}, check: {check: "
                "all, after: build}, publish: {publish: all, after: check}}\n")
          .load();
  EXPECT_THAT(read, SizeIs(1));
}

// ---- damaged files

TEST(LoadWorkflows, RefusesFilesThatAreNoWorkflows) {
  std::vector<Workflow> good;
  WorkflowFiles files;
  files.file("damaged.yml", "steps: {crawl: {crawl: all}\n")
      .file("empty.yml", "# nothing\n")
      .file("list.yml", "- a\n- b\n")
      .file("two.yml", "steps: {}\n---\nsteps: {}\n")
      .file("my flow.yml", "steps: {crawl: {crawl: all}}\n")
      .file("good.yml", "steps: {crawl: {crawl: all}}\n")
      .file("no_steps.yml", "description: x\n")
      .file("none.yml", "steps: {}\n");
  std::filesystem::create_directories(files.path() / "workflows" / "folder.yml");
  const auto texts = files.problems(&good);
  EXPECT_THAT(texts, Contains(StartsWith("damaged.yml:2: reading YAML:")));
  EXPECT_THAT(texts, Contains(StartsWith("empty.yml:1: the file is empty | Write at least steps:")));
  EXPECT_THAT(texts,
              Contains(StartsWith("list.yml:1: expected keys and values (workflow, triggers, steps)")));
  EXPECT_THAT(texts, Contains(StartsWith("two.yml: reading YAML: it holds more than one document")));
  EXPECT_THAT(texts,
              Contains(StartsWith("my flow.yml:1: 'my flow' is no workflow name | The file's name is")));
  EXPECT_THAT(texts, Contains(StartsWith("no_steps.yml:1: a workflow needs steps")));
  EXPECT_THAT(texts, Contains(StartsWith("none.yml:1: a workflow needs steps")));
  EXPECT_THAT(texts, Contains(HasSubstr("folder.yml")));
  EXPECT_THAT(texts, SizeIs(8));
  ASSERT_THAT(good, SizeIs(1));
  EXPECT_EQ(good[0].name, "good");
}

TEST(LoadWorkflows, SaysThatACronNeedsQuotes) {
  const std::string quotes =
      "A value that begins with '*' has to stand in quotes: schedule: \"*/15 * * * *\".";
  for (const char* cron : {"* * * * *", "*/15 * * * *", "* 6 * * 1-5"}) {
    const auto block =
        problems_of(std::string("triggers:\n  - schedule: ") + cron + "\nsteps: {a: {crawl: all}}\n");
    ASSERT_THAT(block, SizeIs(1)) << cron;
    EXPECT_THAT(block[0], StartsWith("a.yml:2: reading YAML: ")) << cron;
    EXPECT_THAT(block[0], HasSubstr(quotes)) << cron;
    const auto flow = problems_of_trigger(std::string("{schedule: ") + cron + ", zone: UTC}");
    ASSERT_THAT(flow, SizeIs(1)) << cron;
    EXPECT_THAT(flow[0], HasSubstr(quotes)) << cron;
  }
  EXPECT_THAT(problems_of_trigger("{schedule: @daily}"), ElementsAre(HasSubstr("schedule: \"@daily\"")));
  EXPECT_THAT(problems_of_trigger("{schedule: 0 6,18 * * *}"),
              ElementsAre("a.yml:2: the value of schedule is torn apart at a comma | Put it in quotes: "
                          "schedule: \"0 6,18 * * *\"."));
  EXPECT_THAT(problems_of_step("{export: all, to: exports/${day}}"),
              ElementsAre(HasSubstr("has to stand in quotes: to: \"exports/${day}\"")));
}

TEST(LoadWorkflows, RefusesTwoWorkflowsOfOneName) {
  std::vector<Workflow> good;
  const auto texts = WorkflowFiles()
                         .file("a.yml", "workflow: b\nsteps: {c: {crawl: all}}\n")
                         .file("b.yml", "description: x\nsteps: {c: {crawl: all}}\n")
                         .problems(&good);
  EXPECT_THAT(texts, ElementsAre("b.yml:1: two workflows are named 'b' | The other one: a.yml:1."));
  EXPECT_THAT(good, SizeIs(1));
}

TEST(LoadWorkflows, GathersEveryProblemOfAFile) {
  const auto texts = problems_of(R"(descripton: x
at_once: 0
when_busy: wait
timeout: 2 hours
keep: {runs: many, day: 3}
properties: {run: 1, PATH: /bin, day: [a]}
triggers:
  - {schedul: "* * * * *"}
  - {objects: raw/shop/, after: b}
  - nothing
steps:
  1st: {crawl: all}
  a: {buld: all}
  b: {build: all, crawl: all}
  c: all
  d: {crawl: some, timeout: 30}
  d: {crawl: all}
)");
  EXPECT_THAT(
      texts,
      testing::UnorderedElementsAre(
          "a.yml:1: unknown key 'descripton' | Did you mean description?",
          "a.yml:2: expected a number from 1 to 1000, found 0", "a.yml:3: expected queue, skip, found 'wait'",
          "a.yml:4: '2 hours' is no duration | Write a whole number and its unit: 90s, 30m, 2h, 7d or 2w.",
          "a.yml:5: unknown key 'day' | Did you mean days?",
          "a.yml:6: the property 'run' is set by the run itself | Take another name; run and trigger are "
          "reserved.",
          "a.yml:6: 'PATH' is no property name | Use lower-case letters, digits and '_', a letter first.",
          "a.yml:6: expected one value here", "a.yml:8: unknown key 'schedul' | Did you mean schedule?",
          "a.yml:9: one trigger cannot be several: objects, after | Begin each with a '-' of its own; any of "
          "them "
          "starts a run.",
          "a.yml:10: expected a trigger here | Write for example - {schedule: \"15 6 * * *\", zone: UTC}.",
          "a.yml:12: '1st' is no step name | Use letters, digits, '_' and '-', at most 64, a letter first.",
          "a.yml:13: unknown key 'buld' | Did you mean build?",
          "a.yml:14: step 'b' does several things: crawl, build | Make a step of each, one after the other.",
          "a.yml:15: step 'c' does not say what it does | Write for example c: {crawl: all}.",
          "a.yml:16: crawl takes no selection | Write crawl: all.",
          "a.yml:16: '30' is no duration | Write a whole number and its unit: 90s, 30m, 2h, 7d or 2w.",
          "a.yml:17: the key 'd' comes twice"));
}

// ---- steps

TEST(LoadWorkflows, RefusesNamesThatTheProjectDoesNotHave) {
  EXPECT_THAT(problems_of_step("{crawl: all, after: frist}"),
              ElementsAre("a.yml:4: there is no step 'frist' | Did you mean first?"));
  EXPECT_THAT(problems_of_step("{crawl: all, after: [first, first]}"),
              ElementsAre("a.yml:4: 'first' is named twice | Name it once."));
  EXPECT_THAT(problems_of_step("{fetch: [shpo, shop]}"),
              ElementsAre("a.yml:4: there is no source 'shpo' | Did you mean shop?"));
  EXPECT_THAT(
      problems_of_step("{fetch: visits}"),
      ElementsAre("a.yml:4: source 'visits' does not say where it is fetched from | Add 'fetch:' with its "
                  "files to sources/visits.yml."));
  EXPECT_THAT(problems_of_step("{fetch: [shop, shop]}"), ElementsAre(HasSubstr("'shop' is named twice")));
  EXPECT_THAT(problems_of_step("{build: [+stg_ordr]}"),
              ElementsAre("a.yml:4: there is no model or folder 'stg_ordr' | Did you mean stg_order?"));
  EXPECT_THAT(problems_of_step("{export: [stg_order], to: out}"),
              ElementsAre(HasSubstr("there is no published table 'stg_order' | Did you mean fct_order?")));
  WorkflowFiles none;
  none.names().fetched.clear();
  EXPECT_THAT(none.file("a.yml", "steps: {x: {fetch: all}}\n").problems(),
              ElementsAre(HasSubstr("no source says where it is fetched from | Add 'fetch:'")));
}

TEST(LoadWorkflows, RefusesStepsThatSayTooLittleOrTooMuch) {
  EXPECT_THAT(problems_of_step("{}"),
              ElementsAre(HasSubstr("step 'x' does not say what it does | Give it one of")));
  EXPECT_THAT(problems_of_step("{build: []}"),
              ElementsAre(HasSubstr("build names nothing | Write build: all")));
  EXPECT_THAT(problems_of_step("{build: }"), ElementsAre(HasSubstr("build names nothing")));
  EXPECT_THAT(problems_of_step("{command: \"  \"}"),
              ElementsAre(HasSubstr("the command of step 'x' is empty")));
  EXPECT_THAT(problems_of_step("{command: [ls, -l]}"), ElementsAre(HasSubstr("expected one value here")));
  EXPECT_THAT(problems_of_step("{command: ls, to: out}"), ElementsAre(HasSubstr("unknown key 'to'")));
  EXPECT_THAT(problems_of_step("{export: all}"), ElementsAre(HasSubstr("does not say where it exports to")));
  EXPECT_THAT(problems_of_step("{export: all, to: out, as: parquett}"),
              ElementsAre(HasSubstr("expected parquet, csv, found 'parquett' | Did you mean parquet?")));
  EXPECT_THAT(problems_of_step("{crawl: all, after: []}"),
              ElementsAre(HasSubstr("step 'x' waits for no step")));
  EXPECT_THAT(problems_of_step("{crawl: all, after: {are: failed}}"),
              ElementsAre(HasSubstr("'after' names no steps")));
  EXPECT_THAT(problems_of_step("{crawl: all, after: {all: first, any: first}}"),
              ElementsAre(HasSubstr("'all' and 'any' contradict each other")));
  EXPECT_THAT(problems_of_step("{crawl: all, after: {all: [first], are: suceeded}}"),
              ElementsAre(HasSubstr("found 'suceeded' | Did you mean succeeded?")));
  EXPECT_THAT(problems_of_step("{command: ls, always: true, after: {any: [first], are: failed}}"),
              ElementsAre(HasSubstr("step 'x' runs always: 'any' and 'are' cannot limit it")));
  EXPECT_THAT(problems_of_step("{command: ls, always: true, after: {all: [first], are: ended}}"), IsEmpty());
}

TEST(LoadWorkflows, RefusesBadRetries) {
  EXPECT_THAT(problems_of_step("{crawl: all, retries: 3}"),
              ElementsAre(HasSubstr("retries: {times: 3, wait: 30s}")));
  EXPECT_THAT(problems_of_step("{crawl: all, retries: {wait: 3s}}"),
              ElementsAre(HasSubstr("'times' is missing")));
  EXPECT_THAT(problems_of_step("{crawl: all, retries: {times: -1}}"),
              ElementsAre(HasSubstr("from 0 to 100, found -1")));
  EXPECT_THAT(problems_of_step("{crawl: all, retries: {times: 1, factor: .nan}}"),
              ElementsAre(HasSubstr("from 1 to 100, found nan")));
  EXPECT_THAT(problems_of_step("{crawl: all, retries: {times: 1, wait: 1h, longest: 5m}}"),
              ElementsAre(HasSubstr("the longest wait is shorter than the first")));
  EXPECT_THAT(problems_of_step("{crawl: all, retries: {times: 1, wait: 1h}}"), IsEmpty());
  EXPECT_THAT(problems_of_step("{crawl: all, retries: {times: 1, wait: 0s}}"), IsEmpty());
}

TEST(LoadWorkflows, RefusesExportsToWhatTheProjectReadsOrKeeps) {
  for (const char* to : {"lake/raw", "lake/raw/shop/drop=2026-01-01", "store", "store/curated",
                         "warehouse/v1", "models", "models/marts", "sources", "workflows", ".reelhouse/x",
                         "exports/../models", "./lake/raw/", "lake/raw/${day}", "lake/${day}/../raw"})
    EXPECT_THAT(problems_of_step(fmt::format("{{export: all, to: \"{}\"}}", to)),
                ElementsAre(AllOf(StartsWith("a.yml:4: the export would write into"),
                                  HasSubstr("for example exports"))))
        << to;
  for (const char* to : {".", "lake", "..", "/"})
    EXPECT_THAT(problems_of_step(fmt::format("{{export: all, to: \"{}\"}}", to)),
                ElementsAre(HasSubstr("would write into the folder that holds")))
        << to;
  EXPECT_THAT(problems_of_step("{export: all, to: s3://bucket/x}"), ElementsAre(HasSubstr("is no folder")));
  EXPECT_THAT(problems_of_step("{export: all, to: \"\"}"),
              ElementsAre(HasSubstr("the export's folder is empty")));
  for (const char* to : {"exports", "exports/${day}", "${day}", "lake/exports", "storeroom",
                         "../elsewhere/raw", "${trigger.due}/x", "out/${version}", "/nowhere/exports"})
    EXPECT_THAT(problems_of_step(fmt::format("{{export: all, to: \"{}\"}}", to)), IsEmpty()) << to;
}

TEST(LoadWorkflows, RefusesExportsWhoseFirstPropertyLeadsToTheLake) {
  EXPECT_THAT(problems_of("properties: {place: lake/raw}\nsteps: {x: {export: all, to: \"${place}/x\"}}\n"),
              ElementsAre(HasSubstr("would write into the lake's raw/")));
}

TEST(LoadWorkflows, FollowsLinksOfAnExportsFolder) {
  WorkflowFiles files;
  std::filesystem::create_directories(files.path() / "lake/raw");
  std::filesystem::create_directory_symlink(files.path() / "lake/raw", files.path() / "out");
  EXPECT_THAT(files.file("a.yml", "steps: {x: {export: all, to: out/tables}}\n").problems(),
              ElementsAre(HasSubstr("would write into the lake's raw/")));
}

TEST(LoadWorkflows, RefusesPropertiesThatNobodyDeclares) {
  EXPECT_THAT(problems_of_step("{export: all, to: \"out/${dya}\"}"),
              ElementsAre("a.yml:4: nobody declares the property 'dya' | Did you mean day?"));
  EXPECT_THAT(problems_of_step("{export: all, to: \"out/${nothing}\"}"),
              ElementsAre(HasSubstr("| Declare it: properties: {nothing: \"\"}.")));
  for (const char* to : {"out/$day", "out/${day", "out/$"})
    EXPECT_THAT(problems_of_step(fmt::format("{{export: all, to: \"{}\"}}", to)),
                ElementsAre(HasSubstr("begins no property | Write a property as ${name}.")))
        << to;
}

TEST(WithProperties, PutsValuesIn) {
  EXPECT_EQ(with_properties("a/${x}-${y}${x}", {{"x", "1"}, {"y", "${x}"}}).value(), "a/1-${x}1");
  EXPECT_EQ(with_properties("", {}).value(), "");
}

// ---- triggers

TEST(LoadWorkflows, RefusesWrongTriggers) {
  EXPECT_THAT(problems_of_trigger("{}"),
              ElementsAre(HasSubstr("does not say what starts a run | Give it one of")));
  EXPECT_THAT(problems_of_trigger("{objects: raw/, missed: all}"),
              ElementsAre(HasSubstr("unknown key 'missed'")));
  EXPECT_THAT(problems_of_trigger("{schedule: \"@daily\", name: a b}"),
              ElementsAre(HasSubstr("'a b' is no trigger name")));
  EXPECT_THAT(problems_of_trigger("{schedule: \"@daily\", missed: lastest}"),
              ElementsAre(HasSubstr("Did you mean latest?")));
  EXPECT_THAT(problems_of_trigger("{schedule: [0, 6]}"), ElementsAre(HasSubstr("expected one value here")));
  EXPECT_THAT(problems_of("triggers: {schedule: \"@daily\"}\nsteps: {a: {crawl: all}}\n"),
              ElementsAre(HasSubstr("expected a list of triggers | Begin each with a '-'.")));
  EXPECT_THAT(problems_of("triggers:\n  - {schedule: \"@daily\", name: x}\n  - {http: SECRET, name: x}\n"
                          "steps: {a: {crawl: all}}\n"),
              ElementsAre("a.yml:3: two triggers are named 'x' | The other one: a.yml:2."));
  EXPECT_THAT(problems_of("triggers:\n  - {http: ONE}\n  - {http: TWO}\nsteps: {a: {crawl: all}}\n"),
              ElementsAre(HasSubstr("a.yml:3: a workflow has one address for webhooks")));
}

TEST(LoadWorkflows, RefusesSchedulesThatCannotBe) {
  for (const char* cron : {"30 2 30 2 *", "61 * * * *", "0 6 * *", "0 25 * * *", "", "every day"})
    EXPECT_THAT(problems_of_trigger(fmt::format("{{schedule: \"{}\"}}", cron)),
                ElementsAre(StartsWith("a.yml:2: ")))
        << cron;
  EXPECT_THAT(problems_of_trigger("{schedule: \"@daily\", zone: Europe/Madird}"),
              ElementsAre(AllOf(StartsWith("a.yml:2: "), HasSubstr("Europe/Madrid"))));
}

TEST(LoadWorkflows, RefusesPrefixesThatNothingIsSeenIn) {
  for (const char* prefix : {"/lake/raw/shop", "s3://bucket/raw", "raw/*.csv", "raw/../x", "shop", "rawshop/",
                             "raw/_hidden", "raw/.git/x", "raw//shop", "''"})
    EXPECT_THAT(problems_of_trigger(fmt::format("{{objects: \"{}\"}}", prefix)),
                ElementsAre(AllOf(StartsWith("a.yml:2: "), HasSubstr("Name a folder of the lake"))))
        << prefix;
  EXPECT_THAT(problems_of_trigger("{objects: raw/shpo/}"),
              ElementsAre(HasSubstr("no source declares the dataset 'shpo' | Did you mean raw/shop/?")));
  EXPECT_THAT(problems_of_trigger("{objects: raw/something_new/}"), IsEmpty());
  EXPECT_THAT(problems_of_trigger("{objects: raw}"), IsEmpty());
  EXPECT_THAT(problems_of_trigger("{objects: raw/shop/, changes: []}"),
              ElementsAre(HasSubstr("never fires")));
  EXPECT_THAT(problems_of_trigger("{objects: raw/shop/, changes: [creatd]}"),
              ElementsAre(HasSubstr("Did you mean created?")));
  EXPECT_THAT(problems_of_trigger("{objects: raw/shop/, batch: {}}"),
              ElementsAre(HasSubstr("neither 'count' nor 'wait'")));
  EXPECT_THAT(problems_of_trigger("{objects: raw/shop/, batch: {count: 0}}"),
              ElementsAre(HasSubstr("from 1 to")));
}

TEST(LoadWorkflows, NeverRepeatsWhatMayBeASecret) {
  for (const char* secret :
       {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "hunter2", "Two Words", "${HOOK_SECRET}", "A-B"}) {
    const auto texts = problems_of_trigger(fmt::format("{{http: \"{}\"}}", secret));
    ASSERT_THAT(texts, SizeIs(1)) << secret;
    EXPECT_THAT(texts[0], HasSubstr("takes the name of the environment variable"));
    EXPECT_THAT(texts[0], testing::Not(HasSubstr(secret)));
  }
}

}  // namespace
}  // namespace reelhouse::workflow
