#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/hash.hpp"
#include "catalog/crawler.hpp"

namespace reelhouse::catalog {

/// A folder that is gone at the end of the test.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "catalog_test.XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path write(const std::string& name, const std::string& content) const {
    const auto file = path_ / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << content;
    return file;
  }

 private:
  std::filesystem::path path_;
};

class FixedClock final : public Clock {
 public:
  Time now() const override { return Time(std::chrono::sys_days(Date(std::chrono::year(2024) / 5 / 6))); }
};

inline Date day(int year, unsigned month, unsigned d) {
  return Date(std::chrono::year(year), std::chrono::month(month), std::chrono::day(d));
}

/// A lake without bytes: an object's content is the profile that reading it gives.
class FakeLake final : public lake::ObjectStore {
 public:
  struct Entry {
    lake::ObjectInfo info;
    Result<ObjectProfile> content;
  };

  explicit FakeLake(std::string name = "lake") : name_(std::move(name)) {}

  void write(const std::string& key, Result<ObjectProfile> content, uint64_t size = 100) {
    lake::ObjectInfo info{key, size, "token " + std::to_string(++writes_),
                          Time(std::chrono::hours(24 * 19000))};
    entries_.erase(key);
    entries_.emplace(key, Entry{std::move(info), std::move(content)});
  }
  Result<> remove(const std::string& key) override {
    entries_.erase(key);
    return {};
  }
  void clear() { entries_.clear(); }

  std::string name() const override { return name_; }
  Result<std::vector<lake::ObjectInfo>> list(const std::string& prefix) const override {
    std::vector<lake::ObjectInfo> found;
    for (const auto& [key, entry] : entries_)
      if (key.starts_with(prefix)) found.push_back(entry.info);
    return found;
  }
  Result<lake::ObjectInfo> head(const std::string& key) const override { return entries_.at(key).info; }
  Result<std::filesystem::path> local_copy(const lake::ObjectInfo& info) const override { return info.key; }
  Result<> put(const std::filesystem::path&, const std::string&) override { return {}; }
  Result<lake::ObjectInfo> put_if(const std::filesystem::path&, const std::string&,
                                  const std::optional<std::string>&) override {
    return fail(ErrorKind::kPermission, "this lake is only read");
  }

  /// Reads from this lake, and remembers what was read.
  ObjectProfiler profiler() {
    return
        [this](const std::filesystem::path& file, const std::string&, const FormatOverride&, int, Progress*) {
          const std::lock_guard lock(mutex_);
          read.insert(file.string());
          return entries_.at(file.string()).content;
        };
  }

  std::set<std::string> read;

 private:
  std::string name_;
  std::map<std::string, Entry> entries_;
  int writes_ = 0;
  std::mutex mutex_;
};

/// Makes the profile of a CSV with the given fields; every field holds `records` whole numbers.
inline ObjectProfile table_of(const std::vector<std::string>& fields, uint64_t records = 10,
                              const std::string& content = "") {
  ObjectProfile profile;
  profile.format.fields = fields;
  profile.records = records;
  for (size_t i = 0; i < fields.size(); ++i) {
    FieldProfile field;
    field.kinds[static_cast<size_t>(ValueKind::kInteger)] = records;
    field.longest = 2;
    field.example = "42";
    profile.fields.push_back(field);
  }
  std::string identity = std::to_string(records) + content;
  for (const auto& field : fields) identity += "," + field;
  profile.content_hash = sha256(identity);
  return profile;
}

/// Makes a declared table.
inline SourceTable declared_table(const std::string& name, const std::string& dataset,
                                  const std::string& files, std::vector<std::string> columns) {
  SourceTable table;
  table.name = name;
  table.dataset = dataset;
  table.files = files;
  table.columns = std::move(columns);
  table.where = "sources/" + dataset + ".yml:5";
  return table;
}

inline Source declared_source(const std::string& dataset, std::vector<SourceTable> tables) {
  Source source;
  source.dataset = dataset;
  source.tables = std::move(tables);
  return source;
}

}  // namespace reelhouse::catalog
