#include "model/share.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "base/hash.hpp"

namespace reelhouse::model {
namespace {

constexpr uint64_t kFewRecords = 100;  ///< an object with fewer is judged with its drop only
constexpr double kRounding = 1e-9;     ///< 0.05 * 300 is a little more than 15

std::string percent(double share) {
  return fmt::format("{:.4g} %", share * 100);
}

/// What was given and lost, and of what.
struct Tally {
  uint64_t given = 0;
  uint64_t lost = 0;
};

/// One drop, or one object: its records under "", its columns under their names.
struct Delivered {
  std::map<std::string, Tally> tallies = {};
  std::vector<std::string> contents = {};
  uint64_t records = 0;

  void add(const ObjectAccount& object) {
    Tally& all = tallies[""];
    all.given += object.read - object.doubles;
    all.lost += object.rejected_structure + object.rejected_rules - object.doubles;
    for (const auto& [column, values] : object.values) {
      tallies[column].given += values.given;
      tallies[column].lost += values.lost;
    }
    contents.push_back(object.content);
    records += object.read;
  }
};

std::string name_content(std::vector<std::string> contents) {
  std::ranges::sort(contents);
  return sha256(fmt::format("{}", fmt::join(contents, "\n"))).substr(0, 24);
}

/// Judges one table.
class TableJudge {
 public:
  TableJudge(std::string table, const catalog::SourceTable* declared, std::vector<Loss>& losses)
      : table_(std::move(table)), is_declared_(declared != nullptr), losses_(losses) {
    if (declared != nullptr) limits_ = declared->limits;
  }

  void add(const ObjectAccount& object) {
    const std::string drop = to_iso(object.drop);
    drops_[drop].add(object);
    objects_[{drop, object.key}].add(object);
  }

  void judge() {
    std::map<std::pair<std::string, std::string>, LossVerdict> of_drop;  // by drop and column
    for (const auto& [drop, delivered] : drops_)
      for (const auto& [column, tally] : delivered.tallies)
        of_drop[{drop, column}] = judge(drop, "", column, tally, delivered, LossVerdict::kFine);
    for (const auto& [place, delivered] : objects_) {
      if (delivered.records < kFewRecords) continue;
      for (const auto& [column, tally] : delivered.tallies)
        judge(place.first, place.second, column, tally, delivered, of_drop[{place.first, column}]);
    }
  }

 private:
  LossVerdict judge(const std::string& drop, const std::string& object, const std::string& column,
                    const Tally& tally, const Delivered& delivered, LossVerdict known) {
    LossVerdict verdict = judge_loss(tally.given, tally.lost, limits_);
    if (!is_declared_) verdict = std::min(verdict, LossVerdict::kWarn);
    if (verdict <= known) return known;
    losses_.push_back({.table = table_,
                       .drop = drop,
                       .object = object,
                       .column = column,
                       .given = tally.given,
                       .lost = tally.lost,
                       .verdict = verdict,
                       .may_lose = limits_.may_lose,
                       .content = name_content(delivered.contents)});
    return verdict;
  }

  std::string table_;
  bool is_declared_;
  catalog::LossLimits limits_;
  std::map<std::string, Delivered> drops_;
  std::map<std::pair<std::string, std::string>, Delivered> objects_;
  std::vector<Loss>& losses_;
};

}  // namespace

LossVerdict judge_loss(uint64_t given, uint64_t lost, const catalog::LossLimits& limits) {
  if (lost == 0) return LossVerdict::kFine;
  const auto all = static_cast<double>(given);
  const auto gone = static_cast<double>(lost);
  if (gone > all * limits.may_lose + kRounding) return LossVerdict::kStop;
  return gone >= all * limits.warn_lost - kRounding ? LossVerdict::kWarn : LossVerdict::kFine;
}

std::vector<Loss> judge_losses(const Project& project, const std::vector<ObjectAccount>& objects) {
  std::map<std::string, std::vector<const ObjectAccount*>> tables;
  for (const auto& object : objects) tables[object.table].push_back(&object);
  std::vector<Loss> losses;
  for (const auto& [name, its] : tables) {
    TableJudge judge(name, project.find_source_table(name), losses);
    for (const auto* object : its) judge.add(*object);
    judge.judge();
  }
  std::ranges::stable_sort(
      losses, {}, [](const Loss& loss) { return std::tie(loss.table, loss.drop, loss.object, loss.column); });
  return losses;
}

std::string text_of(const Loss& loss) {
  const std::string what = loss.column.empty() ? "records" : fmt::format("values of {}", loss.column);
  const std::string where =
      loss.object.empty() ? fmt::format("raw.{} in the drop {}", loss.table, loss.drop) : loss.object;
  const double share =
      static_cast<double>(loss.lost) / static_cast<double>(std::max(loss.given, uint64_t{1}));
  return fmt::format(
      "{} of {} {} of {} are lost ({}{}{})", loss.lost, loss.given, what, where, percent(share),
      loss.verdict == LossVerdict::kStop ? fmt::format(", {} may be", percent(loss.may_lose)) : "",
      loss.accepted ? ", let in" : "");
}

std::vector<std::string> lines_of(const Loss& loss) {
  std::vector<std::string> lines = {text_of(loss)};
  for (const auto& reason : loss.reasons)
    lines.push_back(fmt::format("  {}{} times: {} ({}:{})", reason.at_least ? "at least " : "", reason.times,
                                reason.text, reason.object, reason.line));
  return lines;
}

std::vector<CheckResult> check_losses(const Project& project, const std::vector<Loss>& losses) {
  std::map<std::string, CheckResult> checks;
  for (const auto& source : project.sources)
    for (const auto& declared : source.tables)
      checks[declared.name] = {
          .model = "raw." + declared.name,
          .name = kShareCheck,
          .description = fmt::format(
              "Each drop, each object of {} records or more and each column keeps what it delivered, but for {}.",
              kFewRecords, percent(declared.limits.may_lose)),
          .passed = true,
          .examples = {},
          .where = declared.where};
  for (const auto& loss : losses) {
    CheckResult& check = checks[loss.table];
    if (check.model.empty()) {
      check.model = "raw." + loss.table;
      check.name = kShareCheck;
    }
    if (check.passed || check.failures == 0) check.severity = Severity::kWarn;
    if (loss.stops()) check.severity = Severity::kError;
    check.passed = false;
    check.failures += loss.lost;
    for (auto& line : lines_of(loss)) check.examples.push_back(std::move(line));
  }
  std::vector<CheckResult> results;
  for (auto& [table, check] : checks) results.push_back(std::move(check));
  return results;
}

}  // namespace reelhouse::model
