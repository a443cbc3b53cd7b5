#include "catalog/fetch_source.hpp"

#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "lake/fetch/url.hpp"
#include "lake/keys.hpp"

namespace reelhouse::catalog {
namespace {

constexpr size_t kSha256Digits = 64;

const std::vector<std::string> kFetchKeys = {"as", "files"};
const std::vector<std::string> kFileKeys = {"url",        "name",       "sha256", "checksum_url",
                                            "unpack",     "members",    "user",   "password",
                                            "login_file", "login_keys", "token"};

/// Reads the name of a variable. What is none may be a secret in the wrong place: it is not repeated.
Result<std::string> variable(const Yaml& yaml) {
  RH_ASSIGN(std::string name, yaml.text_or(""));
  const bool is_name =
      std::ranges::all_of(name, [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
  if (is_name && (name.empty() || std::isdigit(static_cast<unsigned char>(name[0])) == 0)) return name;
  return fail(yaml.error("expected the name of an environment variable",
                         "The secret itself stays out of the project, for example SHOP_KEY."));
}

Result<lake::Url> address(const Yaml& yaml) {
  RH_ASSIGN(const std::string text, yaml.text());
  auto url = lake::parse_url(text);
  if (url) return url;
  return fail(yaml.error(url.error().message, url.error().hint));
}

Result<> read_login(const Yaml& yaml, lake::FetchFile& file) {
  RH_ASSIGN(file.user_variable, variable(yaml.at("user")));
  RH_ASSIGN(file.password_variable, variable(yaml.at("password")));
  RH_ASSIGN(file.token_variable, variable(yaml.at("token")));
  if (file.user_variable.empty() != file.password_variable.empty())
    return fail(yaml.error("user and password belong together, and one of them is missing",
                           "Name a variable for each, or use token."));
  RH_ASSIGN(file.login_file, yaml.at("login_file").text_or(""));
  RH_ASSIGN(const auto keys, yaml.at("login_keys").texts());
  if (keys.empty()) return {};
  if (keys.size() != 2 || file.login_file.empty())
    return fail(yaml.at("login_keys")
                    .error("login_keys names two keys of the login_file: of the user name and of "
                           "the password",
                           "For example [username, key]."));
  file.login_user = keys[0];
  file.login_password = keys[1];
  return {};
}

Result<> read_sums(const Yaml& yaml, lake::FetchFile& file) {
  RH_ASSIGN(const std::string sum, yaml.at("sha256").text_or(""));
  file.sha256 = lower(sum);
  const bool is_sum = file.sha256.size() == kSha256Digits &&
                      std::ranges::all_of(file.sha256, [](unsigned char c) { return std::isxdigit(c) != 0; });
  if (!file.sha256.empty() && !is_sum)
    return fail(yaml.at("sha256").error("a SHA-256 has 64 hexadecimal digits", "sha256sum FILE prints it."));
  if (yaml.at("checksum_url").empty()) return {};
  if (!file.sha256.empty())
    return fail(yaml.at("checksum_url").error("sha256 and checksum_url are both given", "Keep one of them."));
  RH_ASSIGN(const lake::Url url, address(yaml.at("checksum_url")));
  file.checksum_url = url.text;
  return {};
}

Result<> read_unpack(const Yaml& yaml, lake::FetchFile& file) {
  RH_ASSIGN(const std::string unpack, yaml.at("unpack").text_or(""));
  if (!unpack.empty() && unpack != "zip")
    return fail(yaml.at("unpack").error(fmt::format("cannot unpack '{}'", unpack),
                                        "Only zip is unpacked; gzip and zstd are read as they are."));
  file.unpack_zip = unpack == "zip";
  RH_ASSIGN(file.members, yaml.at("members").texts());
  if (!file.members.empty() && !file.unpack_zip)
    return fail(yaml.at("members").error("members are those of an archive", "Add unpack: zip."));
  return {};
}

Result<lake::FetchFile> read_file(const Yaml& yaml) {
  lake::FetchFile file;
  file.where = yaml.where();
  RH_TRY(yaml.only_keys(kFileKeys));
  if (yaml.at("url").empty())
    return fail(yaml.error("the key 'url' is missing", "It says where the file is."));
  RH_ASSIGN(const lake::Url url, address(yaml.at("url")));
  file.url = url.text;
  RH_ASSIGN(file.name, yaml.at("name").text_or(url.last_part));
  RH_TRY(read_unpack(yaml, file));
  RH_TRY(read_sums(yaml, file));
  RH_TRY(read_login(yaml, file));
  if (file.unpack_zip) return file;
  const Yaml named = yaml.at("name").empty() ? yaml.at("url") : yaml.at("name");
  if (!lake::check_key(file.name))
    return fail(named.error(fmt::format("'{}' cannot be the name of an object", file.name),
                            "Give it one with name:."));
  if (lake::is_hidden_key(file.name))
    return fail(named.error(fmt::format("'{}' is hidden in a lake: it begins with '.' or '_'", file.name),
                            "Give it another with name:."));
  return file;
}

}  // namespace

Result<lake::FetchSource> read_fetch(const Yaml& yaml, const std::string& dataset) {
  lake::FetchSource source;
  source.dataset = dataset;
  source.where = yaml.where();
  if (!yaml.is_map()) return fail(yaml.error("expected keys and values (as, files)"));
  RH_TRY(yaml.only_keys(kFetchKeys));
  RH_ASSIGN(const std::string as, yaml.at("as").text_or("drop"));
  if (as != "drop" && as != "replace")
    return fail(yaml.at("as").error(fmt::format("expected drop or replace, found '{}'", as)));
  source.as_drop = as == "drop";
  std::set<std::string> urls;
  std::set<std::string> names;
  for (const auto& item : yaml.at("files").items()) {
    if (!item.is_map())
      return fail(item.error("expected a file with its url", "For example - url: https://..."));
    RH_ASSIGN(lake::FetchFile file, read_file(item));
    if (!urls.insert(file.url).second)
      return fail(item.error("this address is fetched twice", "Remove one."));
    if (!file.unpack_zip && !names.insert(file.name).second)
      return fail(item.error(fmt::format("two files are called {}", file.name), "Give one another name:."));
    source.files.push_back(std::move(file));
  }
  if (source.files.empty()) return fail(yaml.error("there is nothing to fetch", "Add files: with a url."));
  return source;
}

}  // namespace reelhouse::catalog
