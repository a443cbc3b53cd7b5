#include "catalog/aliases.hpp"

#include <algorithm>
#include <optional>

#include "base/text.hpp"

namespace reelhouse::catalog {
namespace {

/// The field that an alias names beyond doubt where others make the same name: the only one that is
/// spelled exactly so, or the one of that number (`revenue_2`; the first as `revenue: revenue`).
std::optional<size_t> chosen_field(const SourceTable& declared, size_t alias,
                                   const std::vector<std::string>& fields,
                                   const std::vector<std::string>& numbered) {
  const auto& [name, column] = declared.aliases[alias];
  const std::string& spelling = alias < declared.spellings.size() ? declared.spellings[alias] : name;
  if (std::ranges::count(fields, spelling) == 1)
    return static_cast<size_t>(std::ranges::find(fields, spelling) - fields.begin());
  const auto found = std::ranges::find(numbered, spelling);
  if (found == numbered.end()) return std::nullopt;
  const auto field = static_cast<size_t>(found - numbered.begin());
  if (spelling == column_name(fields[field]) && spelling != column) return std::nullopt;
  return field;
}

bool is_declared(const SourceTable& declared, const std::string& column) {
  return std::ranges::find(declared.columns, column) != declared.columns.end() ||
         std::ranges::find(declared.optional_columns, column) != declared.optional_columns.end();
}

bool is_chosen(const SourceTable& declared, const std::string& column, const std::vector<std::string>& fields,
               const std::vector<std::string>& numbered) {
  for (size_t i = 0; i < declared.aliases.size(); ++i)
    if (declared.aliases[i].second == column && chosen_field(declared, i, fields, numbered)) return true;
  return false;
}

}  // namespace

std::vector<std::string> columns_of(const std::vector<std::string>& fields, const SourceTable* declared) {
  auto names = column_names(fields);
  if (declared == nullptr) return names;
  const std::vector<std::string> numbered = names;
  for (size_t i = 0; i < declared->aliases.size(); ++i) {
    const auto& [spelling, column] = declared->aliases[i];
    const auto own = std::ranges::find(names, column);
    const auto chosen = chosen_field(*declared, i, fields, numbered);
    if (own == names.end()) {
      const auto found =
          chosen ? names.begin() + static_cast<ptrdiff_t>(*chosen) : std::ranges::find(names, spelling);
      if (found != names.end()) *found = column;
    } else if (chosen && column_name(fields[*chosen]) == column) {
      std::swap(*own, names[*chosen]);
    }
  }
  return names;
}

std::string ambiguous_columns(const ObjectProfile& profile, const SourceTable& declared) {
  const auto& fields = profile.format.fields;
  const auto numbered = column_names(fields);
  const auto names = columns_of(fields, &declared);
  for (const auto& [first, second, differing] : profile.doubled) {
    const std::string& column = is_declared(declared, names[first]) ? names[first] : names[second];
    if (differing == 0 || !is_declared(declared, column) || is_chosen(declared, column, fields, numbered))
      continue;
    const bool same_spelling = fields[first] == fields[second];
    return fmt::format(
        "has two columns {0} of {1}: field {2} '{3}' and field {4} '{5}', which differ in {6} of {7}; say "
        "which one is meant under aliases ({8}): '{9}: {0}' for the first, '{10}: {0}' for the second",
        column, declared.name, first + 1, fields[first], second + 1, fields[second], grouped(differing),
        counted(profile.records, "record"), declared.where, same_spelling ? column : fields[first],
        same_spelling ? numbered[second] : fields[second]);
  }
  return "";
}

}  // namespace reelhouse::catalog
