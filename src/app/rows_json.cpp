#include "app/answers.hpp"

namespace reelhouse::app {
namespace {

Json to_json(const engine::Cell& cell, bool numeric) {
  if (const auto* flag = std::get_if<bool>(&cell)) return *flag;
  if (const auto* whole = std::get_if<int64_t>(&cell)) return *whole;
  if (const auto* number = std::get_if<double>(&cell)) return *number;
  if (const auto* text = std::get_if<std::string>(&cell)) {
    if (!numeric) return *text;
    Json number = Json::parse(*text, nullptr, false);
    return number.is_number() ? number : Json(*text);
  }
  return nullptr;
}

}  // namespace

Json to_json(const engine::Rows& rows) {
  Json list = Json::array();
  for (const auto& row : rows.rows) {
    Json object = Json::object();
    for (size_t i = 0; i < row.size(); ++i)
      object[rows.columns[i].name] = to_json(row[i], rows.columns[i].numeric);
    list.push_back(std::move(object));
  }
  return list;
}

}  // namespace reelhouse::app
