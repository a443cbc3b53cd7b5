#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/result.hpp"

namespace reelhouse::workflow {

/// alerts.yml of a project:
///
///   channels:
///     team: {webhook: TEAM_HOOK_URL, secret: TEAM_HOOK_SECRET}  # variables; signed as Standard Webhooks say
///     audit: {webhook: "https://audit.example/hook"}            # or the address itself, if it is no secret
///     ops:                                                      # user and password: variables, or neither
///       {mail: [ops@example.org], from: reelhouse@example.org, server: "smtps://mail.example.org",
///        user: MAIL_USER, password: MAIL_PASSWORD}
///   alerts:
///     - {on: failed, workflows: [refresh], to: [team, ops]}  # failed, or died
///     - {on: check_failed, to: team}
///     - {on: stopped, tables: [shop], to: team}                 # a delivery that lost more than it may
///     - {on: late, tables: [shop], to: ops}                     # what promises a maximum age
///     - {on: schema_change, tables: [shop], to: team}           # datasets or tables of the catalog
///     - {on: metric, measure: churn, where: "plan = Premium", above: 0.2, to: team}
struct Channel {
  std::string name = {};
  std::string url = {};           ///< webhook
  std::string url_variable = {};  ///< variable that holds it instead
  std::string secret_variable = {};
  std::vector<std::string> mail_to = {};
  std::string mail_from = {};
  std::string mail_server = {};  ///< smtp://host[:port] or smtps://host[:port]
  std::string user_variable = {};
  std::string password_variable = {};

  bool is_mail() const { return !mail_to.empty(); }
};

enum class AlertKind { kFailed, kCheckFailed, kStopped, kLate, kSchemaChange, kMetric };
const char* name_of(AlertKind kind);

struct AlertRule {
  std::string name = {};  ///< unique; made of what it says when the file gives none
  AlertKind on = AlertKind::kFailed;
  std::vector<std::string> of = {};  ///< workflows, datasets or tables; empty = all
  std::string measure = {};
  std::string filter = {};  ///< of the measure, as `reelhouse metric --where`
  std::optional<double> above = {};
  std::optional<double> below = {};
  std::vector<std::string> to = {};
  std::string where = {};  ///< file:line

  /// True when the rule speaks of this workflow, dataset or table.
  bool covers(const std::string& subject) const;
};

struct AlertBook {
  std::vector<Channel> channels;
  std::vector<AlertRule> rules;

  const Channel* channel(const std::string& name) const;
  bool watches(AlertKind kind) const;
};

/// What alerts.yml is held against.
struct AlertNames {
  std::vector<std::string> workflows;
  std::vector<std::string> promising;  ///< datasets and models that promise a maximum age
  std::vector<std::string> tables;     ///< datasets, tables of the catalog and models: whatever can be named
  std::vector<std::string> measures;
  /// Tells what is wrong with a filter of a measure; may be empty.
  std::function<Result<>(const std::string& measure, const std::string& filter)> check_filter;
};

/// Reads an alerts.yml; empty when there is none. Adds every problem with file, line and a fix, and leaves the
/// channel or rule out. No message repeats what stands where the name of a variable is expected.
AlertBook load_alerts(const std::filesystem::path& file, const AlertNames& names,
                      std::vector<Error>& problems);

}  // namespace reelhouse::workflow
