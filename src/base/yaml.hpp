#pragma once

#include <yaml-cpp/yaml.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace reelhouse {

/// Wraps a node of a YAML file so that every error names file, line and key.
class Yaml {
 public:
  /// Reads a file. Errors: kNotFound, kPermission; kProject with the line of a syntax error.
  static Result<Yaml> load(const std::filesystem::path& path);
  /// Reads text; `name` stands for the file in errors.
  static Result<Yaml> parse(const std::string& text, std::string name);

  Yaml(const Yaml&) = default;
  /// Makes this name the other node. (YAML::Node's own assignment would overwrite the tree.)
  Yaml& operator=(const Yaml& other);

  /// True when the key is absent or the node is null.
  bool empty() const { return !node_ || node_.IsNull(); }
  bool is_map() const { return node_ && node_.IsMap(); }
  bool is_list() const { return node_ && node_.IsSequence(); }
  bool is_scalar() const { return node_ && node_.IsScalar(); }

  /// Refuses keys that are not listed, with the near miss, and keys that come twice: kProject.
  Result<> only_keys(const std::vector<std::string>& allowed) const;
  /// The same, but returns every such key's error.
  std::vector<Error> wrong_keys(const std::vector<std::string>& allowed) const;
  /// Returns the value under a key; an empty node when it is absent.
  Yaml at(const std::string& key) const;
  /// Returns the keys of a map in the file's order.
  std::vector<std::string> keys() const;
  /// Returns the elements of a list (a scalar counts as a list of one; an absent node as none).
  std::vector<Yaml> items() const;

  /// Read scalars. Errors: kProject, "expected a whole number, found ...".
  Result<std::string> text() const;
  Result<std::string> text_or(std::string otherwise) const;
  Result<double> number_or(double otherwise) const;
  Result<long> integer_or(long otherwise) const;
  Result<bool> flag_or(bool otherwise) const;
  Result<std::vector<std::string>> texts() const;

  /// Makes the error "file:line: message" for this node.
  Error error(std::string message, std::string hint = {}) const;
  /// "file:line".
  std::string where() const;
  /// Renders the node again, normalised, for hashing.
  std::string dump() const;

 private:
  Yaml(const YAML::Node& node, std::string file) : node_(node), file_(std::move(file)) {}
  YAML::Node node_;
  std::string file_;
  int line_ = -1;  ///< of the key, from 0, where the node itself does not tell
};

/// Lists the .yml and .yaml files of a folder by name, without hidden ones; none when it is not there.
/// `listing` says what is listed, for the error. Errors: kPermission, kUnavailable.
Result<std::vector<std::filesystem::path>> yaml_files(const std::filesystem::path& folder,
                                                      std::string_view listing);

}  // namespace reelhouse
