#include "catalog/layout.hpp"

#include <fmt/format.h>
#include <fnmatch.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "base/text.hpp"
#include "catalog/foreign.hpp"
#include "catalog/partition.hpp"
#include "catalog/path_columns.hpp"
#include "lake/drops.hpp"
#include "lake/keys.hpp"

namespace reelhouse::catalog {
namespace {

using lake::kRaw;

bool matches(const std::string& glob, const std::string& text, int flags = 0) {
  return ::fnmatch(glob.c_str(), text.c_str(), flags) == 0;
}

std::string file_name(const std::string& key) {
  return key.substr(key.rfind('/') + 1);
}

std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> parts;
  while (true) {
    const size_t slash = path.find('/');
    parts.emplace_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return parts;
    path.remove_prefix(slash + 1);
  }
}

/// True for a folder's name that a file of records would have.
bool is_named_as_file(const std::string& folder) {
  const std::string name = lower(without_compression_suffix(folder));
  constexpr std::array<std::string_view, 7> kOfRecords = {".csv",   ".tsv",    ".txt",    ".json",
                                                          ".jsonl", ".ndjson", ".parquet"};
  return std::ranges::any_of(kOfRecords, [&](std::string_view ending) { return name.ends_with(ending); });
}

bool names_a_day(std::string_view folder) {
  const auto partition = read_partition(folder);
  return partition && PathDay().take(*partition, folder);
}

/// Names the `exclude` glob that means a key; nothing where none does.
std::optional<std::string> excluded_by(const std::string& key, const std::vector<std::string>& exclude) {
  const std::string below = key.substr(kRaw.size());
  for (const auto& glob : exclude) {
    const bool is_folder = glob.ends_with('/') && (below + "/").starts_with(glob);
    if (is_folder || matches(glob, below) || matches(glob, file_name(key)))
      return fmt::format("excluded by {}", glob);
  }
  return std::nullopt;
}

/// Why an object is never looked at.
struct Ignoring {
  std::string reason;
  std::string kind;  ///< under which a run counts it; empty where it tells nothing
};

/// Says why an object is never looked at; nothing for one that is.
std::optional<Ignoring> reason_to_ignore(const lake::ObjectInfo& info,
                                         const std::vector<std::string>& exclude) {
  const std::string below = info.key.substr(kRaw.size());
  const std::string name = file_name(info.key);
  if (name.empty() || (info.size == 0 && name.ends_with("_$folder$"))) return Ignoring{"marks a folder", ""};
  if (name[0] == '.' || name[0] == '_') return Ignoring{"is hidden", ""};
  if (matches("*.md", name, FNM_CASEFOLD)) return Ignoring{"is a note", ""};
  if (matches("*.crc", name)) return Ignoring{"is a checksum", ""};
  if (auto glob = excluded_by(info.key, exclude)) return Ignoring{std::move(*glob), ""};
  const size_t slash = below.find('/');
  if (slash == std::string::npos || slash == 0) return Ignoring{"belongs to no dataset", "in no dataset"};
  const std::string first = below.substr(0, slash);
  if (names_a_day(first))
    return Ignoring{
        fmt::format("belongs to no dataset: {} is its first folder", first.substr(0, first.find('=') + 1)),
        "in no dataset"};
  if (auto reason = foreign_reason(below)) {
    const bool is_unfinished = reason->find("unfinished") != std::string::npos;
    return Ignoring{std::move(*reason), is_unfinished ? "unfinished" : "foreign"};
  }
  return std::nullopt;
}

/// Finds the day in the name of an object whose table declares a pattern of it. A folder's day must be the same.
void find_day_in_name(PlacedObject& object, const SourceTable& table) {
  const DropPattern& pattern = *table.drop_pattern;
  const auto found = pattern.find(object.name);
  if (!found.matches && !object.is_dated()) {
    object.problem = fmt::format(
        "it lies in no drop folder, and its name does not match the drop_pattern {} ({}), so it cannot be told of "
        "which day it is; rename it, move it to a folder drop=YYYY-MM-DD, or leave it out with `exclude` in "
        "reelhouse.yaml",
        pattern.text(), table.where);
  } else if (found.matches && !found.day) {
    object.problem = fmt::format("its name matches the drop_pattern {} ({}), but there is no such day",
                                 pattern.text(), table.where);
  } else if (found.matches && object.is_dated() && object.drop != *found.day) {
    object.problem = fmt::format("its folder says {} and its name {} (drop_pattern {}, {})",
                                 to_iso(object.drop), to_iso(*found.day), pattern.text(), table.where);
  } else if (found.matches && !object.is_dated()) {
    object.drop = *found.day;
    object.delivery = 1;
  }
}

/// Reads dataset, drop and name out of a key below raw/.
void place(PlacedObject& object, const std::vector<Source>& sources) {
  auto parts = split_path(std::string_view(object.info.key).substr(kRaw.size()));
  object.dataset = parts[0];
  PathDay day;
  for (size_t i = 1; i < parts.size(); ++i) {
    const bool is_file = i + 1 == parts.size();
    const auto partition = is_file ? std::nullopt : read_partition(parts[i]);
    if (partition && day.take(*partition, parts[i])) continue;
    if (!is_file && is_named_as_file(parts[i]))
      object.note = fmt::format("it lies in a folder that is named as a file: {}", parts[i]);
    object.name += (object.name.empty() ? "" : "/") + parts[i];
  }
  if (day.is_dated()) {
    const lake::DropName drop = day.drop(object.problem);
    object.drop = drop.day;
    object.delivery = drop.number;
  }
  const SourceTable* claim = find_claim(sources, object.dataset, object.name);
  if (object.problem.empty() && claim != nullptr && claim->drop_pattern) find_day_in_name(object, *claim);
  if (object.problem.empty()) object.problem = path_problem(object.info.key);
  if (!simdjson::validate_utf8(object.info.key)) object.problem = "its name is not valid UTF-8; rename it";
}

/// Leaves out copies that lie beside what they were made of.
void leave_out_copies(Layout& layout) {
  std::set<std::string> keys;
  for (const auto& object : layout.objects) keys.insert(object.info.key);
  std::erase_if(layout.objects, [&](PlacedObject& object) {
    const std::string& key = object.info.key;
    const auto original = original_of_copy(file_name(key));
    if (!original) return false;
    if (!keys.contains(key.substr(0, key.rfind('/') + 1) + *original)) {
      object.note =
          fmt::format("its name is a copy's, but there is no '{}' beside it: it is taken", *original);
      return false;
    }
    layout.ignored.push_back(fmt::format(
        "{} (is a copy of '{}' beside it; if it is the better one, take the other away)", key, *original));
    ++layout.left_out["copies"];
    return true;
  });
}

/// Leaves out the deliveries of a day that a later one of the same day takes the place of.
void leave_out_superseded(Layout& layout) {
  std::map<std::pair<std::string, Date>, int> last;
  const auto place_of = [](const PlacedObject& object) { return std::pair(object.dataset, object.drop); };
  for (const auto& object : layout.objects)
    if (object.delivery > 0) {
      int& number = last[place_of(object)];
      number = std::max(number, object.delivery);
    }
  std::erase_if(layout.objects, [&](const PlacedObject& object) {
    if (object.delivery == 0 || !object.problem.empty()) return false;
    const lake::DropName newest{object.drop, last[place_of(object)]};
    if (object.delivery == newest.number) return false;
    layout.ignored.push_back(fmt::format("{} (a later delivery of that day takes its place: {})",
                                         object.info.key, newest.to_string()));
    return true;
  });
}

}  // namespace

Layout place_objects(const std::vector<lake::ObjectInfo>& all, const std::vector<std::string>& exclude,
                     const std::vector<Source>& sources) {
  Layout layout;
  auto listing = all;
  for (const auto& key : lake::leave_out_incomplete(listing)) {
    layout.ignored.push_back(fmt::format("{} (its folder is still being put, or was left half done)", key));
    ++layout.left_out["unfinished"];
  }
  std::map<std::string, std::vector<size_t>> undated;
  std::set<std::string> outside;
  for (const auto& info : listing) {
    if (!info.key.starts_with(kRaw)) {
      const size_t slash = info.key.find('/');
      outside.insert(info.key.substr(0, slash == std::string::npos ? slash : slash + 1));
      continue;
    }
    if (const auto reason = reason_to_ignore(info, exclude)) {
      layout.ignored.push_back(fmt::format("{} ({})", info.key, reason->reason));
      if (!reason->kind.empty()) ++layout.left_out[reason->kind];
      continue;
    }
    PlacedObject object{info, {}, {}, Date(), 0, {}, {}};
    place(object, sources);
    if (!object.is_dated()) undated[object.dataset].push_back(layout.objects.size());
    layout.objects.push_back(std::move(object));
  }
  for (const auto& [dataset, indexes] : undated) {
    Time newest = Time::min();
    for (const size_t i : indexes) newest = std::max(newest, layout.objects[i].info.modified);
    for (const size_t i : indexes)
      layout.objects[i].drop = Date(std::chrono::floor<std::chrono::days>(newest));
  }
  leave_out_copies(layout);
  leave_out_superseded(layout);
  for (const auto& place_outside : outside)
    layout.ignored.push_back(fmt::format("{} (is not below raw/)", place_outside));
  std::ranges::sort(layout.objects, {}, [](const auto& object) { return object.info.key; });
  return layout;
}

void place_left_out(const std::vector<lake::LeftOut>& left_out, const std::vector<std::string>& exclude,
                    Layout& layout) {
  for (const auto& [key, reason, is_refused] : left_out) {
    const bool is_raw = key + "/" == kRaw;
    if (!is_raw && !key.starts_with(kRaw)) continue;
    if (const auto glob = is_raw ? std::nullopt : excluded_by(key, exclude)) {
      layout.ignored.push_back(fmt::format("{} ({})", key, *glob));
    } else if (is_refused) {
      PlacedObject object{{key, 0, "", Time()}, {}, {}, Date(), 0, "it " + reason, {}};
      object.dataset = is_raw ? key : split_path(std::string_view(key).substr(kRaw.size())).front();
      object.name = file_name(key);
      layout.objects.push_back(std::move(object));
    } else {
      layout.ignored.push_back(fmt::format("{} ({})", key, reason));
      const bool is_link = reason.starts_with("is a link") || reason.starts_with("is what");
      ++layout.left_out[reason == lake::kUnfinishedWork ? "unfinished" : is_link ? "links" : "no files"];
    }
  }
  std::ranges::sort(layout.objects, {}, [](const auto& object) { return object.info.key; });
}

std::string without_compression_suffix(const std::string& name) {
  for (const char* suffix : {".gz", ".gzip", ".zst", ".zstd"}) {
    const size_t length = std::char_traits<char>::length(suffix);
    if (name.size() > length && matches(std::string("*") + suffix, name, FNM_CASEFOLD))
      return name.substr(0, name.size() - length);
  }
  return name;
}

std::vector<std::string> spellings_of(const std::string& name) {
  const std::string plain = without_compression_suffix(name);
  return {name, plain, file_name(name), file_name(plain)};
}

bool glob_claims(const std::string& glob, const std::string& name) {
  for (const auto& spelling : spellings_of(name))
    if (matches(glob, spelling, FNM_CASEFOLD)) return true;
  return false;
}

}  // namespace reelhouse::catalog
