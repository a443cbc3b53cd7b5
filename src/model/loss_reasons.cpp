#include <algorithm>

#include "model/share.hpp"

namespace reelhouse::model {
namespace {

constexpr size_t kReasons = 3;
constexpr size_t kLongestValue = 60;

/// Records of one object that were rejected for one reason.
struct Rejected {
  std::string object;
  std::string what;
  std::string value;  ///< of the first
  uint64_t times = 0;
  uint64_t line = 0;
};

/// A value as it is shown: valid UTF-8 is not cut in the middle of a letter.
std::string shown(const std::string& value) {
  if (value.size() <= kLongestValue) return value;
  size_t end = kLongestValue;
  while (end > 0 && (static_cast<unsigned char>(value[end]) & 0xC0U) == 0x80U) --end;
  return value.substr(0, end) + " ...";
}

std::string with_value(const std::string& what, const std::string& value) {
  return value.empty() ? what : fmt::format("{}: '{}'", what, shown(value));
}

Result<std::vector<Rejected>> rejected_records(engine::Session& session) {
  RH_ASSIGN(const auto rows,
            session.query("select object, concat_ws(' ', nullif(col, ''), reason), count(*), "
                          "min(line), arg_min(coalesce(value, ''), line) "
                          "from audit.rejected where not double "
                          "group by model, object, col, reason order by 1, 4"));
  std::vector<Rejected> rejected;
  for (size_t row = 0; row < rows.rows.size(); ++row)
    rejected.push_back({rows.text(row, 0), rows.text(row, 1), rows.text(row, 4),
                        static_cast<uint64_t>(rows.integer(row, 2)),
                        static_cast<uint64_t>(rows.integer(row, 3))});
  return rejected;
}

bool is_of(const ObjectAccount& object, const Loss& loss) {
  return object.table == loss.table && to_iso(object.drop) == loss.drop &&
         (loss.object.empty() || object.key == loss.object);
}

void keep_commonest(std::vector<LossReason>& reasons) {
  std::ranges::stable_sort(reasons, std::greater<>(), &LossReason::times);
  if (reasons.size() > kReasons) reasons.resize(kReasons);
}

void explain_records(Loss& loss, const std::vector<const ObjectAccount*>& objects,
                     const std::vector<Rejected>& rejected) {
  std::map<std::string, LossReason> by_text;
  uint64_t told = 0;
  for (const auto& each : rejected) {
    if (std::ranges::none_of(objects, [&](const auto* object) { return object->key == each.object; }))
      continue;
    told += each.times;
    LossReason& reason = by_text[each.what];
    reason.times += each.times;
    if (!reason.text.empty()) continue;
    reason.text = with_value(each.what, each.value);
    reason.object = each.object;
    reason.line = each.line;
  }
  for (auto& [text, reason] : by_text) {
    reason.at_least = told < loss.lost;
    loss.reasons.push_back(std::move(reason));
  }
  keep_commonest(loss.reasons);
}

void explain_values(Loss& loss, const std::vector<const ObjectAccount*>& objects) {
  for (const auto* object : objects) {
    const auto found = object->values.find(loss.column);
    if (found == object->values.end() || found->second.lost == 0) continue;
    loss.reasons.push_back({.times = found->second.lost,
                            .text = with_value("could not be read", found->second.example),
                            .object = object->key,
                            .line = found->second.line});
  }
  keep_commonest(loss.reasons);
}

}  // namespace

Result<> explain(std::vector<Loss>& losses, const std::vector<ObjectAccount>& objects,
                 engine::Session& session) {
  if (losses.empty()) return {};
  RH_ASSIGN(const auto rejected, rejected_records(session));
  for (auto& loss : losses) {
    std::vector<const ObjectAccount*> its;
    for (const auto& object : objects)
      if (is_of(object, loss)) its.push_back(&object);
    if (loss.column.empty())
      explain_records(loss, its, rejected);
    else
      explain_values(loss, its);
  }
  return {};
}

Json to_json(const Loss& loss) {
  Json reasons = Json::array();
  for (const auto& reason : loss.reasons)
    reasons.push_back(
        {{"times", reason.times}, {"reason", reason.text}, {"object", reason.object}, {"line", reason.line}});
  return {{"table", loss.table},
          {"drop", loss.drop},
          {"object", loss.object.empty() ? Json(nullptr) : Json(loss.object)},
          {"column", loss.column.empty() ? Json(nullptr) : Json(loss.column)},
          {"given", loss.given},
          {"lost", loss.lost},
          {"may_lose", loss.may_lose},
          {"content", loss.content},
          {"words", lines_of(loss)},
          {"reasons", std::move(reasons)}};
}

Result<Loss> loss_from_json(const Json& json) {
  const auto text = [&](const char* key) {
    return json.at(key).is_null() ? "" : json.at(key).get<std::string>();
  };
  try {
    Loss loss{.table = text("table"),
              .drop = text("drop"),
              .object = text("object"),
              .column = text("column"),
              .given = json.at("given"),
              .lost = json.at("lost"),
              .verdict = LossVerdict::kStop,
              .may_lose = json.at("may_lose"),
              .content = text("content")};
    for (const auto& reason : json.at("reasons"))
      loss.reasons.push_back({.times = reason.at("times"),
                              .text = reason.at("reason"),
                              .object = reason.at("object"),
                              .line = reason.at("line")});
    return loss;
  } catch (const Json::exception& error) {
    return fail(ErrorKind::kDamaged,
                fmt::format("reading what a receipt says of a stopped delivery: {}", error.what()));
  }
}

}  // namespace reelhouse::model
