#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "model/builder.hpp"

namespace reelhouse::model {

/// The result of one check.
struct CheckResult {
  std::string model;
  std::string name;
  std::string description;
  Severity severity = Severity::kError;
  bool passed = false;
  bool known = false;                 ///< passed on the same fingerprints before; not run again
  uint64_t failures = 0;              ///< rows that fail it
  std::vector<std::string> examples;  ///< up to five, as text
  std::string where;                  ///< file:line of its declaration
  double seconds = 0;
};

/// Remembers, in one file, which checks have passed on which fingerprints.
class PassedChecks {
 public:
  explicit PassedChecks(std::filesystem::path file);
  bool contains(const std::string& key) const;
  /// Replaces the memory by `keys`. Errors: kPermission, kFull.
  Result<> save(const std::vector<std::string>& keys);

 private:
  std::filesystem::path file_;
  std::vector<std::string> keys_;
};

struct CheckRun {
  std::vector<CheckResult> results;
  std::vector<std::string> left_out;  ///< "model.check": it reads a model outside the build (--select)
};

/// Runs the checks of every model of the last build, side by side; failing rows are counted, the first
/// five kept as examples. Errors: kProject (a check's SQL is wrong: file and line), kInterrupted.
Result<CheckRun> run_checks(const Builder& builder, const Graph& graph, engine::Database& database,
                            PassedChecks& passed, int workers);

/// Judges what the lake delivered, before any model: required datasets that are missing or empty,
/// objects that could not be read, drops of a day after `today`, a drop with a smaller share of the rows of
/// the one before than its source allows.
std::vector<CheckResult> check_delivery(const Project& project,
                                        const std::vector<catalog::CatalogTable>& tables,
                                        const std::vector<catalog::CatalogObject>& unreadable, Date today);

/// Judges whether it is known how each declared column is written: one check a declared table.
std::vector<CheckResult> check_conventions(const Project& project,
                                           const std::vector<catalog::CatalogTable>& tables);

/// What became of the records of one object of the lake: read = kept + rejected.
struct ObjectAccount {
  std::string key;
  std::string etag;
  std::string table;
  Date drop;
  uint64_t bytes = 0;
  uint64_t read = 0;
  uint64_t rejected_structure = 0;  ///< by the crawl: no record of the table's structure
  uint64_t rejected_rules = 0;      ///< by the rules of the model that stages it
  uint64_t kept = 0;
  uint64_t doubles = 0;      ///< rejected ones that are the same as a kept record: nothing of them is lost
  std::string content = {};  ///< hash of the object's bytes
  std::map<std::string, BuildRecord::Values> values = {};  ///< by column; of those that lost any
};

/// Accounts for every object of the catalog from the models that keep `_object`, and adds a check of
/// severity error for each model that delivers another number of records than it was given.
std::vector<ObjectAccount> account(const Graph& graph, const std::vector<ModelOutcome>& outcomes,
                                   const std::vector<catalog::CatalogTable>& tables,
                                   std::vector<CheckResult>& checks);

/// A drop of a table, whose loss of records somebody has let in.
using AcceptedDrops = std::vector<std::pair<std::string, std::string>>;

/// Judges what the rules left of each delivery: as check_delivery, by the rows that were kept. A newest drop
/// that was let in as it is is not held against the one before.
std::vector<CheckResult> check_kept(const Project& project, const std::vector<ObjectAccount>& objects,
                                    const AcceptedDrops& accepted);

}  // namespace reelhouse::model
