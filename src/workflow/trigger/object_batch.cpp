#include "workflow/trigger/object_batch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace reelhouse::workflow {
namespace {

constexpr size_t kKeysToRun = 100;
constexpr size_t kKeysToPeople = 3;

bool watches(const ObjectsTrigger& trigger, Change change) {
  switch (change) {
    case Change::kCreated:
      return trigger.created;
    case Change::kChanged:
      return trigger.changed;
    case Change::kDeleted:
      return trigger.deleted;
  }
  return false;
}

/// Joins two changes of one object, one after the other; nothing when they undo each other.
std::optional<Change> joined(Change before, Change after) {
  if (before == Change::kCreated) return after == Change::kDeleted ? std::nullopt : std::optional(before);
  if (before == Change::kDeleted) return Change::kChanged;
  return after;
}

void add_change(ObjectsMark& mark, const ObjectsTrigger& trigger, const ObjectChange& change) {
  const auto waiting = mark.batch.find(change.key);
  if (waiting == mark.batch.end()) {
    if (watches(trigger, change.change)) mark.batch.emplace(change.key, change.change);
    return;
  }
  auto both = joined(waiting->second, change.change);
  // Deleted and created again is a change, but who watches only what is created wants to hear of it.
  if (both && !watches(trigger, *both)) both = change.change;
  if (both && watches(trigger, *both))
    waiting->second = *both;
  else
    mark.batch.erase(waiting);
}

}  // namespace

void add_to_batch(ObjectsMark& mark, const ObjectsTrigger& trigger, std::span<const ObjectChange> changes,
                  Time now) {
  auto change = std::ranges::lower_bound(changes, mark.prefix, {}, &ObjectChange::key);
  for (; change != changes.end() && change->key.starts_with(mark.prefix); ++change)
    add_change(mark, trigger, *change);
  if (mark.batch.empty())
    mark.since.reset();
  else if (!mark.since)
    mark.since = now;
}

std::optional<Time> batch_time(const ObjectsMark& mark, const ObjectsTrigger& trigger) {
  if (!mark.since || (trigger.wait.count() == 0 && trigger.count > 0)) return std::nullopt;
  return *mark.since + trigger.wait;
}

bool is_complete(const ObjectsMark& mark, const ObjectsTrigger& trigger, Time now) {
  if (mark.batch.empty()) return false;
  if (trigger.count > 0 && mark.batch.size() >= static_cast<size_t>(trigger.count)) return true;
  const auto time = batch_time(mark, trigger);
  return time && *time <= now;
}

std::string describe_batch(const ObjectsMark& mark) {
  std::array<size_t, 3> counts{};
  std::string keys;
  size_t named = 0;
  for (const auto& [key, change] : mark.batch) {
    ++counts[change == Change::kCreated ? 0 : change == Change::kChanged ? 1 : 2];
    if (named++ < kKeysToPeople) keys += (keys.empty() ? "" : ", ") + key;
  }
  if (mark.batch.size() > kKeysToPeople) keys += ", ...";
  std::string kinds;
  constexpr std::array<const char*, 3> kNames = {"created", "changed", "deleted"};
  for (size_t kind = 0; kind < counts.size(); ++kind)
    if (counts[kind] > 0)
      kinds += fmt::format("{}{} {}", kinds.empty() ? "" : ", ", counts[kind], kNames[kind]);
  return fmt::format("{} below {}: {} ({})", counted(mark.batch.size(), "object"),
                     mark.prefix.empty() ? "the lake's root" : mark.prefix, kinds, keys);
}

void put_batch(const ObjectsMark& mark, Properties& properties) {
  std::string keys;
  size_t named = 0;
  for (const auto& [key, change] : mark.batch) {
    if (named++ == kKeysToRun) break;
    keys += (keys.empty() ? "" : "\n") + key;
  }
  properties["trigger.count"] = std::to_string(mark.batch.size());
  properties["trigger.keys"] = keys;
}

}  // namespace reelhouse::workflow
