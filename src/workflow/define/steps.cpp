#include <algorithm>
#include <array>
#include <set>

#include "base/near_miss.hpp"
#include "workflow/define/reader.hpp"

namespace reelhouse::workflow {
namespace {

const std::vector<std::pair<std::string, StepKind>> kStepKinds = {
    {"fetch", StepKind::kFetch},    {"crawl", StepKind::kCrawl},     {"build", StepKind::kBuild},
    {"check", StepKind::kCheck},    {"publish", StepKind::kPublish}, {"export", StepKind::kExport},
    {"command", StepKind::kCommand}};

/// What runs and their triggers, crawl, build and publish set without being asked.
constexpr std::array kOwnProperties = {
    "run",         "trigger.kind", "trigger.due", "trigger.count", "trigger.workflow",
    "trigger.run", "changes",      "built",       "version"};

const std::vector<std::string> kCommonKeys = {"after", "always", "timeout", "retries"};

std::vector<std::string> kind_words() {
  std::vector<std::string> words;
  for (const auto& each : kStepKinds) words.push_back(each.first);
  return words;
}

class StepReader {
 public:
  StepReader(const std::vector<std::string>& steps, const Workflow& workflow, const ReadContext& context,
             Taker& taker)
      : steps_(steps), workflow_(workflow), context_(context), taker_(taker) {}

  std::optional<StepDefinition> read(const Yaml& yaml, const std::string& name) {
    StepDefinition step;
    step.name = name;
    step.where = yaml.where();
    if (!is_plain_name(name))
      taker_.refuse(yaml.error(fmt::format("'{}' is no step name", name), kPlainNames));
    if (!yaml.is_map()) {
      taker_.refuse(yaml.error(fmt::format("step '{}' does not say what it does", name),
                               fmt::format("Write for example {}: {{crawl: all}}.", name)));
      return std::nullopt;
    }
    const auto kind = read_kind(yaml, name);
    if (!kind) return std::nullopt;
    step.kind = *kind;
    read_what(yaml.at(name_of(step.kind)), step);
    if (step.kind == StepKind::kExport) read_target(yaml, step);
    step.always = taker_.flag(yaml.at("always"), false);
    read_after(yaml.at("after"), step);
    step.timeout = taker_.duration(yaml.at("timeout"), step.timeout);
    read_retries(yaml.at("retries"), step.retries);
    return step;
  }

 private:
  /// Finds what the step does; its other keys depend on it.
  std::optional<StepKind> read_kind(const Yaml& yaml, const std::string& name) {
    std::vector<std::string> found;
    for (const auto& [word, kind] : kStepKinds)
      if (std::ranges::count(yaml.keys(), word) > 0) found.push_back(word);
    std::vector<std::string> allowed = found.empty() ? kind_words() : found;
    allowed.insert(allowed.end(), kCommonKeys.begin(), kCommonKeys.end());
    const bool exports = std::ranges::count(found, "export") > 0;
    if (exports) allowed.insert(allowed.end(), {"to", "as"});
    const bool clean = taker_.keys(yaml, allowed);
    if (found.size() == 1)
      return std::ranges::find(kStepKinds, found.front(), &decltype(kStepKinds)::value_type::first)->second;
    if (found.size() > 1)
      taker_.refuse(yaml.error(fmt::format("step '{}' does several things: {}", name, fmt::join(found, ", ")),
                               "Make a step of each, one after the other."));
    else if (clean)
      taker_.refuse(yaml.error(fmt::format("step '{}' does not say what it does", name),
                               fmt::format("Give it one of the keys {}.", fmt::join(kind_words(), ", "))));
    return std::nullopt;
  }

  void read_what(const Yaml& yaml, StepDefinition& step) {
    if (step.kind == StepKind::kCommand) {
      step.command = taker_.take(yaml.text(), std::string());
      if (yaml.is_scalar() && step.command.find_first_not_of(" \t\r\n") == std::string::npos)
        taker_.refuse(yaml.error(fmt::format("the command of step '{}' is empty", step.name)));
      return;
    }
    const bool is_all = yaml.is_scalar() && yaml.text() == std::string("all");
    const std::string word = name_of(step.kind);
    if (step.kind == StepKind::kCrawl || step.kind == StepKind::kCheck || step.kind == StepKind::kPublish) {
      if (!is_all)
        taker_.refuse(yaml.error(fmt::format("{} takes no selection", word), "Write " + word + ": all."));
      return;
    }
    if (yaml.items().empty())
      taker_.refuse(
          yaml.error(fmt::format("{} names nothing", word), fmt::format("Write {}: all, or a list.", word)));
    else if (step.kind == StepKind::kFetch)
      read_sources(yaml, is_all, step);
    else if (!is_all && step.kind == StepKind::kBuild)
      read_selection(yaml, step);
    else if (!is_all)
      step.what = taker_.names(yaml, "published table", context_.names.published);
  }

  void read_sources(const Yaml& yaml, bool is_all, StepDefinition& step) {
    const auto& fetched = context_.names.fetched;
    const std::string hint = "Add 'fetch:' with its files to sources/{}.yml.";
    if (is_all && fetched.empty())
      taker_.refuse(yaml.error("no source says where it is fetched from",
                               fmt::format(fmt::runtime(hint), "<dataset>")));
    if (is_all) return;
    for (const auto& item : yaml.items()) {
      const auto name = item.text();
      if (name && std::ranges::count(context_.names.sources, *name) > 0 &&
          std::ranges::count(fetched, *name) == 0)
        taker_.refuse(item.error(fmt::format("source '{}' does not say where it is fetched from", *name),
                                 fmt::format(fmt::runtime(hint), *name)));
      else
        for (auto& each : taker_.names(item, "source", fetched))
          if (std::ranges::count(step.what, each) > 0)
            taker_.refuse(item.error(fmt::format("'{}' is named twice", each), "Name it once."));
          else
            step.what.push_back(std::move(each));
    }
  }

  /// A selection is a model or folder, with a '+' before or behind it for what it needs or feeds.
  void read_selection(const Yaml& yaml, StepDefinition& step) {
    const auto& known = context_.names.selectable;
    for (const auto& item : yaml.items()) {
      const std::string pattern = taker_.take(item.text(), std::string());
      if (!item.is_scalar()) continue;
      std::string name = pattern;
      if (name.starts_with('+')) name.erase(0, 1);
      if (name.ends_with('+')) name.pop_back();
      if (std::ranges::count(known, name) > 0)
        step.what.push_back(pattern);
      else
        taker_.refuse(item.error(fmt::format("there is no model or folder '{}'", name),
                                 did_you_mean(name, known, "Run 'reelhouse validate' to list the models.")));
    }
  }

  void read_target(const Yaml& yaml, StepDefinition& step) {
    step.as = taker_.choice(yaml.at("as"), step.as,
                            {{"parquet", std::string("parquet")}, {"csv", std::string("csv")}});
    const Yaml to = yaml.at("to");
    if (to.empty()) {
      taker_.refuse(yaml.error(fmt::format("step '{}' does not say where it exports to", step.name),
                               "Add to: with a folder, for example to: exports."));
      return;
    }
    step.to = taker_.text(to);
    if (!to.is_scalar()) return;
    // Once with the first values, once with values that say nothing.
    auto values = workflow_.properties;
    for (const char* own : kOwnProperties) values.emplace(own, "_");
    auto opaque = values;
    for (auto& each : opaque) each.second = "_";
    for (const auto* each : {&values, &opaque}) {
      const auto folder = with_properties(step.to, *each);
      Result<> fits = folder ? Result<>() : fail(folder.error());
      // A folder that a property alone makes is not known yet: the run asks again.
      if (folder && !folder->empty()) fits = check_export_target(*folder, context_.names);
      if (fits && !step.to.empty()) continue;
      taker_.refuse(fits ? to.error("the export's folder is empty")
                         : to.error(fits.error().message, fits.error().hint));
      return;
    }
  }

  void read_after(const Yaml& yaml, StepDefinition& step) {
    Condition& after = step.after;
    if (step.always) after.are = Condition::Are::kEnded;
    if (!yaml.is_map()) {
      after.steps = step_names(yaml);
      if (!yaml.empty() && yaml.items().empty()) refuse_empty(yaml, step.name);
      return;
    }
    taker_.keys(yaml, {"all", "any", "are"});
    const bool any = !yaml.at("any").empty();
    if (any == !yaml.at("all").empty()) {
      taker_.refuse(yaml.error(any ? "'all' and 'any' contradict each other" : "'after' names no steps",
                               "Write after: {all: [a, b], are: succeeded}, or any instead of all."));
      return;
    }
    const Yaml list = yaml.at(any ? "any" : "all");
    after.of = any ? Condition::Of::kAny : Condition::Of::kAll;
    after.are = taker_.choice(yaml.at("are"), after.are, condition_words());
    after.steps = step_names(list);
    if (list.items().empty()) refuse_empty(list, step.name);
    if (step.always && (any || after.are != Condition::Are::kEnded))
      taker_.refuse(yaml.error(
          fmt::format("step '{}' runs always: 'any' and 'are' cannot limit it", step.name),
          "Take out 'always', or write after: [...]: it then waits until those steps have ended."));
  }

  void refuse_empty(const Yaml& yaml, const std::string& step) {
    taker_.refuse(yaml.error(fmt::format("step '{}' waits for no step", step),
                             "Name steps, or take out 'after': it then starts at once."));
  }

  std::vector<std::string> step_names(const Yaml& yaml) { return taker_.names(yaml, "step", steps_); }

  void read_retries(const Yaml& yaml, Retries& retries) {
    constexpr int kMostTimes = 100;
    constexpr double kMostFactor = 100;
    if (yaml.empty()) return;
    if (!yaml.is_map()) {
      taker_.refuse(yaml.error("expected keys and values here", "Write retries: {times: 3, wait: 30s}."));
      return;
    }
    taker_.keys(yaml, {"times", "wait", "factor", "longest"});
    if (yaml.at("times").empty())
      taker_.refuse(yaml.error("the key 'times' is missing", "It says how often to try again."));
    retries.times = taker_.whole(yaml.at("times"), retries.times, 0, kMostTimes);
    retries.wait = taker_.duration(yaml.at("wait"), retries.wait);
    retries.factor = taker_.number(yaml.at("factor"), retries.factor, 1, kMostFactor);
    retries.longest = taker_.duration(yaml.at("longest"), std::max(retries.longest, retries.wait));
    if (retries.longest < retries.wait)
      taker_.refuse(yaml.at("longest").error("the longest wait is shorter than the first",
                                             "Make 'longest' at least as long as 'wait'."));
  }

  const std::vector<std::string>& steps_;
  const Workflow& workflow_;
  const ReadContext& context_;
  Taker& taker_;
};

/// Tells which steps wait for `step`, itself too.
std::set<std::string> followers_of(const std::string& step, const std::vector<StepDefinition>& steps) {
  std::set<std::string> followers = {step};
  for (size_t before = 0; before != followers.size();) {
    before = followers.size();
    for (const auto& each : steps)
      if (std::ranges::any_of(each.after.steps, [&](const auto& name) { return followers.contains(name); }))
        followers.insert(each.name);
  }
  return followers;
}

/// Lets steps that run always, and do not say after what, wait for all that do not wait for them.
void complete_always(std::vector<StepDefinition>& steps) {
  const auto written = steps;
  for (auto& step : steps) {
    if (!step.always || !step.after.steps.empty()) continue;
    const auto followers = followers_of(step.name, written);
    for (const auto& each : written)
      if (!each.always && !followers.contains(each.name)) step.after.steps.push_back(each.name);
  }
}

}  // namespace

const char* name_of(StepKind kind) {
  for (const auto& [name, each] : kStepKinds)
    if (each == kind) return name.c_str();
  return "";
}

std::vector<StepDefinition> read_steps(const Yaml& yaml, const Workflow& workflow, const ReadContext& context,
                                       Taker& taker) {
  const std::string hint = "Write for example steps: {crawl: {crawl: all}}.";
  if (!yaml.is_map()) {
    taker.refuse(yaml.error("expected steps by name", hint));
    return {};
  }
  const auto names = yaml.keys();
  if (names.empty()) taker.refuse(yaml.error("a workflow needs steps", hint));
  taker.keys(yaml, names);
  StepReader reader(names, workflow, context, taker);
  std::vector<StepDefinition> steps;
  std::set<std::string> seen;
  for (const auto& name : names) {
    if (!seen.insert(name).second) continue;
    if (auto step = reader.read(yaml.at(name), name)) steps.push_back(std::move(*step));
  }
  complete_always(steps);
  return steps;
}

}  // namespace reelhouse::workflow
