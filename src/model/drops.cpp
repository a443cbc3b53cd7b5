#include "model/drops.hpp"

#include <map>

namespace reelhouse::model {

Result<> define_drops(engine::Session& session, const std::string& name) {
  return session.execute(
      fmt::format("create or replace table drops.{} (_drop date, records bigint, rejected bigint)",
                  engine::quote_name(name)));
}

Result<> define_drops(engine::Session& session, const catalog::CatalogTable& table) {
  struct Count {
    uint64_t records = 0;
    uint64_t rejected = 0;
  };
  std::map<std::string, Count> drops;
  for (const auto& object : table.objects) {
    Count& count = drops[to_iso(object.drop)];
    count.records += object.profile.records;
    count.rejected += object.profile.rejected;
  }
  RH_TRY(define_drops(session, table.name));
  std::string rows;
  for (const auto& [drop, count] : drops)
    rows += fmt::format("{}({}, {}, {})", rows.empty() ? "" : ", ", engine::quote_text(drop), count.records,
                        count.rejected);
  if (rows.empty()) return {};
  return session.execute(fmt::format("insert into drops.{} values {}", engine::quote_name(table.name), rows));
}

}  // namespace reelhouse::model
