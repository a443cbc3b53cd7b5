#include "catalog/sources.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "base/duration.hpp"
#include "base/near_miss.hpp"
#include "base/text.hpp"
#include "base/yaml.hpp"
#include "catalog/fetch_source.hpp"
#include "catalog/layout.hpp"
#include "catalog/profile.hpp"

namespace reelhouse::catalog {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> kSourceKeys = {"dataset", "description", "optional", "missing", "unreadable",
                                              "tables",  "max_age",     "age_of",   "fetch"};
const std::vector<std::string> kTableKeys = {
    "files",    "description", "columns",     "optional_columns", "aliases",  "conventions",
    "quote",    "escape",      "delimiter",   "header",           "encoding", "min_rows_of_previous",
    "may_lose", "warn_lost",   "drop_pattern"};

/// Reads a character given as itself or by its name; "none" is '\0' where that is allowed.
Result<std::optional<char>> character(const Yaml& yaml, bool none_allowed) {
  static const std::map<std::string, char> kNames = {
      {"tab", '\t'},  {"\\t", '\t'},   {"comma", ','},   {"pipe", '|'},  {"semicolon", ';'},
      {"space", ' '}, {"double", '"'}, {"single", '\''}, {"none", '\0'}, {"backslash", '\\'}};
  if (yaml.empty()) return std::nullopt;
  RH_ASSIGN(const std::string text, yaml.text());
  const auto named = kNames.find(text);
  if (named != kNames.end() && (none_allowed || named->second != '\0')) return named->second;
  if (text.size() == 1) return text[0];
  return fail(yaml.error(fmt::format("expected one character, found '{}'", text),
                         none_allowed ? "For example '\"', or none." : "For example ',' or tab."));
}

Result<std::optional<Encoding>> encoding(const Yaml& yaml) {
  static const std::map<std::string, Encoding> kNames = {{"utf-8", Encoding::kUtf8},
                                                         {"utf-16le", Encoding::kUtf16Le},
                                                         {"utf-16be", Encoding::kUtf16Be},
                                                         {"windows-1252", Encoding::kWindows1252}};
  if (yaml.empty()) return std::nullopt;
  RH_ASSIGN(const std::string written, yaml.text());
  const std::string text = lower(written);
  if (const auto named = kNames.find(text); named != kNames.end()) return named->second;
  return fail(yaml.error(fmt::format("unknown encoding '{}'", text),
                         "Known: utf-8, utf-16le, utf-16be, windows-1252."));
}

Result<FormatOverride> format_override(const Yaml& yaml) {
  FormatOverride fixed;
  RH_ASSIGN(fixed.delimiter, character(yaml.at("delimiter"), false));
  RH_ASSIGN(fixed.quote, character(yaml.at("quote"), true));
  RH_ASSIGN(fixed.escape, character(yaml.at("escape"), true));
  RH_ASSIGN(fixed.encoding, encoding(yaml.at("encoding")));
  if (const Yaml header = yaml.at("header"); !header.empty()) {
    RH_ASSIGN(fixed.has_header, header.flag_or(true));
  }
  if (fixed.delimiter && fixed.delimiter == fixed.quote)
    return fail(yaml.at("quote").error("the quote and the delimiter are the same character"));
  if (fixed.escape && *fixed.escape != '\0' &&
      (fixed.escape == fixed.quote || fixed.escape == fixed.delimiter))
    return fail(yaml.at("escape").error("the escape is the quote or the delimiter",
                                        "Quotes that are doubled need no escape: remove the key."));
  return fixed;
}

/// Refuses a name that no column or table can have, and shows the one that was meant.
Result<> check_name(const Yaml& yaml, const std::string& name, const char* what) {
  const std::string normal = column_name(name);
  if (name == normal) return {};
  return fail(yaml.error(fmt::format("'{}' is not a {} name: those are snake_case", name, what),
                         fmt::format("Write {}.", normal)));
}

Result<std::vector<std::string>> column_list(const Yaml& yaml, std::set<std::string>& seen) {
  std::vector<std::string> columns;
  for (const auto& item : yaml.items()) {
    RH_ASSIGN(std::string name, item.text());
    RH_TRY(check_name(item, name, "column"));
    if (!seen.insert(name).second)
      return fail(item.error(fmt::format("column {} is declared twice", name), "Remove one."));
    columns.push_back(std::move(name));
  }
  return columns;
}

Result<> read_aliases(const Yaml& yaml, const std::set<std::string>& known, SourceTable& table) {
  if (!yaml.empty() && !yaml.is_map())
    return fail(yaml.error("expected aliases as 'other spelling: column'"));
  const std::vector<std::string> columns(known.begin(), known.end());
  for (const auto& spelling : yaml.keys()) {
    const Yaml target = yaml.at(spelling);
    RH_ASSIGN(const std::string column, target.text());
    if (!known.contains(column))
      return fail(
          target.error(fmt::format("alias for {}, which is not among the columns of {}", column, table.name),
                       did_you_mean(column, columns, "Add it to columns or optional_columns.")));
    table.aliases.emplace_back(column_name(spelling), column);
    table.spellings.push_back(spelling);
  }
  return {};
}

/// One word of a column's convention, or a code of a currency.
Result<std::string> convention_word(const Yaml& yaml) {
  static const std::vector<std::string> kWords = {"day_first", "month_first", "decimal_comma",
                                                  "decimal_point"};
  RH_ASSIGN(std::string word, yaml.text());
  const bool is_currency =
      word.size() == 3 && std::ranges::all_of(word, [](char c) { return c >= 'A' && c <= 'Z'; });
  if (is_currency || std::ranges::find(kWords, word) != kWords.end()) return word;
  return fail(yaml.error(
      fmt::format("'{}' is no convention", word),
      did_you_mean(word, kWords, fmt::format("One of {}, or a currency (EUR).", fmt::join(kWords, ", ")))));
}

Result<> read_conventions(const Yaml& yaml, const std::set<std::string>& known, SourceTable& table) {
  if (!yaml.empty() && !yaml.is_map()) return fail(yaml.error("expected conventions as 'column: day_first'"));
  const std::vector<std::string> columns(known.begin(), known.end());
  for (const auto& column : yaml.keys()) {
    const Yaml words = yaml.at(column);
    if (!known.contains(column))
      return fail(words.error(
          fmt::format("convention of {}, which is not among the columns of {}", column, table.name),
          did_you_mean(column, columns, "Add it to columns or optional_columns.")));
    if (!words.is_list()) {
      RH_ASSIGN(const std::string word, convention_word(words));
      table.conventions.emplace_back(column, word);
      continue;
    }
    for (const auto& item : words.items()) {
      RH_ASSIGN(const std::string word, convention_word(item));
      table.conventions.emplace_back(column, word);
    }
  }
  return {};
}

/// Reads a share: 5%, or 0.05.
Result<double> share_or(const Yaml& yaml, double otherwise) {
  if (yaml.empty()) return otherwise;
  RH_ASSIGN(const std::string text, yaml.text());
  const bool is_percent = text.ends_with('%');
  const std::string number = text.substr(0, text.size() - (is_percent ? 1 : 0));
  double share = -1;
  const auto [end, code] = std::from_chars(number.data(), number.data() + number.size(), share);
  if (is_percent) share /= 100;
  if (code != std::errc() || end != number.data() + number.size() || !(share >= 0 && share <= 1))
    return fail(yaml.error(fmt::format("expected a share from 0 to 100 %, found '{}'", text),
                           "Write it as 5%, or as 0.05."));
  return share;
}

Result<SourceTable> read_table(const Yaml& yaml, const std::string& name, const std::string& dataset) {
  SourceTable table;
  table.name = name;
  table.dataset = dataset;
  table.where = yaml.where();
  RH_TRY(check_name(yaml, name, "table"));
  RH_TRY(yaml.only_keys(kTableKeys));
  RH_ASSIGN(table.files, yaml.at("files").text_or("*"));
  if (const Yaml pattern = yaml.at("drop_pattern"); !pattern.empty()) {
    RH_ASSIGN(const std::string text, pattern.text());
    auto parsed = DropPattern::parse(text);
    if (!parsed) return fail(pattern.error(parsed.error().message, parsed.error().hint));
    table.drop_pattern = std::move(*parsed);
  }
  RH_ASSIGN(table.description, yaml.at("description").text_or(""));
  std::set<std::string> columns;
  RH_ASSIGN(table.columns, column_list(yaml.at("columns"), columns));
  RH_ASSIGN(table.optional_columns, column_list(yaml.at("optional_columns"), columns));
  RH_TRY(read_aliases(yaml.at("aliases"), columns, table));
  RH_TRY(read_conventions(yaml.at("conventions"), columns, table));
  RH_ASSIGN(table.format, format_override(yaml));
  RH_ASSIGN(table.min_rows_of_previous, yaml.at("min_rows_of_previous").number_or(0.5));
  if (!(table.min_rows_of_previous >= 0 && table.min_rows_of_previous <= 1))
    return fail(yaml.at("min_rows_of_previous").error("expected a share from 0 to 1"));
  RH_ASSIGN(table.limits.may_lose, share_or(yaml.at("may_lose"), table.limits.may_lose));
  RH_ASSIGN(table.limits.warn_lost, share_or(yaml.at("warn_lost"), table.limits.warn_lost));
  return table;
}

Result<Source> read_source(const Yaml& yaml) {
  Source source;
  source.where = yaml.where();
  RH_TRY(yaml.only_keys(kSourceKeys));
  if (yaml.at("dataset").empty())
    return fail(yaml.error("the key 'dataset' is missing", "It names the folder below raw/."));
  RH_ASSIGN(source.dataset, yaml.at("dataset").text());
  if (source.dataset.empty() || source.dataset.find('/') != std::string::npos)
    return fail(yaml.at("dataset").error("a dataset is the name of one folder below raw/"));
  RH_ASSIGN(source.description, yaml.at("description").text_or(""));
  RH_ASSIGN(source.optional, yaml.at("optional").flag_or(false));
  RH_ASSIGN(source.missing, yaml.at("missing").text_or(""));
  RH_ASSIGN(const std::string unreadable, yaml.at("unreadable").text_or("error"));
  if (unreadable != "error" && unreadable != "warn")
    return fail(yaml.at("unreadable").error(fmt::format("expected error or warn, found '{}'", unreadable)));
  source.unreadable_is_error = unreadable == "error";
  RH_ASSIGN(source.max_age, duration_or(yaml.at("max_age"), std::chrono::seconds(0)));
  RH_ASSIGN(const std::string age_of, yaml.at("age_of").text_or("arrival"));
  if (age_of != "arrival" && age_of != "drop")
    return fail(yaml.at("age_of").error(fmt::format("expected arrival or drop, found '{}'", age_of)));
  source.age_of_drop = age_of == "drop";
  if (const Yaml fetch = yaml.at("fetch"); !fetch.empty()) {
    RH_ASSIGN(source.fetch, read_fetch(fetch, source.dataset));
  }
  const Yaml tables = yaml.at("tables");
  if (!tables.empty() && !tables.is_map()) return fail(tables.error("expected tables by name"));
  for (const auto& name : tables.keys()) {
    RH_ASSIGN(SourceTable table, read_table(tables.at(name), name, source.dataset));
    source.tables.push_back(std::move(table));
  }
  return source;
}

Result<> check_unique(const std::vector<Source>& sources) {
  std::map<std::string, std::string> datasets;
  std::map<std::string, std::string> tables;
  for (const auto& source : sources) {
    const auto [first, is_new] = datasets.emplace(source.dataset, source.where);
    if (!is_new)
      return fail(ErrorKind::kProject, fmt::format("dataset {} is declared twice", source.dataset),
                  fmt::format("The other declaration: {}.", first->second), source.where);
    for (const auto& table : source.tables) {
      const auto [other, fresh] = tables.emplace(table.name, table.where);
      if (!fresh)
        return fail(ErrorKind::kProject, fmt::format("table {} is declared twice", table.name),
                    fmt::format("The other declaration: {}.", other->second), table.where);
    }
  }
  return {};
}

}  // namespace

const SourceTable* find_claim(const std::vector<Source>& sources, const std::string& dataset,
                              const std::string& name) {
  for (const auto& source : sources) {
    if (source.dataset != dataset) continue;
    for (const auto& table : source.tables)
      if (glob_claims(table.files, name)) return &table;
  }
  return nullptr;
}

const SourceTable* find_table(const std::vector<Source>& sources, const std::string& name) {
  for (const auto& source : sources)
    for (const auto& table : source.tables)
      if (table.name == name) return &table;
  return nullptr;
}

Result<std::vector<Source>> load_sources(const fs::path& project) {
  RH_ASSIGN(const auto files, yaml_files(project / "sources", "listing the sources"));
  std::vector<Source> sources;
  for (const auto& file : files) {
    RH_ASSIGN(const Yaml yaml, Yaml::load(file));
    if (!yaml.is_map())
      return fail(ErrorKind::kProject, "expected keys and values (dataset, tables, ...)", "", file.string());
    RH_ASSIGN(Source source, read_source(yaml));
    sources.push_back(std::move(source));
  }
  RH_TRY(check_unique(sources));
  std::ranges::sort(sources, {}, &Source::dataset);
  return sources;
}

}  // namespace reelhouse::catalog
