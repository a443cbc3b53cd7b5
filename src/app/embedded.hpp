#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace reelhouse::app {

/// A file of the shipped project, inside the program. The path is relative to the project.
struct EmbeddedFile {
  std::string path;
  std::string_view content;
};

/// Lists the shipped project's files, sorted by path.
std::vector<EmbeddedFile> embedded_project();

}  // namespace reelhouse::app
