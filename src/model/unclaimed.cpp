#include "model/unclaimed.hpp"

#include <algorithm>
#include <cctype>
#include <optional>

#include "catalog/layout.hpp"
#include "lake/keys.hpp"

namespace reelhouse::model {
namespace {

constexpr size_t kMostExamples = 5;

bool is_declared(const catalog::Source& source, const std::string& table) {
  return std::ranges::find(source.tables, table, &catalog::SourceTable::name) != source.tables.end();
}

void add_stray(CheckResult& check, std::string example) {
  check.passed = false;
  ++check.failures;
  if (check.examples.size() < kMostExamples) check.examples.push_back(std::move(example));
}

std::optional<Date> newest_drop(const catalog::Source& source,
                                const std::vector<catalog::CatalogTable>& tables) {
  std::optional<Date> newest;
  for (const auto& table : tables)
    if (is_declared(source, table.name))
      for (const auto& object : table.objects) newest = std::max(newest.value_or(object.drop), object.drop);
  return newest;
}

/// Cuts off what stands behind the last dot, and a compression's suffix before that.
std::string without_ending(const std::string& name) {
  const std::string plain = catalog::without_compression_suffix(name);
  return plain.substr(0, plain.rfind('.'));
}

/// Says which patterns a file misses, and which of them by its ending alone.
std::string missed_patterns(const catalog::Source& source, const std::string& name) {
  std::string patterns;
  std::string near;
  for (const auto& table : source.tables) {
    patterns += fmt::format("{}{} ({})", patterns.empty() ? "" : ", ", table.files, table.name);
    if (catalog::glob_claims(without_ending(table.files), without_ending(name))) near = table.files;
  }
  return fmt::format("matches no files pattern of {}: {}{}", source.where, patterns,
                     near.empty() ? "" : fmt::format("; it misses {} by its ending alone", near));
}

CheckResult check_files(const catalog::Source& source, const std::vector<catalog::CatalogTable>& tables) {
  CheckResult check{.model = std::string(lake::kRaw) + source.dataset,
                    .name = "every file belongs to a table",
                    .description =
                        "No file lies in the dataset's folder that no declared table takes up. Declare it, "
                        "rename it, or leave it out with exclude in reelhouse.yaml.",
                    .severity = Severity::kWarn,
                    .passed = true,
                    .examples = {},
                    .where = source.where};
  const auto newest = newest_drop(source, tables);
  for (const auto& table : tables) {
    if (table.dataset != source.dataset || is_declared(source, table.name)) continue;
    for (const auto& object : table.objects) {
      const std::string name = object.info.key.substr(object.info.key.rfind('/') + 1);
      const bool is_newest = newest && *newest < object.drop;
      if (is_newest) check.severity = Severity::kError;
      add_stray(check,
                fmt::format("{}: {} records{} reach no model; it {}", object.info.key, object.profile.records,
                            is_newest ? " of the newest drop" : "", missed_patterns(source, name)));
    }
  }
  return check;
}

/// A folder's name without what people mix up: case, dashes and the like, a plural.
std::string folded_name(const std::string& name) {
  std::string folded;
  for (const char c : name)
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || (static_cast<unsigned char>(c) & 0x80U) != 0)
      folded += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (folded.size() > 1 && folded.ends_with('s')) folded.pop_back();
  return folded;
}

CheckResult check_folders(const Project& project, const std::vector<catalog::CatalogTable>& tables) {
  CheckResult check{
      .model = "raw",
      .name = "folders are named as datasets",
      .description = "No folder is named almost as a declared dataset, which would be passed over.",
      .severity = Severity::kWarn,
      .passed = true,
      .examples = {},
      .where = ""};
  std::vector<std::string> seen;
  for (const auto& table : tables) {
    if (std::ranges::find(project.sources, table.dataset, &catalog::Source::dataset) !=
            project.sources.end() ||
        std::ranges::find(seen, table.dataset) != seen.end())
      continue;
    seen.push_back(table.dataset);
    for (const auto& source : project.sources)
      if (folded_name(source.dataset) == folded_name(table.dataset))
        add_stray(check, fmt::format("{0}{1} is read by no model; {2} declares {0}{3}: rename the folder",
                                     lake::kRaw, table.dataset, source.where, source.dataset));
  }
  return check;
}

}  // namespace

std::vector<CheckResult> check_unclaimed(const Project& project,
                                         const std::vector<catalog::CatalogTable>& tables) {
  std::vector<CheckResult> results = {check_folders(project, tables)};
  for (const auto& source : project.sources) results.push_back(check_files(source, tables));
  return results;
}

}  // namespace reelhouse::model
