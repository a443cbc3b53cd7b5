#include "lake/s3/profile_file.hpp"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "base/files.hpp"
#include "base/text.hpp"

namespace reelhouse::lake::s3 {
namespace {

namespace fs = std::filesystem;

std::string_view unquoted(std::string_view text) {
  const bool quoted =
      text.size() >= 2 && (text.front() == '"' || text.front() == '\'') && text.back() == text.front();
  return quoted ? text.substr(1, text.size() - 2) : text;
}

/// Cuts a comment off a section line or a value: a '#' or ';' after white space.
std::string_view without_comment(std::string_view text) {
  for (size_t i = 1; i < text.size(); ++i)
    if ((text[i] == '#' || text[i] == ';') && (text[i - 1] == ' ' || text[i - 1] == '\t'))
      return trimmed(text.substr(0, i));
  return text;
}

/// Finds, or makes, the settings that a section's name means; null for one that is none of ours.
Profile* section_of(std::string_view name, bool is_credentials, ProfileFiles& files) {
  name = trimmed(name);
  const size_t space = name.find_first_of(" \t");
  const std::string_view kind = name.substr(0, space);
  const std::string rest(unquoted(trimmed(space == std::string_view::npos ? "" : name.substr(space))));
  if (kind == "sso-session" && !rest.empty()) return &files.sso_sessions[rest];
  if (kind == "services" && !rest.empty()) return &files.services[rest];
  if (kind == "profile" && !rest.empty()) return &files.profiles[rest];
  if (is_credentials || name == "default") return &files.profiles[std::string(unquoted(name))];
  return nullptr;
}

Result<std::string> read_if_there(const fs::path& file) {
  auto text = read_file(file);
  if (!text && text.error().kind == ErrorKind::kNotFound) return std::string();
  return text;
}

fs::path home(const Environment& environment) {
  if (const std::string named = environment("HOME"); !named.empty()) return named;
  std::vector<char> buffer(16384);
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(::getuid(), &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr)
    return found->pw_dir;
  return "/";
}

fs::path expanded(const std::string& path, const Environment& environment) {
  return path.starts_with("~/") ? home(environment) / path.substr(2) : fs::path(path);
}

}  // namespace

Environment process_environment() {
  return [](const std::string& name) -> std::string {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? "" : value;
  };
}

const Profile* ProfileFiles::find(const std::string& name) const {
  const auto found = profiles.find(name);
  return found == profiles.end() ? nullptr : &found->second;
}

void add_profiles(std::string_view text, bool is_credentials, ProfileFiles& files) {
  Profile* section = nullptr;
  std::string parent;  // the setting that indented lines belong to
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view raw = text.substr(begin, end - begin);
    begin = end + 1;
    const std::string_view line = trimmed(raw);
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    if (line.front() == '[') {
      const size_t close = line.find(']');
      parent.clear();
      section = close == std::string_view::npos
                    ? nullptr
                    : section_of(line.substr(1, close - 1), is_credentials, files);
      continue;
    }
    const size_t equals = line.find('=');
    if (section == nullptr || equals == std::string_view::npos) continue;
    std::string name = lower(trimmed(line.substr(0, equals)));
    const std::string value(without_comment(trimmed(line.substr(equals + 1))));
    const bool indented = raw.front() == ' ' || raw.front() == '\t';
    if (indented && !parent.empty()) {
      name = parent + "." + name;
    } else {
      parent = value.empty() ? name : "";
    }
    (*section)[name] = value;
  }
}

Result<ProfileFiles> load_profiles(const Environment& environment) {
  const auto place = [&](const char* variable, const char* usual) {
    const std::string named = environment(variable);
    return named.empty() ? home(environment) / ".aws" / usual : expanded(named, environment);
  };
  RH_ASSIGN(const std::string config, read_if_there(place("AWS_CONFIG_FILE", "config")));
  RH_ASSIGN(const std::string credentials,
            read_if_there(place("AWS_SHARED_CREDENTIALS_FILE", "credentials")));
  ProfileFiles files;
  add_profiles(config, false, files);
  add_profiles(credentials, true, files);
  return files;
}

std::string chosen_profile(const Environment& environment) {
  for (const char* variable : {"AWS_PROFILE", "AWS_DEFAULT_PROFILE"})
    if (std::string named = environment(variable); !named.empty()) return named;
  return "default";
}

}  // namespace reelhouse::lake::s3
