#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "workflow/alert/alerts.hpp"
#include "workflow/alert/freshness.hpp"
#include "workflow/history/runs.hpp"

namespace reelhouse::workflow {

/// What is wrong now, by a key that stays the same as long as it is the same trouble.
struct Trouble {
  std::string rule;
  std::string key;  ///< "failed refresh", "late shop"
  std::string title;
  std::string detail;
};

/// What became of a workflow since it last succeeded: the newest run that failed or died, and the newest that
/// failed a check. Runs that were cancelled or skipped say nothing either way.
struct Outcome {
  std::string workflow;
  std::optional<Run> failed;
  std::optional<Run> check_failed;
  Json stopped = Json::array();  ///< deliveries that the latter stopped on, as its receipt lists them
  bool stops_known = false;      ///< that receipt was read: it is written a moment after the run has ended
  bool decided = false;          ///< a success was found; else older runs may say more
};

/// Works out a workflow's outcome from its runs, newest first.
Outcome outcome_since_success(const std::string& workflow, const std::vector<Run>& newest_first);

/// Knows the dataset of a table; may be empty.
using DatasetOf = std::function<std::string(const std::string& table)>;

/// Works out the troubles of the rules on failed, check_failed, stopped and late: a pure function of what is so
/// now. A delivery that several workflows stop on is one trouble.
std::vector<Trouble> troubles_of(const AlertBook& book, const std::vector<Outcome>& outcomes,
                                 const std::vector<Freshness>& freshness, const DatasetOf& dataset_of = {});

/// Holds a measure's value against its rule's thresholds; nothing when it is within them.
std::optional<Trouble> metric_trouble(const AlertRule& rule, double value);

/// Works out what a rule on schema_change tells of a run: `changes` as its receipt lists them; of those the
/// new, gone and retyped columns and the new and gone tables that the rule covers, by table or by dataset
/// (`dataset_of` knows it). Nothing when there are none.
std::optional<Trouble> schema_trouble(const AlertRule& rule, const std::string& run, const Json& changes,
                                      const DatasetOf& dataset_of);

}  // namespace reelhouse::workflow
