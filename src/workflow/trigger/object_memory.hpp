#pragma once

#include <bitset>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "lake/object_store.hpp"
#include "workflow/history/runs.hpp"
#include "workflow/trigger/marks.hpp"

namespace reelhouse::workflow {

/// One difference between two listings.
struct ObjectChange {
  std::string key;
  Change change;
};

/// Remembers the objects of the lake as triggers last saw them: every key with its ETag, once for all
/// triggers. It is kept in up to 256 marks (by a hash of the key), so that a change writes a 256th of it, not
/// all.
class ObjectMemory {
 public:
  /// Takes what it needs from among `marks`. Returns false when one of its marks cannot be read: it is empty
  /// then, and cannot tell what has changed.
  bool load(const std::map<std::string, std::string>& marks);
  /// True for names of marks that are this class's own.
  static bool owns(const std::string& mark);

  /// Compares a listing of what begins with `prefix` to what is remembered, remembers it, and returns what is
  /// different, sorted by key.
  std::vector<ObjectChange> update(const std::string& prefix, const std::vector<lake::ObjectInfo>& listing);
  /// Forgets the keys that begin with none of `prefixes`, which are sorted, none of them within another.
  void keep_only(const std::vector<std::string>& prefixes);
  /// Returns the marks that changed since the last call; an empty content says that a mark is not needed
  /// any more.
  std::vector<TriggerMark> changed_marks();
  size_t size() const { return objects_.size(); }

 private:
  struct Remembered {
    std::string key;
    std::string etag;
    uint8_t shard = 0;
  };

  std::vector<Remembered> objects_;  ///< sorted by key
  std::bitset<256> touched_;         ///< shards that differ from their marks
};

}  // namespace reelhouse::workflow
