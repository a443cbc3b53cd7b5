#include "lake/keys.hpp"

#include <algorithm>

namespace reelhouse::lake {

bool is_hidden_part(std::string_view part) {
  return part.starts_with('.') || part.starts_with('_');
}

bool is_unfinished_part(std::string_view part) {
  // Hadoop's and Spark's committers, Hive, Impala.
  for (const std::string_view begin :
       {"_temporary", "_tmp", ".hive-staging", ".spark-staging", "_impala_insert_staging"})
    if (part.starts_with(begin)) return true;
  return false;
}

std::string_view unfinished_folder(std::string_view key) {
  for (size_t begin = 0, end = key.find('/'); end != std::string_view::npos; end = key.find('/', begin)) {
    if (is_unfinished_part(key.substr(begin, end - begin))) return key.substr(0, end);
    begin = end + 1;
  }
  return {};
}

bool is_hidden_key(std::string_view key) {
  for (size_t begin = 0; begin <= key.size();) {
    const size_t end = std::min(key.find('/', begin), key.size());
    if (is_hidden_part(key.substr(begin, end - begin))) return true;
    begin = end + 1;
  }
  return false;
}

Result<> check_key(const std::string& key) {
  const char* hint = "A key is a relative path with '/' between its parts, such as raw/sales/a.csv.";
  if (key.empty()) return fail(ErrorKind::kUsage, "an object's key is empty", hint);
  if (key.find('\0') != std::string::npos)
    return fail(ErrorKind::kUsage, "an object's key holds a NUL character", hint);
  size_t begin = 0;
  while (begin <= key.size()) {
    const size_t end = std::min(key.find('/', begin), key.size());
    const std::string_view part(key.data() + begin, end - begin);
    if (part.empty())
      return fail(ErrorKind::kUsage, "the key has an empty part or begins or ends with '/'", hint, key);
    if (part == "." || part == "..")
      return fail(ErrorKind::kUsage, "the key would leave the lake's folder", hint, key);
    begin = end + 1;
  }
  return {};
}

}  // namespace reelhouse::lake
