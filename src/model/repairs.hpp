#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/yaml.hpp"
#include "model/project.hpp"

namespace reelhouse::model {

/// Repairs that a project writes once, in models/repairs.yml, and models count by name:
///
///     kinds:
///       odd_space: squeeze_spaces({was}) <> {was}     # {was}, {now}: the model's columns
///       odd_space_in_name: {kind: odd_space, when: ...}  # counted as another kind
///     sets:
///       text: [odd_space]
///
///     repairs:                                        # in a model's YAML
///       - {column: Age, was: _was_age, now: age, kinds: text}
class RepairBook {
 public:
  /// Reads the file; an absent one holds nothing.
  /// Errors: kProject with file, line and near miss; kPermission.
  static Result<RepairBook> load(const std::filesystem::path& file);
  /// Makes the book that stands for a file with mistakes: what is asked of it is left out, not refused.
  static RepairBook unread();

  /// Writes out one item with `kinds`: a rule for each, in their order.
  /// Errors: kProject (unknown kind with the near miss; one that comes twice; one that needs `now`).
  Result<std::vector<RepairRule>> rules_of(const Yaml& item) const;

 private:
  struct Kind {
    std::string counted_as;
    std::string when;
  };
  Result<> read_kinds(const Yaml& yaml);
  Result<> read_sets(const Yaml& yaml);
  std::vector<std::string> names() const;

  std::map<std::string, Kind> kinds_;
  std::map<std::string, std::vector<std::string>> sets_;
  bool is_read_ = true;
};

}  // namespace reelhouse::model
