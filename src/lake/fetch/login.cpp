#include "lake/fetch/login.hpp"

#include <cstdlib>
#include <optional>

#include "base/digest.hpp"
#include "base/files.hpp"
#include "base/json.hpp"

namespace reelhouse::lake {
namespace {

namespace fs = std::filesystem;

std::string variable(const std::string& name) {
  const char* value = name.empty() ? nullptr : std::getenv(name.c_str());
  return value == nullptr ? "" : value;
}

/// Puts the user's home folder where a path begins with '~'; empty when there is no home.
fs::path login_path(const FetchFile& file) {
  if (!file.login_file.starts_with("~/")) return file.login_file;
  const std::string home = variable("HOME");
  return home.empty() ? fs::path() : fs::path(home) / file.login_file.substr(2);
}

bool has_login_file(const FetchFile& file) {
  std::error_code code;
  const fs::path path = login_path(file);
  return !path.empty() && fs::exists(path, code);
}

Result<std::string> basic(const std::string& user, const std::string& password, const std::string& from) {
  for (const auto& part : {user, password})
    if (part.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos)
      return fail(ErrorKind::kUsage, "a user name or password holds a line break", "Take it away.", from);
  if (user.find(':') != std::string::npos)
    return fail(ErrorKind::kUsage, "a user name holds a ':', which basic authentication cannot say", "",
                from);
  return "Basic " + to_base64(user + ":" + password);
}

Result<std::string> from_file(const FetchFile& file) {
  const fs::path path = login_path(file);
  RH_ASSIGN(const std::string text, read_file(path));
  const auto json = Json::parse(text, nullptr, false);
  const auto value = [&](const std::string& key) -> std::string {
    return json.is_object() && json.contains(key) && json[key].is_string() ? json[key].get<std::string>()
                                                                           : "";
  };
  const std::string user = value(file.login_user);
  const std::string password = value(file.login_password);
  if (user.empty() || password.empty())
    return fail(ErrorKind::kUsage,
                fmt::format("the login file is not a JSON object with '{}' and '{}'", file.login_user,
                            file.login_password),
                "Mend it or move it away; a login file that is not there is fine.", path.string());
  return basic(user, password, path.string());
}

}  // namespace

Result<std::string> authorization_of(const FetchFile& file) {
  const std::string token = variable(file.token_variable);
  if (token.find_first_of("\r\n") != std::string::npos)
    return fail(ErrorKind::kUsage, fmt::format("{} holds a line break", file.token_variable), "Take it away.",
                file.where);
  if (!token.empty()) return "Bearer " + token;
  const std::string user = variable(file.user_variable);
  const std::string password = variable(file.password_variable);
  if (!user.empty() && !password.empty()) return basic(user, password, file.user_variable);
  if (user.empty() != password.empty())
    return fail(
        ErrorKind::kUsage,
        fmt::format("{} is set and {} is not", user.empty() ? file.password_variable : file.user_variable,
                    user.empty() ? file.user_variable : file.password_variable),
        "Set both, or neither.", file.where);
  if (has_login_file(file)) return from_file(file);
  return std::string();
}

std::string login_hint(const FetchFile& file) {
  std::vector<std::string> ways;
  if (!file.token_variable.empty()) ways.push_back(fmt::format("set {} to a token", file.token_variable));
  if (!file.user_variable.empty())
    ways.push_back(fmt::format("set {} and {}", file.user_variable, file.password_variable));
  if (!file.login_file.empty())
    ways.push_back(fmt::format("put a login into {} ({{\"{}\": ..., \"{}\": ...}})", file.login_file,
                               file.login_user, file.login_password));
  if (ways.empty()) return "If it wants a login, name variables for one with user: and password:, or token:.";
  std::string text = fmt::format("{}.", fmt::join(ways, ", or "));
  text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text;
}

std::string describe_login(const FetchFile& file) {
  std::vector<std::string> parts;
  const auto state = [](bool set) { return set ? "set" : "not set"; };
  if (!file.token_variable.empty())
    parts.push_back(
        fmt::format("{} ({})", file.token_variable, state(!variable(file.token_variable).empty())));
  if (!file.user_variable.empty())
    parts.push_back(fmt::format(
        "{} and {} ({})", file.user_variable, file.password_variable,
        state(!variable(file.user_variable).empty() && !variable(file.password_variable).empty())));
  if (!file.login_file.empty())
    parts.push_back(fmt::format("{} ({})", file.login_file, has_login_file(file) ? "there" : "not there"));
  return fmt::format("{}", fmt::join(parts, ", or "));
}

}  // namespace reelhouse::lake
