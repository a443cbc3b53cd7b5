#include "workflow/trigger/object_memory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/hash.hpp"

namespace reelhouse::workflow {
namespace {

/// No workflow's name holds a '#'.
constexpr std::string_view kMark = "#objects/";

uint8_t shard_of(const std::string& key) {
  ContentHash hash;
  hash.add(std::as_bytes(std::span(key)));
  return static_cast<uint8_t>(std::stoi(hash.digest().substr(0, 2), nullptr, 16));
}

/// Returns `listing`, or a sorted copy of it in `copy`.
const std::vector<lake::ObjectInfo>& sorted(const std::vector<lake::ObjectInfo>& listing,
                                            std::vector<lake::ObjectInfo>& copy) {
  if (std::ranges::is_sorted(listing, {}, &lake::ObjectInfo::key)) return listing;
  copy = listing;
  std::ranges::sort(copy, {}, &lake::ObjectInfo::key);
  return copy;
}

}  // namespace

bool ObjectMemory::owns(const std::string& mark) {
  return mark.starts_with(kMark);
}

bool ObjectMemory::load(const std::map<std::string, std::string>& marks) {
  bool whole = true;
  for (auto mark = marks.lower_bound(std::string(kMark)); mark != marks.end() && owns(mark->first); ++mark) {
    std::string_view rest = mark->second;
    while (!rest.empty()) {
      const size_t end = rest.find('\n');
      const size_t blank = rest.find(' ');
      const bool line = end != std::string_view::npos && blank < end;
      auto key = line ? unescape(rest.substr(0, blank)) : std::nullopt;
      auto etag = line ? unescape(rest.substr(blank + 1, end - blank - 1)) : std::nullopt;
      whole = whole && key && etag;
      if (!whole) break;
      const uint8_t shard = shard_of(*key);
      objects_.push_back({std::move(*key), std::move(*etag), shard});
      rest.remove_prefix(end + 1);
    }
  }
  std::ranges::sort(objects_, {}, &Remembered::key);
  if (!whole) {
    objects_.clear();
    touched_.set();
  }
  return whole;
}

std::vector<ObjectChange> ObjectMemory::update(const std::string& prefix,
                                               const std::vector<lake::ObjectInfo>& listing) {
  std::vector<lake::ObjectInfo> copy;
  const auto& now = sorted(listing, copy);
  const auto first = std::ranges::lower_bound(objects_, prefix, {}, &Remembered::key);
  const auto last = std::find_if_not(
      first, objects_.end(), [&](const Remembered& object) { return object.key.starts_with(prefix); });
  std::vector<ObjectChange> changes;
  auto before = first;
  auto object = now.begin();
  while (before != last || object != now.end()) {
    if (object == now.end() || (before != last && before->key < object->key)) {
      changes.push_back({before->key, Change::kDeleted});
      ++before;
    } else if (before == last || object->key < before->key) {
      changes.push_back({object->key, Change::kCreated});
      ++object;
    } else {
      if (before->etag != object->etag) changes.push_back({object->key, Change::kChanged});
      ++before;
      ++object;
    }
  }
  if (changes.empty()) return changes;

  std::vector<Remembered> fresh;
  fresh.reserve(now.size());
  before = first;
  for (const auto& info : now) {
    while (before != last && before->key < info.key) ++before;
    const bool known = before != last && before->key == info.key;
    fresh.push_back({info.key, info.etag, known ? before->shard : shard_of(info.key)});
  }
  for (const auto& change : changes) touched_.set(shard_of(change.key));
  const auto at = objects_.erase(first, last);
  objects_.insert(at, std::make_move_iterator(fresh.begin()), std::make_move_iterator(fresh.end()));
  return changes;
}

void ObjectMemory::keep_only(const std::vector<std::string>& prefixes) {
  std::erase_if(objects_, [&](const Remembered& object) {
    const auto after = std::ranges::upper_bound(prefixes, object.key);
    const bool kept = after != prefixes.begin() && object.key.starts_with(*std::prev(after));
    if (!kept) touched_.set(object.shard);
    return !kept;
  });
}

std::vector<TriggerMark> ObjectMemory::changed_marks() {
  std::array<std::string, 256> contents;
  if (touched_.any())
    for (const auto& object : objects_)
      if (touched_[object.shard])
        contents[object.shard] += escape(object.key) + ' ' + escape(object.etag) + '\n';
  std::vector<TriggerMark> marks;
  for (size_t shard = 0; shard < contents.size(); ++shard)
    if (touched_[shard]) marks.push_back({fmt::format("{}{:02x}", kMark, shard), std::move(contents[shard])});
  touched_.reset();
  return marks;
}

}  // namespace reelhouse::workflow
