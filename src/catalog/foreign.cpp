#include "catalog/foreign.hpp"

#include <array>
#include <regex>
#include <string_view>
#include <utility>

#include "base/text.hpp"
#include "catalog/layout.hpp"

namespace reelhouse::catalog {
namespace {

using Ending = std::pair<std::string_view, std::string_view>;

constexpr std::array<Ending, 18> kEndings = {{
    {".tmp", "is unfinished"},
    {".temp", "is unfinished"},
    {".part", "is unfinished"},
    {".partial", "is unfinished"},
    {".crdownload", "is unfinished"},
    {".download", "is unfinished"},
    {".filepart", "is unfinished"},
    {".opdownload", "is unfinished"},
    {".incomplete", "is unfinished"},
    {".bak", "is a backup"},
    {".old", "is a backup"},
    {".orig", "is a backup"},
    {"~", "is a backup"},
    {".swp", "is an editor's"},
    {".lock", "is a lock"},
    {":zone.identifier", "is the mark of a download"},
    {"thumbs.db", "is the system's"},
    {"desktop.ini", "is the system's"},
}};

}  // namespace

std::optional<std::string> foreign_reason(const std::string& path) {
  for (size_t at = 0, slash = path.find('/'); slash != std::string::npos; slash = path.find('/', at)) {
    const std::string folder = path.substr(at, slash - at);
    if (at > 0 && folder.starts_with('_') && folder.find('=') == std::string::npos)
      return "is in a folder of unfinished work: " + folder;
    at = slash + 1;
  }
  const std::string name = lower(path.substr(path.rfind('/') + 1));
  if (name.starts_with("~$")) return "is an office program's lock";
  for (const auto& [ending, reason] : kEndings)
    if (name.ends_with(ending) && (name.size() > ending.size() || ending.find('.') != 0))
      return std::string(reason);
  return std::nullopt;
}

std::optional<std::string> original_of_copy(const std::string& name) {
  // The words of Windows, macOS and common browsers and drives, in the languages of most of their users.
  static const std::regex kBefore(
      "(?:copy of|kopie von|copie de|copia de|c(?:\xc3\xb3|\xc3\x93|o)pia de|copia di) (.+)",
      std::regex::icase);
  static const std::regex kBehind(
      "(.+?)(?: - (?:copy|kopie|copie|copia|c(?:\xc3\xb3|\xc3\x93|o)pia)(?: ?\\([0-9]{1,3}\\))?| copy(?: [0-9]{1,3})?"
      "| ?\\([0-9]{1,3}\\))",
      std::regex::icase);
  if (name.size() > 255) return std::nullopt;
  const std::string plain = without_compression_suffix(name);
  const size_t dot = std::min(plain.rfind('.'), plain.size());
  const std::string stem = plain.substr(0, dot);
  std::smatch found;
  if (std::regex_match(name, found, kBefore)) return found[1].str();
  if (std::regex_match(stem, found, kBehind)) return found[1].str() + name.substr(dot);
  return std::nullopt;
}

}  // namespace reelhouse::catalog
