#include <algorithm>
#include <cctype>
#include <set>

#include "base/near_miss.hpp"
#include "lake/keys.hpp"
#include "workflow/define/reader.hpp"

namespace reelhouse::workflow {
namespace {

const std::vector<std::string> kTriggerKinds = {"schedule", "objects", "after", "http"};

const std::vector<std::pair<std::string, Missed>> kMissedWords = {
    {"skip", Missed::kSkip}, {"latest", Missed::kLatest}, {"all", Missed::kAll}};

/// Begins where an unquoted list of minutes or hours was torn apart.
bool looks_torn(const std::string& key) {
  return !key.empty() && (std::isdigit(static_cast<unsigned char>(key[0])) != 0 || key[0] == '*');
}

/// True for A_NAME as environment variables have it; a secret hardly looks so.
bool is_capital_name(const std::string& name) {
  constexpr size_t kLongest = 64;
  const auto fits = [](unsigned char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && name.size() <= kLongest && std::ranges::all_of(name, fits) &&
         std::isdigit(static_cast<unsigned char>(name[0])) == 0;
}

class TriggerReader {
 public:
  TriggerReader(const Workflow& workflow, const ReadContext& context, Taker& taker)
      : workflow_(workflow), context_(context), taker_(taker) {}

  std::optional<Trigger> read(const Yaml& yaml) {
    if (!yaml.is_map()) {
      taker_.refuse(yaml.error("expected a trigger here",
                               "Write for example - {schedule: \"15 6 * * *\", zone: UTC}."));
      return std::nullopt;
    }
    const std::string kind = read_kind(yaml);
    if (kind.empty()) return std::nullopt;
    Trigger trigger;
    trigger.where = yaml.at(kind).where();
    trigger.name = taker_.text(yaml.at("name"));
    if (!yaml.at("name").empty() && !is_plain_name(trigger.name))
      taker_.refuse(yaml.at("name").error(fmt::format("'{}' is no trigger name", trigger.name), kPlainNames));
    if (kind == "schedule") trigger.schedule = read_schedule(yaml);
    if (kind == "objects") trigger.objects = read_objects(yaml);
    if (kind == "after") trigger.after = read_after(yaml);
    if (kind == "http") trigger.http = read_http(yaml.at("http"));
    return trigger;
  }

 private:
  std::string read_kind(const Yaml& yaml) {
    std::vector<std::string> found;
    const auto keys = yaml.keys();
    for (const auto& kind : kTriggerKinds)
      if (std::ranges::count(keys, kind) > 0) found.push_back(kind);
    if (const auto torn = std::ranges::find_if(keys, looks_torn); torn != keys.end() && found.size() == 1) {
      taker_.refuse(yaml.at(found.front())
                        .error(fmt::format("the value of {} is torn apart at a comma", found.front()),
                               "Put it in quotes: schedule: \"0 6,18 * * *\"."));
      return "";
    }
    const bool clean = taker_.keys(yaml, allowed_keys(found));
    if (found.size() == 1) return found.front();
    if (found.size() > 1)
      taker_.refuse(yaml.error(fmt::format("one trigger cannot be several: {}", fmt::join(found, ", ")),
                               "Begin each with a '-' of its own; any of them starts a run."));
    else if (clean)
      taker_.refuse(yaml.error("the trigger does not say what starts a run",
                               fmt::format("Give it one of the keys {}.", fmt::join(kTriggerKinds, ", "))));
    return "";
  }

  static std::vector<std::string> allowed_keys(const std::vector<std::string>& kinds) {
    static const std::map<std::string, std::vector<std::string>> kFurther = {
        {"schedule", {"zone", "missed"}},
        {"objects", {"changes", "batch"}},
        {"after", {"when", "missed"}},
        {"http", {}}};
    std::vector<std::string> allowed = kinds.empty() ? kTriggerKinds : kinds;
    allowed.emplace_back("name");
    for (const auto& kind : kinds.empty() ? kTriggerKinds : kinds)
      allowed.insert(allowed.end(), kFurther.at(kind).begin(), kFurther.at(kind).end());
    return allowed;
  }

  ScheduleTrigger read_schedule(const Yaml& yaml) {
    ScheduleTrigger schedule;
    const Yaml text = yaml.at("schedule");
    const std::string expression = taker_.take(text.text(), std::string());
    if (text.is_scalar()) {
      auto cron = Cron::parse(expression);
      if (cron)
        schedule.cron = std::move(*cron);
      else
        taker_.refuse(text.error(cron.error().message, cron.error().hint));
    }
    const Yaml zone = yaml.at("zone");
    schedule.zone = taker_.text(zone, schedule.zone);
    if (const auto found = Zone::find(schedule.zone); !found && !zone.empty() && zone.is_scalar())
      taker_.refuse(zone.error(found.error().message, found.error().hint));
    schedule.missed = taker_.choice(yaml.at("missed"), schedule.missed, kMissedWords);
    return schedule;
  }

  ObjectsTrigger read_objects(const Yaml& yaml) {
    ObjectsTrigger objects;
    objects.prefix = read_prefix(yaml.at("objects"));
    const Yaml changes = yaml.at("changes");
    if (!changes.empty()) {
      const auto kinds = taker_.names(changes, "kind of change", {"created", "changed", "deleted"});
      objects.created = std::ranges::count(kinds, "created") > 0;
      objects.changed = std::ranges::count(kinds, "changed") > 0;
      objects.deleted = std::ranges::count(kinds, "deleted") > 0;
      if (changes.items().empty())
        taker_.refuse(changes.error("'changes' names none, so the trigger never fires",
                                    "Take it out for all: created, changed, deleted."));
    }
    constexpr int kMostObjects = 1000000;
    const Yaml batch = yaml.at("batch");
    if (batch.empty()) return objects;
    if (!taker_.keys(batch, {"count", "wait"})) return objects;
    if (!batch.at("count").empty()) objects.count = taker_.whole(batch.at("count"), 1, 1, kMostObjects);
    objects.wait = taker_.duration(batch.at("wait"), objects.wait);
    if (batch.at("count").empty() && batch.at("wait").empty())
      taker_.refuse(batch.error("'batch' says neither 'count' nor 'wait'",
                                "Write for example batch: {count: 10, wait: 30s}."));
    return objects;
  }

  /// Reads a folder of the lake, with a '/' at its end: "raw/shop/".
  std::string read_prefix(const Yaml& yaml) {
    std::string prefix = taker_.take(yaml.text(), std::string());
    if (!yaml.is_scalar()) return prefix;
    if (!prefix.ends_with('/')) prefix += '/';
    const std::string written = prefix.substr(0, prefix.size() - 1);
    const std::string hint = "Name a folder of the lake, for example raw/ or raw/shop/.";
    if (prefix.find_first_of("*?[") != std::string::npos)
      taker_.refuse(yaml.error(fmt::format("'{}' is a pattern; a trigger watches a folder", written), hint));
    else if (prefix.find("://") != std::string::npos || prefix.starts_with('/'))
      taker_.refuse(yaml.error(fmt::format("'{}' is not relative to the lake", written), hint));
    else if (!lake::check_key(written) || !prefix.starts_with(lake::kRaw))
      taker_.refuse(yaml.error(fmt::format("'{}' is not below the lake's raw/", written), hint));
    else if (lake::is_hidden_key(written))
      taker_.refuse(yaml.error(
          fmt::format("'{}' is hidden: what begins with '.' or '_' is never looked at", written), hint));
    else
      check_dataset(yaml, prefix);
    return prefix;
  }

  /// Refuses a dataset that is misspelt. One that no source declares may still come.
  void check_dataset(const Yaml& yaml, const std::string& prefix) {
    const size_t begin = lake::kRaw.size();
    const std::string dataset = prefix.substr(begin, prefix.find('/', begin) - begin);
    const auto& known = context_.names.sources;
    if (dataset.empty() || std::ranges::count(known, dataset) > 0) return;
    if (const auto near = near_miss(dataset, known))
      taker_.refuse(yaml.error(
          fmt::format("no source declares the dataset '{}'", dataset),
          fmt::format("Did you mean raw/{}/? Else declare it in sources/{}.yml.", *near, dataset)));
  }

  AfterTrigger read_after(const Yaml& yaml) {
    AfterTrigger after;
    const Yaml name = yaml.at("after");
    after.workflow = taker_.take(name.text(), std::string());
    after.are = taker_.choice(yaml.at("when"), after.are, condition_words());
    after.missed = taker_.choice(yaml.at("missed"), after.missed, kMissedWords);
    if (!name.is_scalar()) return after;
    if (after.workflow == workflow_.name)
      taker_.refuse(
          name.error(fmt::format("workflow '{}' would start itself again and again", after.workflow),
                     "Name another workflow, or use a schedule."));
    else
      taker_.names(name, "workflow", context_.workflows);
    return after;
  }

  HttpTrigger read_http(const Yaml& yaml) {
    HttpTrigger http;
    http.secret_variable = taker_.take(yaml.text(), std::string());
    // What stands there may be the secret itself: it is not repeated.
    if (yaml.is_scalar() && !is_capital_name(http.secret_variable))
      taker_.refuse(
          yaml.error("http: takes the name of the environment variable that holds the secret",
                     "Write for example http: HOOK_SECRET (A-Z, 0-9, '_'); never the secret itself."));
    return http;
  }

  const Workflow& workflow_;
  const ReadContext& context_;
  Taker& taker_;
};

const char* kind_of(const Trigger& trigger) {
  return trigger.schedule ? "schedule" : trigger.objects ? "objects" : trigger.after ? "after" : "http";
}

/// Gives a name to the triggers without one, and refuses names that come twice.
void name_triggers(std::vector<Trigger>& triggers, Taker& taker) {
  std::map<std::string, std::string> taken;
  for (const auto& trigger : triggers) {
    if (trigger.name.empty()) continue;
    const auto [other, is_new] = taken.emplace(trigger.name, trigger.where);
    if (!is_new)
      taker.refuse({ErrorKind::kProject, fmt::format("two triggers are named '{}'", trigger.name),
                    fmt::format("The other one: {}.", other->second), trigger.where});
  }
  for (auto& trigger : triggers) {
    if (!trigger.name.empty()) continue;
    const std::string kind = kind_of(trigger);
    trigger.name = kind;
    for (int number = 2; taken.contains(trigger.name); ++number)
      trigger.name = fmt::format("{}_{}", kind, number);
    taken.emplace(trigger.name, trigger.where);
  }
}

}  // namespace

std::vector<Trigger> read_triggers(const Yaml& yaml, const Workflow& workflow, const ReadContext& context,
                                   Taker& taker) {
  if (yaml.empty()) return {};
  if (!yaml.is_list()) {
    taker.refuse(yaml.error("expected a list of triggers", "Begin each with a '-'."));
    return {};
  }
  TriggerReader reader(workflow, context, taker);
  std::vector<Trigger> triggers;
  for (const auto& item : yaml.items())
    if (auto trigger = reader.read(item)) triggers.push_back(std::move(*trigger));
  name_triggers(triggers, taker);
  const Trigger* hook = nullptr;
  for (const auto& trigger : triggers) {
    if (trigger.http && hook != nullptr)
      taker.refuse({ErrorKind::kProject, "a workflow has one address for webhooks: a second 'http' trigger",
                    fmt::format("Keep one; the other: {}.", hook->where), trigger.where});
    if (trigger.http) hook = &trigger;
  }
  return triggers;
}

}  // namespace reelhouse::workflow
