#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "lake/object_store.hpp"

namespace reelhouse::lake {

/// A drop folder's name: "drop=2026-11-22", or "drop=2026-11-22.2" for a second delivery on that day, which
/// takes the first one's place.
struct DropName {
  Date day;
  int number = 1;

  std::string to_string() const;
};

/// Reads what stands behind "drop=": a day, and behind a '.' the number of a later delivery, from 2.
std::optional<DropName> parse_drop(std::string_view text);

/// Names the object that says that a folder is still being put: "<folder>.incomplete". Stores that cannot
/// rename put it first and remove it last; whoever fills a bucket by other means may do the same.
std::string incomplete_marker(const std::string& folder);

/// Takes what lies in folders that are still being put, and the markers, out of a listing (sorted by key, of
/// all that lies around those folders); returns the keys of what was taken out, but for the markers.
std::vector<std::string> leave_out_incomplete(std::vector<ObjectInfo>& listing);

/// Puts files as one folder into a store that cannot rename: marker first, marker last away. What a process
/// of the same `owner` left half done is done again. Errors: as ObjectStore::put_folder.
Result<> put_folder_by_marker(ObjectStore& store, std::span<const FolderFile> files,
                              const std::string& folder, const std::string& owner);

/// Stores a text under a key, as ObjectStore::put does a file. Errors: as there.
Result<> put_text(ObjectStore& store, const std::string& text, const std::string& key);

}  // namespace reelhouse::lake
