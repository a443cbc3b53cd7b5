#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "metric/parts.hpp"

namespace reelhouse::metric {

/// The files of metrics/shared/: parts that views use by the file's name.
///
///     uses: subscriber                             # all of shared/subscriber.yml
///     uses: [subscriber, genre]
///     uses: {subscriber: [plan, country]}          # of its dimensions these, and no hierarchy
class SharedParts {
 public:
  /// Reads every file of the folder; an absent folder has none.
  /// Errors: kProject with file, line and near miss (a circle of files that use each other); kPermission.
  static Result<SharedParts> load(const std::filesystem::path& folder);

  /// Returns the parts that `uses:` asks for, in its order. Errors: kProject as above.
  Result<Parts> used_by(const Yaml& uses) const;

 private:
  /// Reads a file after those that it uses; `path` are the files that lead to it.
  Result<> read(const std::string& name, std::vector<std::string> path);
  Result<Parts> taken(const std::string& name, const Yaml& place, const Yaml& picked) const;

  std::map<std::string, Yaml> files_;
  std::map<std::string, Parts> parts_;  ///< of the files that are read
};

}  // namespace reelhouse::metric
