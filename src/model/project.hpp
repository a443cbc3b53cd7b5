#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "catalog/sources.hpp"

namespace reelhouse::model {

enum class Severity { kError, kWarn };
/// What a check holds of its columns; kSql: what its statement says.
enum class CheckKind { kSql, kNotNull, kUnique, kRelationship, kAcceptedValues };
enum class Materialisation { kTable, kView };

/// A check of a built model: `sql` returns the rows that fail it.
struct Check {
  std::string model;
  std::string name;  ///< "not_null(user_key)", or the name that the YAML gives
  std::string description;
  Severity severity = Severity::kError;
  std::string sql;
  std::string where;  ///< file:line
  CheckKind kind = CheckKind::kSql;
  std::vector<std::string> columns = {};  ///< of the model; empty for kSql

  /// True when it is made from columns of the model alone: sound where those exist.
  bool is_plain() const { return kind != CheckKind::kSql && kind != CheckKind::kRelationship; }
};

/// A rule that sends rows to quarantine.
struct RejectRule {
  std::string column;
  std::string when;  ///< SQL over the model's own columns
  std::string reason;
  std::string value;  ///< SQL; empty = null
  std::string where;
};

/// A rule that counts rows that the model has mended, with the value from before.
struct RepairRule {
  std::string kind;
  std::string column;
  std::string when;
  std::string was;
  std::string now;
  std::string where;
  bool is_named = false;  ///< of models/repairs.yml: `now` is what became of every value of the column
};

/// A relationship that a check of severity error holds: every value of `column` is one of `key` in `to`.
struct Relationship {
  std::string column;
  std::string to;
  std::string key;
};

struct ColumnSpec {
  std::string name;
  std::string description;
  std::string where;  ///< file:line
};

/// One SELECT, and what its YAML says of it.
struct Model {
  std::string name;
  std::filesystem::path file;  ///< the .sql
  std::string folder;          ///< below models/: "staging", "marts"
  std::string sql;             ///< the file as it is
  std::string row;             ///< first comment line: what a row is
  Materialisation materialisation = Materialisation::kTable;
  std::string description;
  std::vector<std::string> grain;
  std::chrono::seconds max_age{0};  ///< promised of the oldest dataset that it stands on; 0 = nothing is
  std::vector<ColumnSpec> columns;
  std::vector<Check> checks;
  std::vector<Relationship> relationships;
  std::vector<RejectRule> rejects;
  std::vector<RepairRule> repairs;
  std::string specification;  ///< the YAML's rules as text, part of the fingerprint

  /// True for a folder below models/ and for those in it: "marts" holds "marts/finance".
  bool is_in(const std::string& where) const { return folder == where || folder.starts_with(where + "/"); }
  bool published() const { return is_in("marts"); }
  bool has_rules() const { return !rejects.empty() || !repairs.empty(); }
  /// Returns the SELECT without the semicolon that ends it and what stands behind; lines stay the file's.
  std::string statement() const;
};

/// A small CSV of reference data that the project brings itself; all columns are text.
struct Seed {
  std::string name;
  std::filesystem::path file;
  std::vector<std::string> columns;
  std::string content;
};

/// A project folder as it was read: nothing is bound or ordered yet.
struct Project {
  std::filesystem::path root;
  std::vector<catalog::Source> sources;
  std::vector<Model> models;  ///< sorted by name
  std::vector<Seed> seeds;
  std::vector<std::string> broken;  ///< what could not be read: "stg_user", "seed.plan", "raw.*" for sources/

  /// Tells whether a table is missing only because its file could not be read; who names it is not to
  /// blame.
  bool is_broken(const std::string& table) const;
  const Model* find(const std::string& name) const;
  const catalog::SourceTable* find_source_table(const std::string& name) const;
};

/// Reads sources/, seeds/ and models/ of a project. Errors: kProject with file, line and near miss;
/// kNotFound, kPermission. Stops at the first problem.
Result<Project> load_project(const std::filesystem::path& root);

/// The same, but gathers every problem instead of stopping at the first.
Project load_project(const std::filesystem::path& root, std::vector<Error>& problems);

}  // namespace reelhouse::model
