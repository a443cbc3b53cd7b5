#include <algorithm>

#include "base/near_miss.hpp"
#include "lake/keys.hpp"
#include "workflow/define/definition.hpp"

namespace reelhouse::workflow {
namespace {

namespace fs = std::filesystem;

/// Makes a path absolute and follows its links as far as it exists.
fs::path resolved(const fs::path& path) {
  std::error_code code;
  const fs::path absolute = fs::absolute(path, code);
  fs::path real = fs::weakly_canonical(absolute, code);
  if (code) real = absolute.lexically_normal();
  if (!real.has_filename()) real = real.parent_path();
  return real;
}

bool lies_in(const fs::path& path, const fs::path& folder) {
  return std::mismatch(folder.begin(), folder.end(), path.begin(), path.end()).first == folder.end();
}

/// A folder that exports keep out of, and what it is called.
struct Guarded {
  fs::path folder;
  std::string what;
};

std::vector<Guarded> guarded_folders(const ProjectNames& names) {
  std::vector<Guarded> folders;
  const auto add = [&](const std::string& place, const fs::path& below, const std::string& what) {
    if (place.empty() || place.find("://") != std::string::npos) return;
    folders.push_back({resolved(below.empty() ? fs::path(place) : fs::path(place) / below), what});
  };
  add(names.lake, lake::kRaw, "the lake's raw/");
  add(names.store, "", "the store");
  add(names.warehouse, "", "the warehouse");
  for (const auto& folder : names.folders)
    folders.push_back({resolved(folder), fmt::format("the project's {}/", folder.filename().string())});
  return folders;
}

}  // namespace

Result<> check_export_target(const std::string& to, const ProjectNames& names) {
  const std::string hint = "Name a folder of its own, for example exports.";
  if (to.empty()) return fail(ErrorKind::kProject, "the export's folder is empty", hint);
  if (to.find('\0') != std::string::npos)
    return fail(ErrorKind::kProject, "the export's folder holds a NUL character", hint);
  if (to.find("://") != std::string::npos)
    return fail(ErrorKind::kProject, fmt::format("'{}' is no folder: an export writes to a folder", to),
                hint);
  const fs::path target = resolved(names.project / to);
  for (const auto& [folder, what] : guarded_folders(names)) {
    if (lies_in(target, folder))
      return fail(ErrorKind::kProject,
                  fmt::format("the export would write into {}, which the project itself reads or keeps: '{}'",
                              what, to),
                  hint);
    if (lies_in(folder, target))
      return fail(ErrorKind::kProject,
                  fmt::format("the export would write into the folder that holds {}: '{}'", what, to), hint);
  }
  return {};
}

Result<std::string> with_properties(const std::string& text,
                                    const std::map<std::string, std::string>& values) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t dollar = text.find('$', at);
    out += text.substr(at, dollar - at);
    if (dollar == std::string::npos) break;
    const size_t end = text.find('}', dollar);
    if (text.compare(dollar, 2, "${") != 0 || end == std::string::npos)
      return fail(ErrorKind::kProject, fmt::format("a '$' in '{}' begins no property", text),
                  "Write a property as ${name}.");
    const std::string name = text.substr(dollar + 2, end - dollar - 2);
    const auto value = values.find(name);
    if (value == values.end()) {
      std::vector<std::string> known;
      for (const auto& each : values) known.push_back(each.first);
      return fail(ErrorKind::kProject, fmt::format("nobody declares the property '{}'", name),
                  did_you_mean(name, known, fmt::format("Declare it: properties: {{{}: \"\"}}.", name)));
    }
    out += value->second;
    at = end + 1;
  }
  return out;
}

}  // namespace reelhouse::workflow
