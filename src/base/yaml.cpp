#include "base/yaml.hpp"

#include <algorithm>
#include <set>

#include "base/files.hpp"
#include "base/near_miss.hpp"

namespace reelhouse {

Result<Yaml> Yaml::parse(const std::string& text, std::string name) {
  try {
    const auto documents = YAML::LoadAll(text);
    if (documents.size() > 1)
      return fail(ErrorKind::kProject, "reading YAML: it holds more than one document",
                  "Keep one; '---' begins another.", std::move(name));
    return Yaml(documents.empty() ? YAML::Node() : documents.front(), std::move(name));
  } catch (const YAML::Exception& e) {
    return fail(ErrorKind::kProject, "reading YAML: " + e.msg, "Check indentation and quoting there.",
                fmt::format("{}:{}", name, e.mark.line + 1));
  }
}

Result<Yaml> Yaml::load(const std::filesystem::path& path) {
  RH_ASSIGN(const std::string text, read_file(path));
  return parse(text, path.string());
}

Yaml& Yaml::operator=(const Yaml& other) {
  node_.reset(other.node_);
  file_ = other.file_;
  line_ = other.line_;
  return *this;
}

Result<> Yaml::only_keys(const std::vector<std::string>& allowed) const {
  auto wrong = wrong_keys(allowed);
  if (!wrong.empty()) return fail(std::move(wrong.front()));
  return {};
}

std::vector<Error> Yaml::wrong_keys(const std::vector<std::string>& allowed) const {
  if (empty()) return {};
  if (!node_.IsMap()) return {error("expected keys and values here")};
  std::vector<Error> wrong;
  std::set<std::string> seen;
  for (const auto& entry : node_) {
    const auto key = entry.first.as<std::string>("");
    const Yaml place(entry.first, file_);
    if (!seen.insert(key).second)
      wrong.push_back(place.error(fmt::format("the key '{}' comes twice", key)));
    else if (std::ranges::find(allowed, key) == allowed.end())
      wrong.push_back(
          place.error(fmt::format("unknown key '{}'", key),
                      did_you_mean(key, allowed, fmt::format("Known keys: {}.", fmt::join(allowed, ", ")))));
  }
  return wrong;
}

Yaml Yaml::at(const std::string& key) const {
  if (!node_ || !node_.IsMap()) return Yaml(YAML::Node(YAML::NodeType::Null), file_);
  for (const auto& entry : node_) {
    if (!entry.first.IsScalar() || entry.first.Scalar() != key) continue;
    Yaml found(entry.second, file_);
    // What stands under a key of its own begins below it: people look for the key.
    if (!found.is_scalar() && !found.is_list()) found.line_ = entry.first.Mark().line;
    return found;
  }
  return Yaml(YAML::Node(YAML::NodeType::Null), file_);
}

std::vector<std::string> Yaml::keys() const {
  std::vector<std::string> out;
  if (is_map())
    for (const auto& entry : node_) out.push_back(entry.first.as<std::string>(""));
  return out;
}

std::vector<Yaml> Yaml::items() const {
  std::vector<Yaml> out;
  if (empty()) return out;
  if (!node_.IsSequence()) return {*this};
  for (const YAML::Node& item : node_) out.push_back(Yaml(item, file_));
  return out;
}

Result<std::string> Yaml::text() const {
  if (!is_scalar()) return fail(error(empty() ? "a value is missing here" : "expected one value here"));
  return node_.Scalar();
}

Result<std::string> Yaml::text_or(std::string otherwise) const {
  if (empty()) return otherwise;
  return text();
}

namespace {
template <typename T>
Result<T> scalar_or(const Yaml& yaml, const YAML::Node& node, T otherwise, const char* what) {
  if (yaml.empty()) return otherwise;
  T value{};
  if (!node.IsScalar() || !YAML::convert<T>::decode(node, value))
    return fail(yaml.error(fmt::format("expected {}, found '{}'", what, yaml.dump())));
  return value;
}
}  // namespace

Result<double> Yaml::number_or(double otherwise) const {
  return scalar_or(*this, node_, otherwise, "a number");
}

Result<long> Yaml::integer_or(long otherwise) const {
  return scalar_or(*this, node_, otherwise, "a whole number");
}

Result<bool> Yaml::flag_or(bool otherwise) const {
  return scalar_or(*this, node_, otherwise, "true or false");
}

Result<std::vector<std::string>> Yaml::texts() const {
  std::vector<std::string> out;
  for (const auto& item : items()) {
    RH_ASSIGN(auto value, item.text());
    out.push_back(std::move(value));
  }
  return out;
}

std::string Yaml::where() const {
  const int line = line_ >= 0 || !node_ ? line_ : node_.Mark().line;
  return line >= 0 ? fmt::format("{}:{}", file_, line + 1) : file_;
}

Error Yaml::error(std::string message, std::string hint) const {
  return Error{ErrorKind::kProject, std::move(message), std::move(hint), where()};
}

std::string Yaml::dump() const {
  if (empty()) return "";
  YAML::Emitter out;
  out << node_;
  return out.c_str();
}

Result<std::vector<std::filesystem::path>> yaml_files(const std::filesystem::path& folder,
                                                      std::string_view listing) {
  namespace fs = std::filesystem;
  std::vector<fs::path> files;
  std::error_code code;
  if (!fs::exists(folder, code)) return files;
  for (fs::directory_iterator it(folder, code), end; !code && it != end; it.increment(code)) {
    const std::string extension = it->path().extension().string();
    const bool is_hidden = it->path().filename().string().starts_with('.');
    if (!is_hidden && (extension == ".yml" || extension == ".yaml")) files.push_back(it->path());
  }
  if (code) return fail(system_error(std::string(listing), folder.string(), code.value()));
  std::ranges::sort(files);
  return files;
}

}  // namespace reelhouse
