#include "warehouse/choice.hpp"

#include <algorithm>

namespace reelhouse::warehouse {
namespace {

std::string newest_first(const std::vector<int>& numbers) {
  std::string text;
  for (auto number = numbers.rbegin(); number != numbers.rend(); ++number)
    text += (text.empty() ? "" : ", ") + std::to_string(*number);
  return text;
}

}  // namespace

std::string advice_of(const std::vector<int>& there) {
  return fmt::format("Versions: {}.", newest_first(there));
}

Version describe(int number, const std::vector<PublishedTable>& tables, const std::string& run,
                 const Clock& clock) {
  Version version{number, run, to_iso(clock.now()), true, {}, 0, {}};
  for (const auto& table : tables)
    version.tables.push_back({table.name, table.fingerprint, table.rows, table.note});
  std::ranges::sort(version.tables, {}, &Version::Table::name);
  return version;
}

Result<int> choose_version(const std::vector<int>& there, std::optional<int> now, int number,
                           const std::string& where) {
  if (there.empty())
    return fail(ErrorKind::kNotFound, "nothing is published yet", "Publish with: reelhouse run", where);
  if (number == 0) {
    const auto above = now ? std::ranges::lower_bound(there, *now) : there.end();
    if (above != there.begin()) return *std::prev(above);
    return fail(ErrorKind::kNotFound,
                fmt::format("rolling back: there is no version before {}", now.value_or(0)), advice_of(there),
                where);
  }
  if (std::ranges::binary_search(there, number)) return number;
  return fail(ErrorKind::kNotFound, fmt::format("rolling back: there is no version {}", number),
              advice_of(there), where);
}

std::optional<Finding> more_than_kept(const std::vector<int>& there, int current, int keep) {
  const auto kept = static_cast<size_t>(std::max(keep, 1));
  if (there.size() <= kept) return std::nullopt;
  const std::vector<int> old(there.begin(), there.end() - static_cast<std::ptrdiff_t>(kept));
  if (old.size() == 1 && old.front() == current)
    return Finding{
        "old versions", Finding::State::kOk,
        fmt::format("version {} stays beyond the {} that are kept, for it is current", current, kept)};
  return Finding{"old versions", Finding::State::kNote,
                 fmt::format("{} versions are there, {} are kept; the next publish removes the rest: {}",
                             there.size(), kept, newest_first(old))};
}

Result<std::unique_ptr<engine::Database>> attach_read_only(const std::filesystem::path& file) {
  RH_ASSIGN(auto database, engine::open_duckdb({}));
  RH_ASSIGN(const auto session, database->connect());
  RH_TRY(
      session->execute(fmt::format("attach {} as warehouse (read_only)", engine::quote_text(file.string()))));
  return database;
}

}  // namespace reelhouse::warehouse
