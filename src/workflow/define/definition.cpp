#include "workflow/define/definition.hpp"

#include <algorithm>
#include <cctype>
#include <set>

#include "base/files.hpp"
#include "base/near_miss.hpp"
#include "workflow/define/checks.hpp"
#include "workflow/define/reader.hpp"

namespace reelhouse::workflow {
namespace {

namespace fs = std::filesystem;

constexpr int kMostRuns = 1000;
constexpr int kMostSteps = 64;
constexpr int kMostKept = 1000000;
constexpr int kMostDays = 36500;

/// A file whose YAML could be read, and the name of its workflow.
struct File {
  Yaml yaml;
  std::string name;
};

/// Returns the line that an error names, to say what is wrong there in particular.
std::string line_of(const fs::path& file, const std::string& where) {
  const auto text = read_file(file);
  const size_t colon = where.rfind(':');
  if (!text || colon == std::string::npos) return "";
  const int line = std::atoi(where.c_str() + colon + 1);
  size_t begin = 0;
  for (int i = 1; i < line && begin != std::string::npos; ++i) {
    begin = text->find('\n', begin);
    if (begin != std::string::npos) ++begin;
  }
  if (begin == std::string::npos) return "";
  return text->substr(begin, text->find('\n', begin) - begin);
}

/// Says in words of workflows what YAML makes of an unquoted cron or property.
Error explained(Error error, const fs::path& file) {
  if (error.kind != ErrorKind::kProject) return error;
  const std::string line = line_of(file, error.where);
  if (error.message.find("alias") != std::string::npos || error.message.find("anchor") != std::string::npos)
    error.hint = "A value that begins with '*' has to stand in quotes: schedule: \"*/15 * * * *\".";
  else if (line.find("schedule") != std::string::npos && line.find('@') != std::string::npos)
    error.hint = "A value that begins with '@' has to stand in quotes: schedule: \"@daily\".";
  else if (line.find("${") != std::string::npos)
    error.hint = "Inside {...} a value that holds '{' has to stand in quotes: to: \"exports/${day}\".";
  return error;
}

std::optional<File> open_file(const fs::path& path, Taker& taker) {
  auto yaml = Yaml::load(path);
  if (!yaml) {
    taker.refuse(explained(yaml.error(), path));
    return std::nullopt;
  }
  if (!yaml->is_map()) {
    taker.refuse(
        {ErrorKind::kProject,
         yaml->empty() ? "the file is empty" : "expected keys and values (workflow, triggers, steps)",
         "Write at least steps: {crawl: {crawl: all}}; the shipped workflows are examples.",
         path.string() + ":1"});
    return std::nullopt;
  }
  const Yaml name = yaml->at("workflow");
  const std::string stem = path.stem().string();
  File file{*yaml, name.is_scalar() ? name.text().value_or(stem) : stem};
  if (!is_plain_name(file.name)) {
    Error error =
        (name.empty() ? *yaml : name).error(fmt::format("'{}' is no workflow name", file.name), kPlainNames);
    if (name.empty())
      error.hint = "The file's name is the workflow's when it has no 'workflow:'. " + error.hint;
    taker.refuse(std::move(error));
  }
  return file;
}

/// Property names are variables of commands too: lower case keeps PATH and its like out of reach.
bool is_property_name(const std::string& name) {
  const auto fits = [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  constexpr size_t kLongest = 64;
  return !name.empty() && name.size() <= kLongest && std::ranges::all_of(name, fits) &&
         std::isdigit(static_cast<unsigned char>(name[0])) == 0;
}

std::map<std::string, std::string> read_properties(const Yaml& yaml, Taker& taker) {
  std::map<std::string, std::string> properties;
  if (yaml.empty()) return properties;
  if (!yaml.is_map()) {
    taker.refuse(yaml.error("expected properties as 'name: first value'",
                            "Write for example properties: {day: \"\"}."));
    return properties;
  }
  taker.keys(yaml, yaml.keys());
  for (const auto& name : yaml.keys()) {
    const Yaml value = yaml.at(name);
    if (name == "run" || name == "trigger" || name.starts_with("trigger.") || name.starts_with("trigger_"))
      taker.refuse(value.error(fmt::format("the property '{}' is set by the run itself", name),
                               "Take another name; run and trigger are reserved."));
    else if (!is_property_name(name))
      taker.refuse(value.error(fmt::format("'{}' is no property name", name),
                               "Use lower-case letters, digits and '_', a letter first."));
    properties[name] = value.empty() ? "" : taker.text(value);
  }
  return properties;
}

Workflow read_workflow(const File& file, const ReadContext& context, Taker& taker) {
  const Yaml& yaml = file.yaml;
  Workflow workflow;
  workflow.name = file.name;
  workflow.where = yaml.where();
  taker.keys(yaml, {"workflow", "description", "properties", "at_once", "when_busy", "steps_at_once",
                    "timeout", "keep", "triggers", "steps"});
  taker.text(yaml.at("workflow"));
  workflow.description = taker.text(yaml.at("description"));
  workflow.properties = read_properties(yaml.at("properties"), taker);
  workflow.at_once = taker.whole(yaml.at("at_once"), workflow.at_once, 1, kMostRuns);
  workflow.skip_when_busy = taker.choice(yaml.at("when_busy"), false, {{"queue", false}, {"skip", true}});
  workflow.steps_at_once = taker.whole(yaml.at("steps_at_once"), workflow.steps_at_once, 1, kMostSteps);
  workflow.timeout = taker.duration(yaml.at("timeout"), workflow.timeout);
  const Yaml keep = yaml.at("keep");
  if (taker.keys(keep, {"runs", "days"})) {
    workflow.keep_runs = taker.whole(keep.at("runs"), workflow.keep_runs, 1, kMostKept);
    workflow.keep_days = taker.whole(keep.at("days"), workflow.keep_days, 1, kMostDays);
  }
  workflow.triggers = read_triggers(yaml.at("triggers"), workflow, context, taker);
  if (yaml.at("steps").empty())
    taker.refuse(yaml.error("a workflow needs steps", "Write for example steps: {crawl: {crawl: all}}."));
  else
    workflow.steps = read_steps(yaml.at("steps"), workflow, context, taker);
  return workflow;
}

/// Refuses every workflow whose name another has already; the first of them stays.
void refuse_same_names(std::vector<File>& files, Taker& taker) {
  std::map<std::string, std::string> taken;
  std::erase_if(files, [&](const File& file) {
    const Yaml name = file.yaml.at("workflow");
    const std::string where = name.empty() ? file.yaml.where() : name.where();
    const auto [other, is_new] = taken.emplace(file.name, where);
    if (!is_new)
      taker.refuse({ErrorKind::kProject, fmt::format("two workflows are named '{}'", file.name),
                    fmt::format("The other one: {}.", other->second), where});
    return !is_new;
  });
}

}  // namespace

const StepDefinition* Workflow::step(const std::string& wanted) const {
  const auto found = std::ranges::find(steps, wanted, &StepDefinition::name);
  return found == steps.end() ? nullptr : &*found;
}

Workflow default_workflow() {
  Workflow workflow;
  workflow.name = kDefaultWorkflow;
  workflow.description = "Crawl the lake, build what changed, check it, publish it.";
  for (const StepKind kind : {StepKind::kCrawl, StepKind::kBuild, StepKind::kCheck, StepKind::kPublish}) {
    StepDefinition step;
    step.name = name_of(kind);
    step.kind = kind;
    if (!workflow.steps.empty()) step.after.steps = {workflow.steps.back().name};
    workflow.steps.push_back(std::move(step));
  }
  return workflow;
}

std::vector<Workflow> load_workflows(const fs::path& folder, const ProjectNames& names,
                                     std::vector<Error>& problems) {
  Taker taker(problems);
  std::vector<File> files;
  std::set<std::string> known = {kDefaultWorkflow};
  const auto paths = yaml_files(folder, "listing the workflows");
  if (!paths) problems.push_back(paths.error());
  for (const auto& path : paths.value_or(std::vector<fs::path>{})) {
    auto file = open_file(path, taker);
    known.insert(file ? file->name : path.stem().string());
    if (file) files.push_back(std::move(*file));
  }
  refuse_same_names(files, taker);
  const std::vector<std::string> all(known.begin(), known.end());
  std::vector<Workflow> workflows;
  for (const auto& file : files) {
    const size_t before = problems.size();
    Workflow workflow = read_workflow(file, {names, all}, taker);
    // What is half read would be judged wrongly.
    if (problems.size() == before) check_steps(workflow, problems);
    if (problems.size() == before && is_plain_name(workflow.name)) workflows.push_back(std::move(workflow));
  }
  std::ranges::sort(workflows, {}, &Workflow::name);
  const auto looping = check_loops(workflows, names, problems);
  std::erase_if(workflows, [&](const Workflow& each) { return looping.contains(each.name); });
  return workflows;
}

}  // namespace reelhouse::workflow
