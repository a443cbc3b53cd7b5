#include "base/temporary_file.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/files.hpp"

namespace reelhouse {

namespace fs = std::filesystem;

Result<TemporaryFile> TemporaryFile::make(std::string_view text) {
  std::error_code code;
  const fs::path folder = fs::temp_directory_path(code);
  std::string name = ((code ? fs::path("/tmp") : folder) / "reelhouse-XXXXXX").string();
  const int descriptor = ::mkstemp(name.data());
  if (descriptor < 0) return fail(system_error("making a temporary file", name, errno));
  TemporaryFile file(name);
  const ssize_t written = ::write(descriptor, text.data(), text.size());
  const int reason = written < 0 ? errno : ENOSPC;
  ::close(descriptor);
  if (written != static_cast<ssize_t>(text.size()))
    return fail(system_error("writing a temporary file", name, reason));
  return file;
}

TemporaryFile::~TemporaryFile() {
  if (!path_.empty()) ::unlink(path_.c_str());
}

}  // namespace reelhouse
