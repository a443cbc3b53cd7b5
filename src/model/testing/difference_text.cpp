#include "model/testing/difference_text.hpp"

#include "engine/engine.hpp"

namespace reelhouse::model {
namespace {

std::string cell_text(const TextCell& cell) {
  return cell ? engine::quote_text(*cell) : "null";
}

std::string row_text(const std::vector<ComparedColumn>& columns, const TextRow& row) {
  std::string text;
  for (size_t i = 0; i < columns.size(); ++i)
    text += fmt::format("\n    {}: {}", columns[i].name, cell_text(row[i]));
  return text;
}

std::string line_text(const std::string& where) {
  const size_t colon = where.rfind(':');
  return colon == std::string::npos ? "" : ", line " + where.substr(colon + 1);
}

}  // namespace

std::string difference_text(const Difference& difference, const std::vector<ComparedColumn>& columns,
                            const std::vector<TextRow>& expected, const std::vector<TextRow>& got,
                            const std::string& title, const TestRows& rows) {
  if (difference.expected == Difference::kNone)
    return fmt::format("{}: a row came that is not expected{}", title,
                       row_text(columns, got[difference.got]));
  const std::string place = title + line_text(rows.rows[difference.expected].where);
  if (difference.got == Difference::kNone)
    return fmt::format("{}: the row did not come{}", place, row_text(columns, expected[difference.expected]));
  std::string text = place + ": the row differs";
  for (const size_t i : difference.columns)
    text += fmt::format("\n    {}: expected {}\n    {:{}}  got      {}", columns[i].name,
                        cell_text(expected[difference.expected][i]), "", columns[i].name.size(),
                        cell_text(got[difference.got][i]));
  return text;
}

}  // namespace reelhouse::model
