#include "warehouse/postgresql/location.hpp"

#include <libpq-fe.h>

#include <map>

namespace reelhouse::warehouse::postgresql {
namespace {

using Settings = std::map<std::string, std::string>;

Settings settings_of(PQconninfoOption* options) {
  Settings found;
  for (auto* option = options; option != nullptr && option->keyword != nullptr; ++option)
    if (option->val != nullptr) found[option->keyword] = option->val;
  PQconninfoFree(options);
  return found;
}

/// Leaves out what libpq quotes, which may be a part of the password.
std::string without_quotes(const std::string& message) {
  return message.substr(0, message.find('"'));
}

Error unreadable(const std::string& why) {
  return {ErrorKind::kUsage, "the warehouse's location cannot be read: " + why,
          "Write postgresql://user@host:port/database; in a password, '@' is %40, ':' is %3A, '/' is %2F, "
          "'#' is %23, '%' is %25. Better keep it in ~/.pgpass.",
          "postgresql://..."};
}

std::string name_of(const Settings& given) {
  Settings all = settings_of(PQconndefaults());
  for (const auto& [key, value] : given) all[key] = value;
  std::string name = "postgresql://";
  if (given.contains("service") && !given.contains("host")) return name + "?service=" + all["service"];
  if (!all["user"].empty()) name += all["user"] + "@";
  const std::string host = all["host"].empty() ? all["hostaddr"] : all["host"];
  name += host;
  if (!host.empty() && !all["port"].empty()) name += ":" + all["port"];
  name += "/" + (all["dbname"].empty() ? all["user"] : all["dbname"]);
  return name;
}

}  // namespace

Result<Location> read_location(const std::string& text) {
  Location location{text, "", ""};
  if (text == "postgresql:" || text == "postgres:") location.uri = "postgresql://";
  if (location.uri.find_first_of(" \t\r\n") != std::string::npos)
    return fail(unreadable("there is a space in it, which is written %20"));
  char* message = nullptr;
  PQconninfoOption* options = PQconninfoParse(location.uri.c_str(), &message);
  if (options == nullptr) {
    const std::string why = message == nullptr ? "it is no URI" : without_quotes(message);
    PQfreemem(message);
    return fail(unreadable(why));
  }
  const Settings given = settings_of(options);
  const auto value = [&](const char* key) {
    const auto found = given.find(key);
    return found == given.end() ? std::string() : found->second;
  };
  // A character of the password that was not escaped has moved its rest to where it would be shown.
  const bool moved = value("host").find('@') != std::string::npos ||
                     value("dbname").find('@') != std::string::npos ||
                     value("port").find_first_not_of("0123456789,") != std::string::npos;
  if (moved) return fail(unreadable("a character of it has to be escaped"));
  location.password = value("password");
  location.name = name_of(given);
  return location;
}

std::string without_secret(const Location& location, std::string message) {
  const auto strike = [&](const std::string& secret, const std::string& instead) {
    for (size_t at = 0; !secret.empty() && (at = message.find(secret, at)) != std::string::npos;
         at += instead.size())
      message.replace(at, secret.size(), instead);
  };
  if (location.uri.find("password") != std::string::npos || !location.password.empty())
    strike(location.uri, location.name);
  constexpr size_t kTelling = 3;  // a shorter one would strike half of the words
  if (location.password.size() > kTelling) strike(location.password, "***");
  while (!message.empty() && (message.back() == '\n' || message.back() == ' ')) message.pop_back();
  for (size_t at = 0; (at = message.find('\n', at)) != std::string::npos;) {
    size_t end = at + 1;
    while (end < message.size() && (message[end] == '\t' || message[end] == ' ')) ++end;
    message.replace(at, end - at, "; ");
  }
  return message;
}

}  // namespace reelhouse::warehouse::postgresql
