#include "workflow/run/deliveries.hpp"

#include <algorithm>
#include <set>

#include "base/near_miss.hpp"

namespace reelhouse::workflow {
namespace {

constexpr size_t kObjectsTold = 20;

uint64_t lost_records(const model::ObjectAccount& object) {
  return object.rejected_structure + object.rejected_rules - object.doubles;
}

std::string loss_line(const model::ObjectAccount& object) {
  std::vector<std::string> parts;
  const uint64_t lost = lost_records(object);
  if (lost > 0)
    parts.push_back(fmt::format("{} of {} records ({} no record of the table, {} by rule)", lost,
                                object.read - object.doubles, object.rejected_structure,
                                object.rejected_rules - object.doubles));
  for (const auto& [column, values] : object.values)
    if (values.lost > 0)
      parts.push_back(fmt::format("{} of {} values of {}", values.lost, values.given, column));
  return parts.empty() ? "" : fmt::format("  lost in {}: {}", object.key, fmt::join(parts, ", "));
}

}  // namespace

Result<std::vector<std::string>> tables_to_let_in(const std::vector<std::string>& asked,
                                                  const std::vector<catalog::CatalogTable>& tables) {
  std::vector<std::string> known;
  for (const auto& table : tables) known.push_back(table.name);
  std::vector<std::string> found;
  for (const auto& name : asked) {
    const std::string plain = name.starts_with("raw.") ? name.substr(4) : name;
    if (std::ranges::find(known, plain) == known.end())
      return fail(ErrorKind::kUsage, fmt::format("letting in '{}': no such table is in the lake", name),
                  did_you_mean(plain, known, "List tables with: reelhouse catalog"));
    found.push_back(plain);
  }
  return found;
}

Result<> let_in(std::vector<model::Loss>& losses, const std::vector<std::string>& tables,
                const model::Acceptances& acceptances, const std::string& run, Time now, const Say& say) {
  for (auto& loss : losses) {
    if (loss.verdict != model::LossVerdict::kStop) continue;
    RH_ASSIGN(loss.accepted, acceptances.covers(loss));
    if (loss.accepted || std::ranges::find(tables, loss.table) == tables.end()) continue;
    RH_TRY(acceptances.add(loss, run, now));
    loss.accepted = true;
    say("accept   " + model::text_of(loss));
  }
  for (const auto& table : tables)
    if (std::ranges::none_of(losses, [&](const auto& loss) { return loss.table == table && loss.accepted; }))
      say(fmt::format("accept   nothing of {} had to be let in", table));
  return {};
}

model::AcceptedDrops accepted_drops(const std::vector<model::Loss>& losses) {
  model::AcceptedDrops drops;
  for (const auto& loss : losses)
    if (loss.accepted && loss.column.empty()) drops.emplace_back(loss.table, loss.drop);
  return drops;
}

std::optional<Error> stop_of(const std::vector<model::Loss>& losses, size_t other_failures) {
  std::string text;
  std::set<std::string> tables;
  for (const auto& loss : losses) {
    if (!loss.stops()) continue;
    tables.insert(loss.table);
    for (const auto& line : model::lines_of(loss)) text += "\n  " + line;
  }
  if (tables.empty()) return std::nullopt;
  if (other_failures > 0)
    text +=
        fmt::format("\n  {} other check{} failed besides", other_failures, other_failures == 1 ? "" : "s");
  return Error{
      ErrorKind::kCheckFailed, fmt::format("a delivery was stopped, so nothing was published:{}", text),
      fmt::format(
          "Look at it with 'reelhouse quarantine' (--lost for values). Deliver it again as it should be, "
          "or let exactly this content in: reelhouse run --accept {}",
          fmt::join(tables, ",")),
      ""};
}

std::vector<std::string> account_lines(const PipelineResult& result) {
  uint64_t read = 0;
  uint64_t kept = 0;
  uint64_t doubles = 0;
  std::vector<std::string> objects;
  for (const auto& object : result.objects) {
    read += object.read;
    kept += object.kept;
    doubles += object.doubles;
    if (auto line = loss_line(object); !line.empty()) objects.push_back(std::move(line));
  }
  std::vector<std::string> lines = {
      fmt::format("records  {} read, {} kept, {} rejected{}, {} repaired{}", read, kept, read - kept,
                  doubles > 0 ? fmt::format(" ({} of them doubles)", doubles) : "", result.repaired,
                  result.lost_values > 0 ? fmt::format("; {} values lost", result.lost_values) : "")};
  const size_t told = std::min(objects.size(), kObjectsTold);
  lines.insert(lines.end(), objects.begin(), objects.begin() + static_cast<std::ptrdiff_t>(told));
  if (told < objects.size())
    lines.push_back(
        fmt::format("  {} more objects lost some; the receipt names them", objects.size() - told));
  return lines;
}

}  // namespace reelhouse::workflow
