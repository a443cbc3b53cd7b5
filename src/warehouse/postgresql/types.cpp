#include "warehouse/postgresql/types.hpp"

#include <cstdio>
#include <map>

#include "engine/engine.hpp"

namespace reelhouse::warehouse::postgresql {
namespace {

struct Plain {
  const char* server;
  Wire wire;
  uint8_t width = 0;
};

const std::map<std::string, Plain>& plain_types() {
  static const std::map<std::string, Plain> types = {
      {"BOOLEAN", {"boolean", Wire::kBool}},
      {"TINYINT", {"smallint", Wire::kInt2}},
      {"SMALLINT", {"smallint", Wire::kInt2}},
      {"UTINYINT", {"smallint", Wire::kInt2}},
      {"INTEGER", {"integer", Wire::kInt4}},
      {"USMALLINT", {"integer", Wire::kInt4}},
      {"BIGINT", {"bigint", Wire::kInt8}},
      {"UINTEGER", {"bigint", Wire::kInt8}},
      {"UBIGINT", {"numeric(20,0)", Wire::kNumeric, 20}},
      {"HUGEINT", {"numeric(39,0)", Wire::kNumeric, 39}},
      {"FLOAT", {"real", Wire::kFloat4}},
      {"DOUBLE", {"double precision", Wire::kFloat8}},
      {"DATE", {"date", Wire::kDate}},
      {"TIME", {"time", Wire::kTime}},
      {"TIMESTAMP", {"timestamp", Wire::kTimestamp}},
      {"TIMESTAMP_S", {"timestamp", Wire::kTimestamp}},
      {"TIMESTAMP_MS", {"timestamp", Wire::kTimestamp}},
      {"TIMESTAMP WITH TIME ZONE", {"timestamptz", Wire::kTimestamp}},
      {"VARCHAR", {"text", Wire::kText}},
      {"JSON", {"text", Wire::kText}},
      {"BLOB", {"bytea", Wire::kBytes}},
      {"UUID", {"uuid", Wire::kUuid}},
  };
  return types;
}

bool is_nested(const std::string& type) {
  return type.ends_with("]") || type.starts_with("STRUCT") || type.starts_with("MAP");
}

}  // namespace

Result<ColumnType> column_type(const std::string& name, const std::string& type) {
  ColumnType column{name, type, "", Wire::kText};
  if (const auto found = plain_types().find(type); found != plain_types().end()) {
    column.server = found->second.server;
    column.wire = found->second.wire;
    column.width = found->second.width;
    return column;
  }
  unsigned width = 0;
  unsigned scale = 0;
  if (std::sscanf(type.c_str(), "DECIMAL(%u,%u)", &width, &scale) == 2 && !type.ends_with("]")) {
    column.server = fmt::format("numeric({},{})", width, scale);
    column.wire = Wire::kNumeric;
    column.width = static_cast<uint8_t>(width);
    column.scale = static_cast<uint8_t>(scale);
    return column;
  }
  if (is_nested(type)) {
    column.server = "jsonb";
    column.wire = Wire::kJson;
    return column;
  }
  if (type.starts_with("ENUM")) {
    column.server = "text";
    return column;
  }
  return fail(ErrorKind::kQuery,
              fmt::format("the column {} is {}, for which PostgreSQL has no type", name, type),
              "Cast it in the model, for example to VARCHAR or TIMESTAMP.");
}

std::string ColumnType::outward() const {
  std::string column = engine::quote_name(name);
  if (wire == Wire::kJson) return fmt::format("cast(to_json({}) as varchar)", column);
  if (wire == Wire::kText && type != "VARCHAR") return fmt::format("cast({} as varchar)", column);
  if (type == "TIMESTAMP_S" || type == "TIMESTAMP_MS") return fmt::format("cast({} as timestamp)", column);
  return column;
}

engine::SourceColumn ColumnType::source() const {
  using engine::CellType;
  switch (wire) {
    case Wire::kBool:
      return {name, CellType::kBoolean};
    case Wire::kInt2:
    case Wire::kInt4:
    case Wire::kInt8:
    case Wire::kTime:
      return {name, CellType::kInteger};
    case Wire::kFloat4:
    case Wire::kFloat8:
      return {name, CellType::kDouble};
    case Wire::kNumeric:
      // More digits than the engine's decimals hold come as text.
      if (width > 38) return {name, CellType::kText};
      return {name, CellType::kDecimal, width, scale};
    case Wire::kDate:
      return {name, CellType::kDate};
    case Wire::kTimestamp:
      return {name, CellType::kTimestamp};
    case Wire::kText:
    case Wire::kBytes:
    case Wire::kUuid:
    case Wire::kJson:
      break;
  }
  return {name, CellType::kText};
}

std::string ColumnType::inward() const {
  std::string column = engine::quote_name(name);
  if (wire == Wire::kJson) return fmt::format("cast(cast({} as json) as {})", column, type);
  if (wire == Wire::kBytes) return fmt::format("from_hex({})", column);
  if (wire == Wire::kTime) return fmt::format("cast(time '00:00:00' + to_microseconds({}) as time)", column);
  if (type == "TIMESTAMP WITH TIME ZONE") return fmt::format("make_timestamptz(epoch_us({}))", column);
  return fmt::format("cast({} as {})", column, type);
}

}  // namespace reelhouse::warehouse::postgresql
