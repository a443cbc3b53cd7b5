#include "model/doubles.hpp"

#include <algorithm>

namespace reelhouse::model {
namespace {

using engine::quote_name;

bool is_place(const std::string& column) {
  return column == "_object" || column == "_line";
}

/// The columns by which a rejected row is held against kept ones.
std::vector<std::string> identity_of(const Model& model, const BuildRecord& record) {
  const auto is_there = [&](const std::string& name) {
    return std::ranges::any_of(record.columns, [&](const auto& column) { return column.first == name; });
  };
  if (!model.grain.empty() && std::ranges::all_of(model.grain, is_there)) return model.grain;
  std::vector<std::string> all;
  for (const auto& [name, type] : record.columns)
    if (!is_place(name)) all.push_back(name);
  return all;
}

std::string all_equal(const std::vector<std::string>& columns, const char* left, const char* right) {
  std::string text;
  for (const auto& column : columns)
    text += fmt::format("{}{}.{} is not distinct from {}.{}", text.empty() ? "" : " and ", left,
                        quote_name(column), right, quote_name(column));
  return text.empty() ? "false" : text;
}

}  // namespace

Result<> find_doubles(const Model& model, const BuildRecord& record, const std::string& raw,
                      const std::string& source, engine::Session& session) {
  RH_TRY(session.execute("create or replace temp table _doubles (object varchar, line bigint)"));
  std::string names;
  const auto identity = identity_of(model, record);
  for (const auto& column : identity) names += quote_name(column) + ", ";
  RH_TRY(session.execute(fmt::format(
      "create or replace temp table _twins as select r._object, r._line, k._object as kept_object, k._line as "
      "kept_line from (select {0}_object, _line from {1} where _reject > 0) as r "
      "join (select {0}_object, _line from {1} where _reject = 0) as k on {2}",
      names, source, all_equal(identity, "r", "k"))));
  RH_ASSIGN(const auto twins, session.query("select count(*) from _twins"));
  if (twins.integer(0, 0) > 0) {
    const std::string table = "raw." + quote_name(raw);
    RH_TRY(session.execute(fmt::format(
        "create or replace temp table _sides as select * from {} where (_object, _line) in (select _object, "
        "_line from _twins union all select kept_object, kept_line from _twins)",
        table)));
    RH_ASSIGN(const auto described, session.query("select * from _sides limit 0"));
    std::vector<std::string> fields;
    for (const auto& column : described.columns)
      if (!is_place(column.name)) fields.push_back(column.name);
    RH_TRY(session.execute(
        fmt::format("insert into _doubles select distinct t._object, t._line from _twins as t "
                    "join _sides as a on a._object = t._object and a._line = t._line "
                    "join _sides as b on b._object = t.kept_object and b._line = t.kept_line where {}",
                    all_equal(fields, "a", "b"))));
    RH_TRY(session.execute("drop table _sides"));
  }
  return session.execute("drop table _twins");
}

}  // namespace reelhouse::model
