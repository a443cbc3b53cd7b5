#include "model/lost_values.hpp"

#include <algorithm>

namespace reelhouse::model {
namespace {

using engine::quote_text;

constexpr const char* kNothing = "null";  ///< `now` of a rule that does not say what became of the value

/// The condition that something was delivered, not a blank or a word for one.
std::string says_something(const std::string& was) {
  return fmt::format("says_something(cast({} as varchar))", was);
}

}  // namespace

LostValues::LostValues(const Model& model) {
  for (const auto& rule : model.repairs) {
    if (rule.column.empty() || rule.now == kNothing) continue;
    const std::pair<std::string, std::string> pair(rule.was, rule.now);
    auto& read = watched(rule.column).read;
    if (rule.is_named && std::ranges::find(read, pair) == read.end()) read.push_back(pair);
  }
  for (const auto& rule : model.repairs) {
    if (rule.column.empty() || rule.now == kNothing || rule.is_named) continue;
    Watched& column = watched(rule.column);
    column.moved.emplace_back(rule.when, rule.now);
    const bool is_named = std::ranges::any_of(model.repairs, [&](const RepairRule& other) {
      return other.is_named && other.column == rule.column;
    });
    if (!is_named) column.read.emplace_back(rule.was, rule.now);
  }
  std::erase_if(columns_, [](const Watched& column) { return column.read.empty(); });
}

LostValues::Watched& LostValues::watched(const std::string& column) {
  const auto found = std::ranges::find(columns_, column, &Watched::column);
  if (found != columns_.end()) return *found;
  return columns_.emplace_back(column);
}

std::string LostValues::Watched::was() const {
  std::string cases;
  for (const auto& [was, now] : read)
    cases += fmt::format(" when {} then cast({} as varchar)", says_something(was), was);
  return fmt::format("case{} end", cases);
}

std::string LostValues::fates() const {
  std::string list;
  for (size_t i = 0; i < columns_.size(); ++i) {
    std::string cases;
    for (const auto& [was, now] : columns_[i].read) cases += fmt::format(" when {} is not null then 1", now);
    for (const auto& [when, now] : columns_[i].moved)
      cases += fmt::format(" when ({}) and {} is not null then 1", when, now);
    for (const auto& [was, now] : columns_[i].read)
      cases += fmt::format(" when {} then 2", says_something(was));
    list += fmt::format(", cast(case{} else 0 end as tinyint) as _value_{}", cases, i);
  }
  return list;
}

std::string LostValues::is_lost(const std::string& column) const {
  const auto found = std::ranges::find(columns_, column, &Watched::column);
  return found == columns_.end() ? "false" : fmt::format("_value_{} = 2", found - columns_.begin());
}

Result<> LostValues::write(const std::string& source, const std::string& lineage, bool has_lineage,
                           const std::filesystem::path& folder, engine::Session& session,
                           BuildRecord& record) const {
  if (columns_.empty()) return {};
  std::string counts;
  for (size_t i = 0; i < columns_.size(); ++i)
    counts += fmt::format("{}count(*) filter (where _value_{} = 2)", i ? ", " : "", i);
  RH_ASSIGN(const auto lost,
            session.query(fmt::format("select {} from {} where _reject = 0", counts, source)));
  std::string parts;
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (lost.integer(0, i) == 0) continue;
    record.lost[columns_[i].column] = static_cast<uint64_t>(lost.integer(0, i));
    parts += fmt::format("{}select {}, {} as col, {} as value from {} where _reject = 0 and _value_{} = 2",
                         parts.empty() ? "" : " union all ", lineage, quote_text(columns_[i].column),
                         columns_[i].was(), source, i);
    if (has_lineage) RH_TRY(count_by_object(i, source, session, record));
  }
  if (parts.empty()) return {};
  return session.execute(fmt::format("copy ({}) to {} (format parquet, compression zstd)", parts,
                                     quote_text((folder / "_lost.parquet").string())));
}

Result<> LostValues::count_by_object(size_t column, const std::string& source, engine::Session& session,
                                     BuildRecord& record) const {
  RH_ASSIGN(const auto rows, session.query(fmt::format(
                                 "select _object, count(*) filter (where _value_{0} >= 1), "
                                 "count(*) filter (where _value_{0} = 2), "
                                 "coalesce(min(_line) filter (where _value_{0} = 2), 0), "
                                 "coalesce(left(arg_min({1}, _line) filter (where _value_{0} = 2), 80), '') "
                                 "from {2} where _reject = 0 group by _object",
                                 column, columns_[column].was(), source)));
  for (size_t row = 0; row < rows.rows.size(); ++row)
    record.objects[rows.text(row, 0)].values[columns_[column].column] = {
        static_cast<uint64_t>(rows.integer(row, 1)), static_cast<uint64_t>(rows.integer(row, 2)),
        static_cast<uint64_t>(rows.integer(row, 3)), rows.text(row, 4)};
  return {};
}

}  // namespace reelhouse::model
