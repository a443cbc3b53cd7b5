#include "project/kept.hpp"

#include <sys/stat.h>

#include <algorithm>

namespace reelhouse::project {
namespace {

namespace fs = std::filesystem;

std::string state_of(const fs::path& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) return "";
  return fmt::format("{} {}.{}.{}.{}\n", file.string(), status.st_ino, status.st_size, status.st_mtim.tv_sec,
                     status.st_mtim.tv_nsec);
}

}  // namespace

std::string stamp_of(const std::vector<fs::path>& places) {
  std::string stamp;
  for (const auto& place : places) {
    std::error_code code;
    std::vector<std::string> files = {state_of(place)};
    for (fs::recursive_directory_iterator it(place, code), end; !code && it != end; it.increment(code))
      files.push_back(state_of(it->path()));
    std::ranges::sort(files);
    for (const auto& file : files) stamp += file;
    stamp += '\n';
  }
  return stamp;
}

}  // namespace reelhouse::project
