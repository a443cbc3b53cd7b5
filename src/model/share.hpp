#pragma once

#include <string>
#include <vector>

#include "base/json.hpp"
#include "model/checks.hpp"

namespace reelhouse::model {

enum class LossVerdict { kFine, kWarn, kStop };

/// Judges a share that was lost: above what may be lost it stops, from the share that is told on it warns; a
/// delivery that lost nothing is fine whatever the limits.
LossVerdict judge_loss(uint64_t given, uint64_t lost, const catalog::LossLimits& limits);

/// Why records or values were lost, with the first of them as an example.
struct LossReason {
  uint64_t times = 0;
  bool at_least = false;  ///< more were lost than the catalog keeps
  std::string text;       ///< "Monthly Revenue is not an amount of dollars: '10 EUR'"
  std::string object;
  uint64_t line = 0;
};

/// A drop of a table, or one object of it, or a column in one of both, that lost more than goes without saying.
struct Loss {
  std::string table;
  std::string drop;
  std::string object;  ///< empty = the whole drop
  std::string column;  ///< whose values were lost; empty = records were
  uint64_t given = 0;  ///< records without doubles; of a column its values in kept records
  uint64_t lost = 0;
  LossVerdict verdict = LossVerdict::kFine;
  double may_lose = 0;
  std::string content;                   ///< names the bytes that were delivered
  bool accepted = false;                 ///< somebody has let it in
  std::vector<LossReason> reasons = {};  ///< the three commonest

  bool stops() const { return verdict == LossVerdict::kStop && !accepted; }
};

/// Judges every drop of every table, and every object that delivered 100 records or more: by records (all that
/// were rejected, for their structure or by rules, but doubles), and by column. What is not fine is returned, by
/// table, drop and object; an object only where it is worse than its drop. A table that no source declares is
/// warned of and never stopped.
std::vector<Loss> judge_losses(const Project& project, const std::vector<ObjectAccount>& objects);

/// Fills in the reasons from audit.rejected, and from what was counted of lost values. Errors: kQuery.
Result<> explain(std::vector<Loss>& losses, const std::vector<ObjectAccount>& objects,
                 engine::Session& session);

/// "240 of 300 records of raw.shop_order in the drop 2023-07-12 are lost (80 %, 5 % may be)".
std::string text_of(const Loss& loss);
/// The same, and below it the reasons, each with an example's file and line.
std::vector<std::string> lines_of(const Loss& loss);

/// Names the check of check_losses.
inline constexpr const char* kShareCheck = "share of what was kept";

/// A check a table: an error when something of it is stopped, a warning when something was lost or let in.
std::vector<CheckResult> check_losses(const Project& project, const std::vector<Loss>& losses);

Json to_json(const Loss& loss);
/// Reads what to_json wrote. Errors: kDamaged.
Result<Loss> loss_from_json(const Json& json);

}  // namespace reelhouse::model
