#include "catalog/changes.hpp"

#include <algorithm>
#include <numeric>
#include <optional>
#include <set>

#include "base/text.hpp"

namespace reelhouse::catalog {
namespace {

const char* plural_of(ValueKind kind) {
  switch (kind) {
    case ValueKind::kInteger:
      return "whole numbers";
    case ValueKind::kDecimal:
      return "decimal numbers";
    case ValueKind::kBoolean:
      return "true or false";
    case ValueKind::kDate:
      return "dates";
    case ValueKind::kTimestamp:
      return "timestamps";
    case ValueKind::kText:
      return "text";
  }
  return "text";
}

bool holds(const std::string& type, ValueKind kind) {
  switch (kind) {
    case ValueKind::kInteger:
      return type == "BIGINT" || type == "DOUBLE" || type == "VARCHAR";
    case ValueKind::kDecimal:
      return type == "DOUBLE" || type == "VARCHAR";
    case ValueKind::kBoolean:
      return type == "BOOLEAN" || type == "VARCHAR";
    case ValueKind::kDate:
      return type == "DATE" || type == "TIMESTAMP" || type == "VARCHAR";
    case ValueKind::kTimestamp:
      return type == "TIMESTAMP" || type == "VARCHAR";
    case ValueKind::kText:
      return type == "VARCHAR";
  }
  return false;
}

/// Counts the values of a field that a type cannot hold.
uint64_t misfits(const FieldProfile& profile, const std::string& type) {
  uint64_t count = 0;
  for (size_t k = 0; k < kValueKinds; ++k)
    if (!holds(type, static_cast<ValueKind>(k))) count += profile.kinds[k];
  return count;
}

uint64_t values(const FieldProfile& profile) {
  return std::accumulate(profile.kinds.begin(), profile.kinds.end(), uint64_t{0});
}

/// Lists the kinds of a column's values that `type` does not hold: "3 of 8,807 values are text".
std::string misfit_kinds(const FieldProfile& profile, const std::string& type) {
  std::string text;
  for (size_t k = 0; k < kValueKinds; ++k) {
    const auto kind = static_cast<ValueKind>(k);
    if (profile.kinds[k] == 0 || holds(type, kind)) continue;
    text += text.empty() ? fmt::format("{} of {} values are {}", grouped(profile.kinds[k]),
                                       grouped(values(profile)), plural_of(kind))
                         : fmt::format(", {} are {}", grouped(profile.kinds[k]), plural_of(kind));
  }
  return text;
}

const FieldProfile* field_of(const CatalogObject& object, const CatalogColumn& column) {
  const auto names = column_names(object.profile.format.fields);
  for (size_t i = 0; i < names.size() && i < object.profile.fields.size(); ++i)
    if (names[i] == column.name || object.profile.format.fields[i] == column.field)
      return &object.profile.fields[i];
  return nullptr;
}

/// Points at an object that holds a value which the old type does not, and at such a value when the
/// object's example must be one.
std::string where_misfit(const CatalogTable& table, const CatalogColumn& column, const std::string& type) {
  std::string place;
  for (auto object = table.objects.rbegin(); object != table.objects.rend(); ++object) {
    const FieldProfile* field = field_of(*object, column);
    if (field == nullptr || misfits(*field, type) == 0) continue;
    if (misfits(*field, type) == values(*field))
      return fmt::format(" ('{}' in {})", field->example, object->info.key);
    if (place.empty()) place = fmt::format(" (in {})", object->info.key);
  }
  return place;
}

std::string type_detail(const CatalogTable& table, const CatalogColumn& before, const CatalogColumn& now) {
  std::string text = fmt::format("{} -> {}: ", before.type, now.type);
  if (misfits(now.profile, before.type) > 0)
    return text + misfit_kinds(now.profile, before.type) + where_misfit(table, now, before.type);
  const uint64_t all = values(now.profile);
  if (all == 0) return text + "it has no values now";
  if (values(before.profile) == 0) return text + fmt::format("it had no values, now {}", grouped(all));
  return text + fmt::format("all of its {} values fit now", grouped(all));
}

std::string describe_object(const CrawledObject& object) {
  const ObjectProfile& profile = object.object.profile;
  std::string text = describe(profile.format);
  text += fmt::format("; {} record{}", grouped(profile.records), profile.records == 1 ? "" : "s");
  if (profile.rejected > 0) text += fmt::format(", {} of them rejected", grouped(profile.rejected));
  if (!object.note.empty()) text += "; " + object.note;
  return text;
}

/// The change of an object that was there before and still is; nothing when it is the same.
std::optional<Change> changed_object(const CrawledObject& before, const CrawledObject& after) {
  const CatalogObject& old = before.object;
  const CatalogObject& now = after.object;
  Change change{ChangeKind::kChangedObject, now.table, now.info.key, ""};
  if (!now.problem.empty()) {
    if (old.problem == now.problem) return std::nullopt;
    return Change{ChangeKind::kUnreadable, "", now.info.key, now.problem};
  }
  if (!old.problem.empty()) {
    change.detail = "can be used now: " + describe_object(after);
  } else if (old.table != now.table) {
    change.detail = fmt::format("moved from {} to {}", old.table, now.table);
  } else if (old.profile.content_hash != now.profile.content_hash) {
    change.detail =
        fmt::format("{} -> {} records", grouped(old.profile.records), grouped(now.profile.records));
  } else if (before.reading != after.reading) {
    change.detail = "read anew, in another way: " + describe_object(after);
  } else if (old.info.etag != now.info.etag) {
    change.what = ChangeKind::kUploadedAgain;
  } else {
    return std::nullopt;
  }
  return change;
}

}  // namespace

const char* name_of(ChangeKind kind) {
  switch (kind) {
    case ChangeKind::kNewTable:
      return "new table";
    case ChangeKind::kGoneTable:
      return "gone table";
    case ChangeKind::kNewColumn:
      return "new column";
    case ChangeKind::kGoneColumn:
      return "gone column";
    case ChangeKind::kChangedType:
      return "changed type";
    case ChangeKind::kNewObject:
      return "new object";
    case ChangeKind::kChangedObject:
      return "changed object";
    case ChangeKind::kDeletedObject:
      return "deleted object";
    case ChangeKind::kUploadedAgain:
      return "uploaded again (same content)";
    case ChangeKind::kEmptyObject:
      return "empty object";
    case ChangeKind::kUnreadable:
      return "unreadable";
  }
  return "changed object";
}

std::optional<ChangeKind> change_kind(std::string_view name) {
  for (int i = 0; i <= static_cast<int>(ChangeKind::kUnreadable); ++i)
    if (name == name_of(static_cast<ChangeKind>(i))) return static_cast<ChangeKind>(i);
  return std::nullopt;
}

std::vector<Change> schema_changes(const CatalogTable& before, const CatalogTable& after) {
  std::vector<Change> changes;
  for (const auto& column : after.columns) {
    const auto old = std::ranges::find(before.columns, column.name, &CatalogColumn::name);
    if (old == before.columns.end())
      changes.push_back({ChangeKind::kNewColumn, after.name, column.name, column.type});
    else if (old->type != column.type)
      changes.push_back(
          {ChangeKind::kChangedType, after.name, column.name, type_detail(after, *old, column)});
  }
  for (const auto& column : before.columns)
    if (std::ranges::find(after.columns, column.name, &CatalogColumn::name) == after.columns.end())
      changes.push_back({ChangeKind::kGoneColumn, after.name, column.name, "was " + column.type});
  return changes;
}

std::vector<Change> object_changes(const std::map<std::string, CrawledObject>& before,
                                   const std::vector<CrawledObject>& after,
                                   const std::vector<std::string>& ignored) {
  std::vector<Change> changes;
  std::set<std::string> still_there;
  for (const auto& object : after) {
    const std::string& key = object.object.info.key;
    still_there.insert(key);
    const auto old = before.find(key);
    const bool is_new = old == before.end();
    std::optional<Change> change;
    if (!is_new)
      change = changed_object(old->second, object);
    else if (!object.object.problem.empty())
      change = Change{ChangeKind::kUnreadable, "", key, object.object.problem};
    else
      change = Change{ChangeKind::kNewObject, object.object.table, key, describe_object(object)};
    if (change && object.object.problem.empty() && object.object.profile.format.fields.empty()) {
      change->what = ChangeKind::kEmptyObject;
      change->detail = "zero bytes, not even a header";
    }
    if (change) changes.push_back(std::move(*change));
  }
  for (const auto& [key, object] : before) {
    if (still_there.contains(key)) continue;
    std::string detail = fmt::format("had {} records", grouped(object.object.profile.records));
    for (const auto& entry : ignored)
      if (entry.starts_with(key + " ("))
        detail += "; it is there but left out " + entry.substr(key.size() + 1);
    changes.push_back({ChangeKind::kDeletedObject, object.object.table, key, std::move(detail)});
  }
  return changes;
}

Change new_table(const CatalogTable& table, bool declared) {
  return {ChangeKind::kNewTable, table.name, "",
          fmt::format("{} columns, {} records in {}{}", table.columns.size(), grouped(table.records()),
                      counted(table.objects.size(), "object"), declared ? "" : "; no source declares it")};
}

Change gone_table(const CatalogTable& table) {
  return {ChangeKind::kGoneTable, table.name, "",
          table.objects.size() == 1
              ? std::string("its only object was deleted or cannot be used any more")
              : fmt::format("all of its {} objects were deleted or cannot be used any more",
                            table.objects.size())};
}

}  // namespace reelhouse::catalog
