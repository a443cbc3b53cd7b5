#include "model/acceptances.hpp"

#include <algorithm>

#include "base/files.hpp"

namespace reelhouse::model {
namespace {

std::string key_of(const Loss& loss) {
  return fmt::format("accepted/{}/{}.json", loss.table, loss.content);
}

Json parsed(const std::string& text) {
  Json json = Json::parse(text, nullptr, false);
  return json.is_object() ? json : Json::object();
}

/// How many records, or values of a column, were let in.
uint64_t let_in(const Json& acceptance, const std::string& column) {
  const char* const kind = column.empty() ? "records" : "values";
  if (!acceptance.contains(kind)) return 0;
  const Json& part = acceptance[kind];
  if (column.empty()) return part.is_number_unsigned() ? part.get<uint64_t>() : 0;
  return part.is_object() ? part.value(column, uint64_t{0}) : 0;
}

}  // namespace

std::filesystem::path Acceptances::file_of(const Loss& loss) const {
  return root_ / loss.table / (loss.content + ".json");
}

/// Reads what is known of a content: here, or else where the store is shared; of two the newer.
Result<Json> Acceptances::read(const Loss& loss) const {
  if (mirror_ != nullptr) {
    RH_ASSIGN(const auto shared, mirror_->read_file(key_of(loss)));
    if (shared) return parsed(*shared);
  }
  const auto text = read_file(file_of(loss));
  return text ? parsed(*text) : Json::object();
}

Result<bool> Acceptances::covers(const Loss& loss) const {
  RH_ASSIGN(const Json known, read(loss));
  return let_in(known, loss.column) >= loss.lost;
}

Result<> Acceptances::add(const Loss& loss, const std::string& run, Time now) const {
  RH_ASSIGN(Json acceptance, read(loss));
  const uint64_t lost = std::max(loss.lost, let_in(acceptance, loss.column));
  acceptance["table"] = loss.table;
  acceptance["drop"] = loss.drop;
  if (!loss.object.empty()) acceptance["object"] = loss.object;
  if (loss.column.empty())
    acceptance["records"] = lost;
  else
    acceptance["values"][loss.column] = lost;
  acceptance["run"] = run;
  acceptance["at"] = to_iso(now);
  Json words = acceptance.value("words", Json::array());
  for (const auto& line : lines_of(loss)) words.push_back(line);
  acceptance["words"] = std::move(words);
  RH_TRY(make_folders(file_of(loss).parent_path()));
  RH_TRY(write_file_atomically(file_of(loss),
                               acceptance.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"));
  if (mirror_ != nullptr) return mirror_->store_file(file_of(loss), key_of(loss));
  return {};
}

}  // namespace reelhouse::model
