#include "app/embedded.hpp"

namespace {

/// As cmake/embed.cmake lays it out.
struct Entry {
  const char* path;
  const char* begin;
  const char* end;
};

}  // namespace

extern "C" const Entry embedded_files[];
extern "C" const Entry embedded_files_end[];

namespace reelhouse::app {

std::vector<EmbeddedFile> embedded_project() {
  std::vector<EmbeddedFile> files;
  for (const Entry* entry = embedded_files; entry != embedded_files_end; ++entry)
    files.push_back({entry->path, {entry->begin, static_cast<size_t>(entry->end - entry->begin)}});
  return files;
}

}  // namespace reelhouse::app
