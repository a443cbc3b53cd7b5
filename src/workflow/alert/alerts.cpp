#include "workflow/alert/alerts.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

#include "base/near_miss.hpp"
#include "base/yaml.hpp"
#include "workflow/alert/address.hpp"

namespace reelhouse::workflow {
namespace {

namespace fs = std::filesystem;
using Texts = std::vector<std::string>;

constexpr std::array kAlertKinds = {AlertKind::kFailed, AlertKind::kCheckFailed,  AlertKind::kStopped,
                                    AlertKind::kLate,   AlertKind::kSchemaChange, AlertKind::kMetric};

bool contains(const Texts& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

bool is_variable(const std::string& text) {
  return !text.empty() && (text[0] < '0' || text[0] > '9') && std::ranges::all_of(text, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

/// Reads the name of a variable. What stands there may be a secret by mistake, so no error repeats it.
Result<std::string> variable(const Yaml& channel, const char* key) {
  const Yaml yaml = channel.at(key);
  RH_ASSIGN(std::string name, yaml.text_or(""));
  if (name.empty() || (is_variable(name) && !name.starts_with("whsec_"))) return name;
  return fail(
      yaml.error(fmt::format("'{}' names an environment variable; what stands here is no such name", key),
                 "Secrets do not belong into the project: write a name like HOOK_SECRET and set that "
                 "variable where the server is started."));
}

Result<> read_webhook(const Yaml& yaml, Channel& channel) {
  RH_TRY(yaml.only_keys({"webhook", "secret"}));
  RH_ASSIGN(const std::string place, yaml.at("webhook").text());
  if (is_variable(place)) {
    channel.url_variable = place;
  } else {
    if (const auto wrong = problem_of_webhook(place); !wrong.empty())
      return fail(yaml.at("webhook").error(wrong,
                                           "Write https://host/path, or the name of a variable that holds "
                                           "it, as HOOK_URL."));
    channel.url = place;
  }
  RH_ASSIGN(channel.secret_variable, variable(yaml, "secret"));
  return {};
}

Result<std::string> mail_address(const Yaml& yaml) {
  RH_ASSIGN(std::string address, yaml.text());
  if (is_mail_address(address)) return address;
  return fail(yaml.error("what stands here is no mail address",
                         "Write name@host alone, without a display name; a host's name in its ASCII form."));
}

Result<> read_mail(const Yaml& yaml, Channel& channel) {
  RH_TRY(yaml.only_keys({"mail", "from", "server", "user", "password"}));
  for (const auto& item : yaml.at("mail").items()) {
    RH_ASSIGN(std::string address, mail_address(item));
    channel.mail_to.push_back(std::move(address));
  }
  if (channel.mail_to.empty())
    return fail(yaml.error("nobody is named to write to", "Add mail: [name@host]."));
  if (yaml.at("from").empty())
    return fail(yaml.error("the key 'from' is missing", "It is the address that mails come from."));
  RH_ASSIGN(channel.mail_from, mail_address(yaml.at("from")));
  if (yaml.at("server").empty())
    return fail(yaml.error("the key 'server' is missing", "Write server: smtps://host, or smtp://host:587."));
  RH_ASSIGN(channel.mail_server, yaml.at("server").text());
  if (const auto wrong = problem_of_mail_server(channel.mail_server); !wrong.empty())
    return fail(yaml.at("server").error(wrong,
                                        "Write smtps://host, or smtp://host:587 for a server that offers "
                                        "STARTTLS; user and password are keys of their own."));
  RH_ASSIGN(channel.user_variable, variable(yaml, "user"));
  RH_ASSIGN(channel.password_variable, variable(yaml, "password"));
  if (channel.user_variable.empty() != channel.password_variable.empty())
    return fail(yaml.error("user and password go together", "Write both, or neither."));
  return {};
}

Result<Channel> read_channel(const Yaml& yaml, const std::string& name) {
  Channel channel;
  channel.name = name;
  const bool hook = !yaml.at("webhook").empty();
  const bool mail = !yaml.at("mail").empty();
  if (hook == mail)
    return fail(
        yaml.error(fmt::format("channel {} is {}", name, hook ? "two things" : "neither webhook nor mail"),
                   "Write one of: {webhook: URL}, {mail: [address], from: ..., server: ...}."));
  RH_TRY(hook ? read_webhook(yaml, channel) : read_mail(yaml, channel));
  return channel;
}

/// Reads a list of names of which each has to be known.
Result<Texts> known_names(const Yaml& yaml, const Texts& known, const char* what, const char* otherwise) {
  Texts names;
  for (const auto& item : yaml.items()) {
    RH_ASSIGN(std::string name, item.text());
    if (!contains(known, name))
      return fail(
          item.error(fmt::format("{} '{}' is not known", what, name), did_you_mean(name, known, otherwise)));
    if (!contains(names, name)) names.push_back(std::move(name));
  }
  if (yaml.is_list() && names.empty())
    return fail(yaml.error("the list is empty", "Leave the key out to mean all of them."));
  return names;
}

Result<std::optional<double>> threshold(const Yaml& yaml) {
  if (yaml.empty()) return std::nullopt;
  RH_ASSIGN(const double value, yaml.number_or(0));
  if (!std::isfinite(value)) return fail(yaml.error("a threshold has to be a finite number"));
  return value;
}

class RuleReader {
 public:
  RuleReader(const AlertNames& names, const Texts& channels) : names_(names), channels_(channels) {}

  Result<AlertRule> read(const Yaml& yaml) {
    AlertRule rule;
    rule.where = yaml.where();
    if (!yaml.is_map()) return fail(yaml.error("expected an alert: {on: failed, to: CHANNEL}"));
    RH_ASSIGN(rule.on, kind(yaml));
    RH_TRY(yaml.only_keys(keys_of(rule.on)));
    RH_TRY(read_subject(yaml, rule));
    if (yaml.at("to").empty())
      return fail(yaml.error("the key 'to' is missing", "It names the channel, or a list of them."));
    RH_ASSIGN(rule.to, known_names(yaml.at("to"), channels_, "channel", "Declare it under channels."));
    RH_ASSIGN(rule.name, yaml.at("name").text_or(made_name(rule)));
    return rule;
  }

 private:
  static Result<AlertKind> kind(const Yaml& yaml) {
    Texts known;
    for (const AlertKind each : kAlertKinds) known.emplace_back(name_of(each));
    if (yaml.at("on").empty())
      return fail(yaml.error("the key 'on' is missing", fmt::format("One of: {}.", fmt::join(known, ", "))));
    RH_ASSIGN(const std::string text, yaml.at("on").text());
    for (const AlertKind each : kAlertKinds)
      if (text == name_of(each)) return each;
    return fail(
        yaml.at("on").error(fmt::format("alerts on '{}' are not known", text),
                            did_you_mean(text, known, fmt::format("Known: {}.", fmt::join(known, ", ")))));
  }

  static Texts keys_of(AlertKind kind) {
    switch (kind) {
      case AlertKind::kFailed:
      case AlertKind::kCheckFailed:
        return {"name", "on", "to", "workflows"};
      case AlertKind::kStopped:
      case AlertKind::kLate:
      case AlertKind::kSchemaChange:
        return {"name", "on", "to", "tables"};
      case AlertKind::kMetric:
        return {"name", "on", "to", "measure", "where", "above", "below"};
    }
    return {};
  }

  Result<> read_subject(const Yaml& yaml, AlertRule& rule) const {
    if (rule.on == AlertKind::kMetric) return read_metric(yaml, rule);
    if (rule.on == AlertKind::kLate) return read_late(yaml, rule);
    if (rule.on == AlertKind::kSchemaChange || rule.on == AlertKind::kStopped) {
      RH_ASSIGN(rule.of, known_names(yaml.at("tables"), names_.tables, "dataset or table",
                                     "List them with: reelhouse catalog"));
      return {};
    }
    RH_ASSIGN(rule.of, known_names(yaml.at("workflows"), names_.workflows, "workflow",
                                   fmt::format("Workflows: {}.", fmt::join(names_.workflows, ", ")).c_str()));
    return {};
  }

  Result<> read_late(const Yaml& yaml, AlertRule& rule) const {
    for (const auto& item : yaml.at("tables").items()) {
      RH_ASSIGN(const std::string name, item.text());
      if (!contains(names_.promising, name) && contains(names_.tables, name))
        return fail(item.error(fmt::format("{} promises no maximum age, so it is never late", name),
                               "Add max_age, as 8d, to its file in sources/, or beside its model."));
    }
    RH_ASSIGN(rule.of, known_names(yaml.at("tables"), names_.promising, "dataset or table",
                                   "Name one whose file has max_age."));
    return {};
  }

  Result<> read_metric(const Yaml& yaml, AlertRule& rule) const {
    if (yaml.at("measure").empty())
      return fail(yaml.error("the key 'measure' is missing", "List measures with: reelhouse metric --list"));
    RH_ASSIGN(const auto measures, known_names(yaml.at("measure"), names_.measures, "measure",
                                               "List them with: reelhouse metric"));
    if (measures.size() != 1) return fail(yaml.at("measure").error("expected one measure here"));
    rule.measure = measures.front();
    RH_ASSIGN(rule.filter, yaml.at("where").text_or(""));
    if (!rule.filter.empty() && names_.check_filter)
      if (auto checked = names_.check_filter(rule.measure, rule.filter); !checked)
        return fail(yaml.at("where").error(checked.error().message, checked.error().hint));
    RH_ASSIGN(rule.above, threshold(yaml.at("above")));
    RH_ASSIGN(rule.below, threshold(yaml.at("below")));
    if (!rule.above && !rule.below)
      return fail(yaml.error("the threshold is missing", "Write above: NUMBER, below: NUMBER, or both."));
    if (rule.above && rule.below && *rule.below > *rule.above)
      return fail(yaml.at("below").error("every number is below this, or above the other threshold",
                                         "Write the smaller number under 'below'."));
    return {};
  }

  static std::string made_name(const AlertRule& rule) {
    std::string name = name_of(rule.on);
    if (!rule.of.empty()) name += fmt::format(" {}", fmt::join(rule.of, ", "));
    if (rule.on != AlertKind::kMetric) return name;
    name = rule.measure;
    if (!rule.filter.empty()) name += fmt::format(" where {}", rule.filter);
    if (rule.above) name += fmt::format(" above {}", *rule.above);
    if (rule.below) name += fmt::format("{} below {}", rule.above ? " or" : "", *rule.below);
    return name;
  }

  const AlertNames& names_;
  const Texts& channels_;
};

void read_rules(const Yaml& yaml, const AlertNames& names, const Texts& channels, AlertBook& book,
                std::vector<Error>& problems) {
  std::map<std::string, std::string> seen;
  RuleReader reader(names, channels);
  for (const auto& item : yaml.items()) {
    auto rule = reader.read(item);
    if (!rule) {
      problems.push_back(rule.error());
      continue;
    }
    const auto [other, is_new] = seen.emplace(rule->name, rule->where);
    if (is_new)
      book.rules.push_back(std::move(*rule));
    else
      problems.push_back(item.error(fmt::format("the alert '{}' is there twice", rule->name),
                                    fmt::format("The other: {}. Put all channels into its 'to', or give "
                                                "one of them a name of its own.",
                                                other->second)));
  }
}

}  // namespace

const char* name_of(AlertKind kind) {
  switch (kind) {
    case AlertKind::kFailed:
      return "failed";
    case AlertKind::kCheckFailed:
      return "check_failed";
    case AlertKind::kStopped:
      return "stopped";
    case AlertKind::kLate:
      return "late";
    case AlertKind::kSchemaChange:
      return "schema_change";
    case AlertKind::kMetric:
      return "metric";
  }
  return "failed";
}

bool AlertRule::covers(const std::string& subject) const {
  return of.empty() || contains(of, subject);
}

const Channel* AlertBook::channel(const std::string& name) const {
  const auto found = std::ranges::find(channels, name, &Channel::name);
  return found == channels.end() ? nullptr : &*found;
}

bool AlertBook::watches(AlertKind kind) const {
  return std::ranges::any_of(rules, [&](const AlertRule& rule) { return rule.on == kind; });
}

AlertBook load_alerts(const fs::path& file, const AlertNames& names, std::vector<Error>& problems) {
  AlertBook book;
  const auto yaml = Yaml::load(file);
  if (!yaml) {
    if (yaml.error().kind != ErrorKind::kNotFound) problems.push_back(yaml.error());
    return book;
  }
  if (auto known = yaml->only_keys({"channels", "alerts"}); !known) {
    problems.push_back(known.error());
    return book;
  }
  const Yaml channels = yaml->at("channels");
  if (!channels.empty() && !channels.is_map())
    problems.push_back(channels.error("expected channels by name", "Write name: {webhook: URL}."));
  Texts channel_names;  // broken ones too: who names them is not to blame
  std::set<std::string> twice;
  for (const auto& name : channels.keys()) {
    if (!twice.insert(name).second) {
      problems.push_back(channels.error(fmt::format("channel {} is declared twice", name), "Remove one."));
      continue;
    }
    channel_names.push_back(name);
    if (auto channel = read_channel(channels.at(name), name))
      book.channels.push_back(std::move(*channel));
    else
      problems.push_back(channel.error());
  }
  const Yaml alerts = yaml->at("alerts");
  if (!alerts.empty() && !alerts.is_list())
    problems.push_back(alerts.error("expected a list of alerts", "Begin each with '- '."));
  else
    read_rules(alerts, names, channel_names, book, problems);
  return book;
}

}  // namespace reelhouse::workflow
