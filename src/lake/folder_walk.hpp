#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "lake/object_store.hpp"

namespace reelhouse::lake {

/// Describes the file of an object in a folder; its token is made of size, times and inode.
ObjectInfo object_info(std::string key, const struct stat& status);

/// One walk through a folder of files. Links are followed within the folder, and nothing is taken twice because of
/// them: what lies below raw/ is taken where it lies, what lies elsewhere under the first link that leads there.
class FolderWalk {
 public:
  FolderWalk(const std::filesystem::path& root, const std::string& prefix) : root_(root), prefix_(prefix) {}

  /// Lists what has a key that starts with the prefix, sorted. Opens nothing. Errors: kNotFound (no such folder),
  /// kPermission, kUnavailable.
  Result<Listing> run();

 private:
  using FileId = std::pair<dev_t, ino_t>;

  Result<bool> start(std::string& folder);
  Result<> list_folder(const std::string& folder);
  Result<> list_entry(const std::string& key, const std::string& part);
  Result<> list_found(const std::string& key, const std::string& part, const struct stat& status);
  Result<> follow(const std::string& link);
  void leave_out(const std::string& key, std::string reason, bool is_refused = false);
  size_t seen() const { return listing_.objects.size() + listing_.left_out.size() + links_.size(); }

  const std::filesystem::path root_;
  const std::string prefix_;
  std::filesystem::path real_root_;
  Listing listing_;
  std::vector<std::string> links_;         ///< keys, to be followed when all else is listed
  bool is_below_link_ = false;             ///< what is listed now was reached by a link
  std::map<FileId, std::string> by_link_;  ///< what was reached by links, and under which key
};

}  // namespace reelhouse::lake
