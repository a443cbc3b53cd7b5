#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "warehouse/versions.hpp"

namespace reelhouse::warehouse {

/// The files of a warehouse: their names, what is there, manifests and CURRENT. Decides nothing.
class Folder {
 public:
  explicit Folder(std::filesystem::path path) : path_(std::move(path)) {}

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path lock() const { return path_ / ".lock"; }
  std::filesystem::path database(int number) const;  ///< v000014.duckdb
  std::filesystem::path manifest(int number) const;  ///< v000014.json
  std::filesystem::path spill(int number) const;     ///< v000014.duckdb.tmp

  struct Content {
    std::set<int> databases;
    std::set<int> manifests;
    std::set<int> numbers;                          ///< every number that any file of ours bears
    std::vector<std::filesystem::path> temporary;   ///< half-written manifests and CURRENTs
    std::vector<std::filesystem::path> side_files;  ///< .wal and .tmp beside a database

    /// Versions that are whole: a manifest is written last, after its database was verified.
    std::vector<int> whole() const;
  };
  /// Lists what is there; an absent folder is empty. Errors: kPermission, kUnavailable.
  Result<Content> content() const;

  /// Reads CURRENT; nothing when it does not exist. Errors: kDamaged, kPermission.
  Result<std::optional<int>> current() const;
  /// Replaces CURRENT by one rename. Errors: kPermission, kFull, kUnavailable.
  Result<> make_current(int number) const;

  /// Errors: kNotFound, kDamaged, kPermission.
  Result<Version> read_manifest(int number) const;
  /// Errors: kPermission, kFull, kUnavailable.
  Result<> write_manifest(const Version& version) const;

  /// Removes all files of a version, its manifest first; what cannot be removed stays for next time.
  void remove(int number) const;
  /// Removes what processes that died have left: databases without a manifest (but `current`'s),
  /// their side files, half-written files. Only for who holds the lock.
  void remove_leftovers(const Content& content, std::optional<int> current) const;

 private:
  std::filesystem::path path_;
};

/// "v000014".
std::string name_of_version(int number);
/// Reads the number off "v000014" + `ending` (".json", ".duckdb"); nothing for any other name.
std::optional<int> number_of(std::string_view name, std::string_view ending);
/// Reads the version that CURRENT names; `where` is for the message. Errors: kDamaged.
Result<int> version_named_by(std::string_view text, const std::string& where);
/// Reads a manifest, which must describe `number`. Errors: kDamaged.
Result<Version> version_from(const std::string& manifest, int number, const std::string& where);

}  // namespace reelhouse::warehouse
