#include "warehouse/folder.hpp"

#include <algorithm>
#include <charconv>

#include "base/files.hpp"

namespace reelhouse::warehouse {
namespace {

namespace fs = std::filesystem;

constexpr size_t kDigits = 6;
constexpr std::string_view kDatabase = ".duckdb";
constexpr std::string_view kManifest = ".json";

/// Reads "v000014" + rest; nothing when the name is not one of ours.
std::optional<std::pair<int, std::string_view>> split_name(std::string_view name) {
  if (!name.starts_with('v')) return std::nullopt;
  name.remove_prefix(1);
  const size_t digits = std::min(name.find_first_not_of("0123456789"), name.size());
  int number = 0;
  const auto [end, code] = std::from_chars(name.data(), name.data() + digits, number);
  if (digits < kDigits || code != std::errc() || number < 1) return std::nullopt;
  name.remove_prefix(digits);
  return std::pair(number, name);
}

/// True for the temporary files of write_file_atomically: ".CURRENT.x1Y2z3", ".v000014.json.x1Y2z3".
bool is_temporary(std::string_view name) {
  constexpr size_t kSuffix = 7;
  if (name.size() <= kSuffix || !name.starts_with('.') || name[name.size() - kSuffix] != '.') return false;
  name = name.substr(1, name.size() - 1 - kSuffix);
  const auto version = split_name(name);
  return name == "CURRENT" || (version && version->second == kManifest);
}

void remove_quietly(const fs::path& path) {
  std::error_code ignored;
  fs::remove_all(path, ignored);
}

}  // namespace

std::string name_of_version(int number) {
  return fmt::format("v{:06}", number);
}

std::optional<int> number_of(std::string_view name, std::string_view ending) {
  const auto version = split_name(name);
  if (!version || version->second != ending) return std::nullopt;
  return version->first;
}

Result<int> version_named_by(std::string_view text, const std::string& where) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (const auto number = number_of(text, kDatabase)) return *number;
  return fail(ErrorKind::kDamaged, "it does not name a version (it should be one line, v000001.duckdb)", "",
              where);
}

Result<Version> version_from(const std::string& manifest, int number, const std::string& where) {
  try {
    const Json json = Json::parse(manifest);
    Version version;
    version.number = json.at("version").get<int>();
    version.run = json.at("run").get<std::string>();
    version.created = json.at("created").get<std::string>();
    version.bytes = json.value("bytes", uint64_t{0});
    for (const auto& table : json.at("tables"))
      version.tables.push_back({table.at("name").get<std::string>(),
                                table.at("fingerprint").get<std::string>(), table.at("rows").get<uint64_t>(),
                                table.value("note", "")});
    if (version.number == number) return version;
    return fail(ErrorKind::kDamaged, fmt::format("it describes version {}", version.number), "", where);
  } catch (const Json::exception& e) {
    return fail(ErrorKind::kDamaged, fmt::format("reading the manifest of a version: {}", e.what()), "",
                where);
  }
}

fs::path Folder::database(int number) const {
  return path_ / (name_of_version(number) + std::string(kDatabase));
}
fs::path Folder::manifest(int number) const {
  return path_ / (name_of_version(number) + std::string(kManifest));
}
fs::path Folder::spill(int number) const {
  return database(number).string() + ".tmp";
}

std::vector<int> Folder::Content::whole() const {
  std::vector<int> both;
  std::ranges::set_intersection(databases, manifests, std::back_inserter(both));
  return both;
}

Result<Folder::Content> Folder::content() const {
  Content found;
  std::error_code code;
  fs::directory_iterator entry(path_, code);
  if (code == std::errc::no_such_file_or_directory) return found;
  for (; !code && entry != fs::directory_iterator(); entry.increment(code)) {
    const fs::path path = entry->path();
    const std::string name = path.filename().string();
    if (is_temporary(name)) found.temporary.push_back(path);
    const auto version = split_name(name);
    if (!version) continue;
    const auto [number, rest] = *version;
    found.numbers.insert(number);
    if (rest == kDatabase) found.databases.insert(number);
    if (rest == kManifest) found.manifests.insert(number);
    if (rest == ".duckdb.wal" || rest == ".duckdb.tmp") found.side_files.push_back(path);
  }
  if (code) return fail(system_error("listing the warehouse", path_.string(), code.value()));
  return found;
}

Result<std::optional<int>> Folder::current() const {
  auto text = read_file(path_ / "CURRENT");
  if (!text) {
    std::error_code code;
    const bool absent = !fs::exists(fs::symlink_status(path_ / "CURRENT", code));
    if (text.error().kind == ErrorKind::kNotFound && absent) return std::optional<int>();
    return fail(std::move(text).error());
  }
  RH_ASSIGN(const int number, version_named_by(*text, (path_ / "CURRENT").string()));
  return std::optional(number);
}

Result<> Folder::make_current(int number) const {
  return write_file_atomically(path_ / "CURRENT", name_of_version(number) + std::string(kDatabase) + "\n");
}

Result<Version> Folder::read_manifest(int number) const {
  const fs::path file = manifest(number);
  RH_ASSIGN(const std::string text, read_file(file));
  RH_ASSIGN(Version version, version_from(text, number, file.string()));
  std::error_code code;
  const auto bytes = fs::file_size(database(number), code);
  version.bytes = code ? 0 : bytes;
  return version;
}

Result<> Folder::write_manifest(const Version& version) const {
  Json json{{"version", version.number},
            {"run", version.run},
            {"created", version.created},
            {"bytes", version.bytes},
            {"tables", Json::array()}};
  for (const auto& table : version.tables)
    json["tables"].push_back({{"name", table.name},
                              {"fingerprint", table.fingerprint},
                              {"rows", table.rows},
                              {"note", table.note}});
  return write_file_atomically(manifest(version.number),
                               json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

void Folder::remove(int number) const {
  remove_quietly(manifest(number));
  remove_quietly(database(number));
  remove_quietly(database(number).string() + ".wal");
  remove_quietly(spill(number));
}

void Folder::remove_leftovers(const Content& content, std::optional<int> current) const {
  const auto is_leftover = [&](int number) {
    return !content.manifests.contains(number) && number != current;
  };
  for (const auto& path : content.temporary) remove_quietly(path);
  for (const auto& path : content.side_files)
    if (is_leftover(split_name(path.filename().string())->first)) remove_quietly(path);
  for (const int number : content.databases)
    if (is_leftover(number)) remove_quietly(database(number));
}

}  // namespace reelhouse::warehouse
