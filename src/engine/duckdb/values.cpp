#include "engine/duckdb/values.hpp"

#include <cmath>

namespace reelhouse::engine::duckdb {
namespace {

__extension__ using Int128 = __int128;
__extension__ using UInt128 = unsigned __int128;

std::string decimal_text(Int128 value, unsigned scale) {
  const bool negative = value < 0;
  std::string digits;
  auto rest = negative ? -static_cast<UInt128>(value) : static_cast<UInt128>(value);
  do {
    digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(rest % 10)));
    rest /= 10;
  } while (rest != 0);
  if (scale > 0) {
    if (digits.size() <= scale) digits.insert(0, scale + 1 - digits.size(), '0');
    digits.insert(digits.size() - scale, ".");
  }
  return negative ? "-" + digits : digits;
}

Int128 wide(duckdb_hugeint value) {
  return (static_cast<Int128>(value.upper) << 64) | static_cast<Int128>(value.lower);
}

std::string date_text(duckdb_date value) {
  if (!duckdb_is_finite_date(value)) return value.days > 0 ? "infinity" : "-infinity";
  const auto parts = duckdb_from_date(value);
  return fmt::format("{:04}-{:02}-{:02}", parts.year, parts.month, parts.day);
}

std::string timestamp_text(duckdb_timestamp value) {
  if (!duckdb_is_finite_timestamp(value)) return value.micros > 0 ? "infinity" : "-infinity";
  const auto parts = duckdb_from_timestamp(value);
  std::string text = fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", parts.date.year, parts.date.month,
                                 parts.date.day, parts.time.hour, parts.time.min, parts.time.sec);
  if (parts.time.micros != 0) text += fmt::format(".{:06}", parts.time.micros);
  return text;
}

/// Reads cells of one vector.
class VectorReader {
 public:
  explicit VectorReader(duckdb_vector vector)
      : data_(duckdb_vector_get_data(vector)), validity_(duckdb_vector_get_validity(vector)) {
    duckdb_logical_type type = duckdb_vector_get_column_type(vector);
    type_ = duckdb_get_type_id(type);
    if (type_ == DUCKDB_TYPE_DECIMAL) {
      internal_ = duckdb_decimal_internal_type(type);
      scale_ = duckdb_decimal_scale(type);
    }
    duckdb_destroy_logical_type(&type);
  }

  Cell cell(idx_t row) const {
    if (validity_ != nullptr && !duckdb_validity_row_is_valid(validity_, row)) return std::monostate{};
    switch (type_) {
      case DUCKDB_TYPE_BOOLEAN:
        return at<bool>(row);
      case DUCKDB_TYPE_TINYINT:
        return int64_t{at<int8_t>(row)};
      case DUCKDB_TYPE_SMALLINT:
        return int64_t{at<int16_t>(row)};
      case DUCKDB_TYPE_INTEGER:
        return int64_t{at<int32_t>(row)};
      case DUCKDB_TYPE_BIGINT:
        return at<int64_t>(row);
      case DUCKDB_TYPE_UTINYINT:
        return int64_t{at<uint8_t>(row)};
      case DUCKDB_TYPE_USMALLINT:
        return int64_t{at<uint16_t>(row)};
      case DUCKDB_TYPE_UINTEGER:
        return int64_t{at<uint32_t>(row)};
      case DUCKDB_TYPE_UBIGINT: {
        const auto value = at<uint64_t>(row);
        if (value > static_cast<uint64_t>(INT64_MAX)) return std::to_string(value);
        return static_cast<int64_t>(value);
      }
      case DUCKDB_TYPE_FLOAT:
        return static_cast<double>(at<float>(row));
      case DUCKDB_TYPE_DOUBLE:
        return at<double>(row);
      case DUCKDB_TYPE_DATE:
        return date_text(at<duckdb_date>(row));
      case DUCKDB_TYPE_TIMESTAMP:
        return timestamp_text(at<duckdb_timestamp>(row));
      case DUCKDB_TYPE_HUGEINT: {
        const Int128 value = wide(at<duckdb_hugeint>(row));
        if (value >= INT64_MIN && value <= INT64_MAX) return static_cast<int64_t>(value);
        return decimal_text(value, 0);
      }
      case DUCKDB_TYPE_DECIMAL:
        return decimal_text(decimal(row), scale_);
      default: {
        auto text = at<duckdb_string_t>(row);
        return std::string(duckdb_string_t_data(&text), duckdb_string_t_length(text));
      }
    }
  }

 private:
  template <typename T>
  T at(idx_t row) const {
    return static_cast<const T*>(data_)[row];
  }
  Int128 decimal(idx_t row) const {
    switch (internal_) {
      case DUCKDB_TYPE_SMALLINT:
        return at<int16_t>(row);
      case DUCKDB_TYPE_INTEGER:
        return at<int32_t>(row);
      case DUCKDB_TYPE_BIGINT:
        return at<int64_t>(row);
      default:
        return wide(at<duckdb_hugeint>(row));
    }
  }

  void* data_;
  uint64_t* validity_;
  duckdb_type type_;
  duckdb_type internal_ = DUCKDB_TYPE_INVALID;
  unsigned scale_ = 0;
};

}  // namespace

bool is_plain(duckdb_type type) {
  switch (type) {
    case DUCKDB_TYPE_BOOLEAN:
    case DUCKDB_TYPE_TINYINT:
    case DUCKDB_TYPE_SMALLINT:
    case DUCKDB_TYPE_INTEGER:
    case DUCKDB_TYPE_BIGINT:
    case DUCKDB_TYPE_UTINYINT:
    case DUCKDB_TYPE_USMALLINT:
    case DUCKDB_TYPE_UINTEGER:
    case DUCKDB_TYPE_UBIGINT:
    case DUCKDB_TYPE_FLOAT:
    case DUCKDB_TYPE_DOUBLE:
    case DUCKDB_TYPE_DATE:
    case DUCKDB_TYPE_TIMESTAMP:
    case DUCKDB_TYPE_HUGEINT:
    case DUCKDB_TYPE_DECIMAL:
    case DUCKDB_TYPE_VARCHAR:
      return true;
    default:
      return false;
  }
}

bool is_numeric(duckdb_type type) {
  return (type >= DUCKDB_TYPE_TINYINT && type <= DUCKDB_TYPE_DOUBLE) || type == DUCKDB_TYPE_HUGEINT ||
         type == DUCKDB_TYPE_UHUGEINT || type == DUCKDB_TYPE_DECIMAL;
}

std::string type_name(duckdb_logical_type type) {
  switch (duckdb_get_type_id(type)) {
    case DUCKDB_TYPE_BOOLEAN:
      return "BOOLEAN";
    case DUCKDB_TYPE_TINYINT:
      return "TINYINT";
    case DUCKDB_TYPE_SMALLINT:
      return "SMALLINT";
    case DUCKDB_TYPE_INTEGER:
      return "INTEGER";
    case DUCKDB_TYPE_BIGINT:
      return "BIGINT";
    case DUCKDB_TYPE_UTINYINT:
      return "UTINYINT";
    case DUCKDB_TYPE_USMALLINT:
      return "USMALLINT";
    case DUCKDB_TYPE_UINTEGER:
      return "UINTEGER";
    case DUCKDB_TYPE_UBIGINT:
      return "UBIGINT";
    case DUCKDB_TYPE_FLOAT:
      return "FLOAT";
    case DUCKDB_TYPE_DOUBLE:
      return "DOUBLE";
    case DUCKDB_TYPE_DATE:
      return "DATE";
    case DUCKDB_TYPE_TIME:
      return "TIME";
    case DUCKDB_TYPE_TIMESTAMP:
      return "TIMESTAMP";
    case DUCKDB_TYPE_TIMESTAMP_TZ:
      return "TIMESTAMP WITH TIME ZONE";
    case DUCKDB_TYPE_INTERVAL:
      return "INTERVAL";
    case DUCKDB_TYPE_HUGEINT:
      return "HUGEINT";
    case DUCKDB_TYPE_UHUGEINT:
      return "UHUGEINT";
    case DUCKDB_TYPE_VARCHAR:
      return "VARCHAR";
    case DUCKDB_TYPE_BLOB:
      return "BLOB";
    case DUCKDB_TYPE_UUID:
      return "UUID";
    case DUCKDB_TYPE_ENUM:
      return "ENUM";
    case DUCKDB_TYPE_STRUCT:
      return "STRUCT";
    case DUCKDB_TYPE_MAP:
      return "MAP";
    case DUCKDB_TYPE_SQLNULL:
      return "NULL";
    case DUCKDB_TYPE_DECIMAL:
      return fmt::format("DECIMAL({},{})", duckdb_decimal_width(type), duckdb_decimal_scale(type));
    case DUCKDB_TYPE_LIST: {
      duckdb_logical_type child = duckdb_list_type_child_type(type);
      std::string name = type_name(child) + "[]";
      duckdb_destroy_logical_type(&child);
      return name;
    }
    default:
      return "OTHER";
  }
}

void append_chunk(duckdb_data_chunk chunk, Rows& rows) {
  const idx_t size = duckdb_data_chunk_get_size(chunk);
  const idx_t columns = duckdb_data_chunk_get_column_count(chunk);
  const size_t first = rows.rows.size();
  rows.rows.resize(first + size, std::vector<Cell>(columns));
  for (idx_t column = 0; column < columns; ++column) {
    const VectorReader reader(duckdb_data_chunk_get_vector(chunk, column));
    for (idx_t row = 0; row < size; ++row) rows.rows[first + row][column] = reader.cell(row);
  }
}

bool bind_cell(duckdb_prepared_statement statement, idx_t index, const Cell& cell) {
  struct Binder {
    duckdb_prepared_statement statement;
    idx_t index;
    duckdb_state operator()(std::monostate) const { return duckdb_bind_null(statement, index); }
    duckdb_state operator()(bool v) const { return duckdb_bind_boolean(statement, index, v); }
    duckdb_state operator()(int64_t v) const { return duckdb_bind_int64(statement, index, v); }
    duckdb_state operator()(double v) const { return duckdb_bind_double(statement, index, v); }
    duckdb_state operator()(const std::string& v) const {
      return duckdb_bind_varchar_length(statement, index, v.data(), v.size());
    }
  };
  return std::visit(Binder{statement, index}, cell) == DuckDBSuccess;
}

}  // namespace reelhouse::engine::duckdb
