#include <unordered_map>
#include <unordered_set>

#include "catalog/profile.hpp"
#include "catalog/values.hpp"

namespace reelhouse::catalog {
namespace {

bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}

}  // namespace

std::string column_name(const std::string& field) {
  std::string name;
  for (size_t i = 0; i < field.size(); ++i) {
    const char c = field[i];
    if (!is_lower(c) && !is_upper(c) && !is_digit(c)) {
      if (!name.empty() && name.back() != '_') name += '_';
      continue;
    }
    const char before = i > 0 ? field[i - 1] : '\0';
    const char after = i + 1 < field.size() ? field[i + 1] : '\0';
    const bool hump = is_upper(c) && (is_lower(before) || is_digit(before));
    const bool last_of_capitals = is_upper(c) && is_upper(before) && is_lower(after);
    if ((hump || last_of_capitals) && !name.empty() && name.back() != '_') name += '_';
    name += is_upper(c) ? static_cast<char>(c + ('a' - 'A')) : c;
  }
  while (!name.empty() && name.back() == '_') name.pop_back();
  if (name.empty()) return "column";
  if (is_digit(name.front())) name.insert(name.begin(), '_');
  return name;
}

std::vector<DoubledField> doubled_fields(const std::vector<std::string>& fields) {
  std::vector<DoubledField> doubled;
  std::unordered_map<std::string, size_t> first;
  for (size_t i = 0; i < fields.size(); ++i) {
    const auto [known, is_new] = first.emplace(column_name(fields[i]), i);
    if (!is_new) doubled.push_back({known->second, i, 0});
  }
  return doubled;
}

std::vector<std::string> column_names(const std::vector<std::string>& fields) {
  std::vector<std::string> names;
  std::unordered_set<std::string> taken;
  for (const auto& field : fields) taken.insert(column_name(field));
  std::unordered_set<std::string> used;
  for (const auto& field : fields) {
    const std::string plain = column_name(field);
    std::string name = plain;
    // A number already taken by another field's own name is skipped: a, a, a_2 -> a, a_3, a_2.
    for (int number = 2; used.contains(name) || (name != plain && taken.contains(name)); ++number)
      name = plain + "_" + std::to_string(number);
    used.insert(name);
    names.push_back(std::move(name));
  }
  return names;
}

}  // namespace reelhouse::catalog
