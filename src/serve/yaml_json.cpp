#include "serve/yaml_json.hpp"

#include <yaml-cpp/yaml.h>

#include <charconv>

namespace reelhouse::serve {
namespace {

Json scalar(const YAML::Node& node) {
  const std::string& text = node.Scalar();
  if (node.Tag() == "!") return text;  // it stood in quotes
  if (text == "true") return true;
  if (text == "false") return false;
  if (text.empty() || text == "null" || text == "~") return nullptr;
  const char* end = text.data() + text.size();
  int64_t whole = 0;
  if (const auto read = std::from_chars(text.data(), end, whole); read.ec == std::errc() && read.ptr == end)
    return whole;
  double number = 0;
  const bool is_digit = text.find_first_not_of("0123456789.+-eE") == std::string::npos;
  if (const auto read = std::from_chars(text.data(), end, number);
      is_digit && read.ec == std::errc() && read.ptr == end)
    return number;
  return text;
}

Json convert(const YAML::Node& node) {
  if (node.IsScalar()) return scalar(node);
  if (node.IsSequence()) {
    Json list = Json::array();
    for (const auto& item : node) list.push_back(convert(item));
    return list;
  }
  if (!node.IsMap()) return nullptr;
  Json map = Json::object();
  for (const auto& entry : node) map[entry.first.Scalar()] = convert(entry.second);
  return map;
}

}  // namespace

Result<Json> yaml_to_json(const std::string& text, const std::string& name) {
  try {
    return convert(YAML::Load(text));
  } catch (const YAML::Exception& e) {
    return fail(ErrorKind::kProject, "reading YAML: " + e.msg, "Check indentation and quoting there.",
                fmt::format("{}:{}", name, e.mark.line + 1));
  }
}

}  // namespace reelhouse::serve
