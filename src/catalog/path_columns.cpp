#include "catalog/path_columns.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

#include "catalog/aliases.hpp"
#include "catalog/partition.hpp"
#include "catalog/values.hpp"
#include "lake/keys.hpp"

namespace reelhouse::catalog {
namespace {

constexpr std::string_view kHiveNull = "__HIVE_DEFAULT_PARTITION__";
constexpr size_t kLongestExample = 80;  // as profile.hpp says

/// The columns of a path, a name as often as it is there.
std::vector<PathColumn> all_in_path(const std::string& key) {
  std::vector<PathColumn> columns;
  if (!key.starts_with(lake::kRaw)) return columns;
  size_t begin = key.find('/', lake::kRaw.size());
  PathDay day;
  while (begin != std::string::npos) {
    const size_t end = key.find('/', begin + 1);
    if (end == std::string::npos) break;  // the file's own name
    const std::string folder = key.substr(begin + 1, end - begin - 1);
    begin = end;
    const auto partition = read_partition(folder);
    if (!partition || day.take(*partition, folder)) continue;
    PathColumn column{column_name(folder.substr(0, folder.find('='))), folder, std::nullopt};
    if (!partition->value.empty() && partition->value != kHiveNull) column.value = partition->value;
    columns.push_back(std::move(column));
  }
  return columns;
}

}  // namespace

std::vector<PathColumn> path_columns(const std::string& key) {
  std::vector<PathColumn> columns;
  for (auto& column : all_in_path(key))
    if (std::ranges::find(columns, column.name, &PathColumn::name) == columns.end())
      columns.push_back(std::move(column));
  return columns;
}

std::string path_problem(const std::string& key) {
  const auto all = all_in_path(key);
  for (auto column = all.begin(); column != all.end(); ++column) {
    if (column->value && !simdjson::validate_utf8(*column->value))
      return fmt::format("the value of its folder '{}' is not valid UTF-8; rename the folder",
                         column->folder);
    const auto first = std::ranges::find(all, column->name, &PathColumn::name);
    if (first->value != column->value)
      return fmt::format("its folders '{}' and '{}' give the column {} two values; rename one", first->folder,
                         column->folder, column->name);
  }
  return "";
}

std::vector<PathColumn> added_columns(const CatalogObject& object, const SourceTable* declared) {
  auto columns = path_columns(object.info.key);
  if (columns.empty()) return columns;
  const auto& fields = object.profile.format.fields;
  const auto in_file = [names = columns_of(fields, declared), own = column_names(fields)](const auto& name) {
    return std::ranges::find(names, name) != names.end() || std::ranges::find(own, name) != own.end();
  };
  if (declared != nullptr)
    for (const auto& [spelling, name] : declared->aliases) {
      const auto found = std::ranges::find(columns, spelling, &PathColumn::name);
      if (found == columns.end() || in_file(name) || in_file(spelling)) continue;
      if (std::ranges::find(columns, name, &PathColumn::name) == columns.end()) found->name = name;
    }
  std::erase_if(columns, [&](const PathColumn& column) { return in_file(column.name); });
  return columns;
}

FieldProfile profile_of(const PathColumn& column, const ObjectProfile& object) {
  FieldProfile field;
  const uint64_t delivered = object.records - object.rejected;
  if (!column.value) {
    field.nulls = delivered;
    return field;
  }
  count_value(field, *column.value);
  for (auto& kind : field.kinds) kind *= delivered;
  for (auto& proof : field.evidence) proof *= delivered;
  field.example = column.value->size() <= kLongestExample ? *column.value : "";
  return field;
}

std::string place_of(const PathColumn& column) {
  return "folder " + column.folder.substr(0, column.folder.find('=') + 1);
}

std::string path_note(const CatalogObject& object, const SourceTable* declared) {
  std::string note;
  const auto added = added_columns(object, declared);
  const auto names = column_names(object.profile.format.fields);
  for (const auto& column : path_columns(object.info.key)) {
    if (!note.empty()) note += "; ";
    const auto own = std::ranges::find(added, column.folder, &PathColumn::folder);
    if (own != added.end()) {
      note += fmt::format("the column {} is that of its folder '{}'", own->name, column.folder);
      continue;
    }
    note +=
        fmt::format("its folder '{}' is passed over: the file has a column {}", column.folder, column.name);
    const auto at = static_cast<size_t>(std::ranges::find(names, column.name) - names.begin());
    const auto& fields = object.profile.fields;
    if (at < fields.size() && !fields[at].example.empty() && fields[at].example != column.value)
      note += fmt::format(", which says '{}'", fields[at].example);
  }
  return note;
}

}  // namespace reelhouse::catalog
