#include "metric/snapshot.hpp"

namespace reelhouse::metric {
namespace {

Json to_json(const engine::Cell& cell) {
  struct Renderer {
    Json operator()(std::monostate) const { return nullptr; }
    Json operator()(bool v) const { return v; }
    Json operator()(int64_t v) const { return v; }
    Json operator()(double v) const { return v; }
    Json operator()(const std::string& v) const { return v; }
  };
  return std::visit(Renderer{}, cell);
}

Json to_json(const std::vector<engine::Cell>& cells) {
  Json list = Json::array();
  for (const auto& cell : cells) list.push_back(to_json(cell));
  return list;
}

Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

Json span(const std::string& from, const std::string& to) {
  return from.empty() ? Json(nullptr) : Json{{"from", from}, {"to", to}};
}

Json to_json(const AnswerColumn& column) {
  constexpr const char* kKinds[] = {"dimension", "measure", "before"};
  Json json = {{"name", column.name},
               {"label", column.label},
               {"kind", kKinds[static_cast<int>(column.kind)]},
               {"type", column.type}};
  if (!column.grain.empty()) json["grain"] = column.grain;
  if (column.kind != AnswerColumn::Kind::kDimension) {
    json["unit"] = column.unit;
    json["additive"] = column.additive;
  }
  return json;
}

}  // namespace

engine::Cell named_cell(const Answer& answer, size_t row, size_t column) {
  const bool is_rest = row < answer.other.size() && answer.other[row];
  if (is_rest && column == answer.top_column) return std::string("(other)");
  return answer.rows[row][column];
}

Json to_json(const Answer& answer) {
  Json json = {{"version", answer.version}, {"view", answer.view}};
  json["columns"] = Json::array();
  for (const auto& column : answer.columns) json["columns"].push_back(to_json(column));
  json["rows"] = Json::array();
  for (const auto& row : answer.rows) json["rows"].push_back(to_json(row));
  json["other"] = Json::array();
  for (size_t row = 0; row < answer.other.size(); ++row)
    if (answer.other[row]) json["other"].push_back(row);
  json["totals"] = answer.totals.empty() ? Json(nullptr) : to_json(answer.totals);
  json["bridge"] = text_or_null(answer.bridge);
  json["known_until"] = text_or_null(answer.known_until);
  json["unfinished_from"] = text_or_null(answer.unfinished_from);
  json["period"] = span(answer.period_from, answer.period_to);
  json["before"] = span(answer.before_from, answer.before_to);
  json["unknown"] = Json::object();
  for (const auto& [measure, why] : answer.unknown) json["unknown"][measure] = why;
  json["notes"] = answer.notes;
  json["source"] = answer.source;
  json["sql"] = answer.sql;
  json["milliseconds"] = answer.milliseconds;
  return json;
}

}  // namespace reelhouse::metric
