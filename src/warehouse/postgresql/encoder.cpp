#include "warehouse/postgresql/encoder.hpp"

#include <cstring>

#include "warehouse/postgresql/bytes.hpp"
#include "warehouse/postgresql/numeric.hpp"
#include "warehouse/postgresql/times.hpp"

namespace reelhouse::warehouse::postgresql {
namespace {

using engine::Physical;
using engine::Vector;

constexpr uint32_t kNull = 0xFFFFFFFF;

void append_sized(std::string& bytes, std::string_view text) {
  append_32(bytes, static_cast<uint32_t>(text.size()));
  bytes.append(text);
}

int64_t integer_at(const Vector& vector, size_t row) {
  switch (vector.physical) {
    case Physical::kInt8:
      return vector.at<int8_t>(row);
    case Physical::kInt16:
      return vector.at<int16_t>(row);
    case Physical::kInt32:
      return vector.at<int32_t>(row);
    case Physical::kUint8:
      return vector.at<uint8_t>(row);
    case Physical::kUint16:
      return vector.at<uint16_t>(row);
    case Physical::kUint32:
      return vector.at<uint32_t>(row);
    default:
      return vector.at<int64_t>(row);
  }
}

engine::Wide wide_at(const Vector& vector, size_t row) {
  if (vector.physical == Physical::kInt128) return vector.at<engine::Wide>(row);
  if (vector.physical == Physical::kUint64) return {vector.at<uint64_t>(row), 0};
  const int64_t value = integer_at(vector, row);
  return {static_cast<uint64_t>(value), value < 0 ? -1 : 0};
}

void append_numeric_cell(std::string& bytes, engine::Wide value, unsigned scale) {
  const size_t at = bytes.size();
  append_32(bytes, 0);
  append_numeric(bytes, value, scale);
  const uint32_t size = turned(static_cast<uint32_t>(bytes.size() - at - sizeof(uint32_t)));
  std::memcpy(bytes.data() + at, &size, sizeof size);
}

template <typename Bits, typename T>
void append_bits(std::string& bytes, T value) {
  append_32(bytes, sizeof(Bits));
  append_turned(bytes, std::bit_cast<Bits>(value));
}

}  // namespace

Encoder::Encoder(std::string table, std::vector<ColumnType> columns)
    : table_(std::move(table)), columns_(std::move(columns)) {}

std::string Encoder::header() {
  std::string bytes("PGCOPY\n\377\r\n\0", 11);
  append_32(bytes, 0);  // flags
  append_32(bytes, 0);  // length of the header's extension
  return bytes;
}

std::string Encoder::trailer() {
  return "\377\377";
}

Error Encoder::refused(const ColumnType& column, const std::string& what) const {
  return {ErrorKind::kQuery,
          fmt::format("publishing the table {}: the column {} holds {}, which PostgreSQL cannot hold", table_,
                      column.name, what),
          "Mend or reject such values in the model.", ""};
}

Result<> Encoder::encode(const engine::Chunk& chunk, std::string& bytes) const {
  for (size_t row = 0; row < chunk.rows; ++row) {
    append_16(bytes, static_cast<uint16_t>(columns_.size()));
    for (size_t i = 0; i < columns_.size(); ++i) {
      const Vector& vector = chunk.columns[i];
      if (vector.is_null(row))
        append_32(bytes, kNull);
      else
        RH_TRY(encode_cell(columns_[i], vector, row, bytes));
    }
  }
  return {};
}

Result<> Encoder::encode_cell(const ColumnType& column, const Vector& vector, size_t row,
                              std::string& bytes) const {
  switch (column.wire) {
    case Wire::kBool:
      append_sized(bytes, vector.at<bool>(row) ? std::string_view("\1", 1) : std::string_view("\0", 1));
      break;
    case Wire::kInt2:
      append_bits<uint16_t>(bytes, static_cast<int16_t>(integer_at(vector, row)));
      break;
    case Wire::kInt4:
      append_bits<uint32_t>(bytes, static_cast<int32_t>(integer_at(vector, row)));
      break;
    case Wire::kInt8:
    case Wire::kTime:
      append_bits<uint64_t>(bytes, integer_at(vector, row));
      break;
    case Wire::kFloat4:
      append_bits<uint32_t>(bytes, vector.at<float>(row));
      break;
    case Wire::kFloat8:
      append_bits<uint64_t>(bytes, vector.at<double>(row));
      break;
    case Wire::kNumeric:
      append_numeric_cell(bytes, wide_at(vector, row), column.scale);
      break;
    case Wire::kDate: {
      const auto days = outward_days(vector.at<int32_t>(row));
      if (!days) return fail(refused(column, "a date before 4713 BC or after 5874897"));
      append_bits<uint32_t>(bytes, *days);
      break;
    }
    case Wire::kTimestamp: {
      const auto micros = outward_micros(vector.at<int64_t>(row));
      if (!micros) return fail(refused(column, "a time before 4713 BC or after 294276"));
      append_bits<uint64_t>(bytes, *micros);
      break;
    }
    case Wire::kText: {
      const auto text = vector.text(row);
      if (std::memchr(text.data(), 0, text.size()) != nullptr)
        return fail(refused(column, "text with a zero byte"));
      append_sized(bytes, text);
      break;
    }
    case Wire::kBytes:
      append_sized(bytes, vector.text(row));
      break;
    case Wire::kUuid: {
      const auto value = vector.at<engine::Wide>(row);
      append_32(bytes, 2 * sizeof(uint64_t));
      append_64(bytes, static_cast<uint64_t>(value.upper) ^ (uint64_t{1} << 63));
      append_64(bytes, value.lower);
      break;
    }
    case Wire::kJson: {
      const auto text = vector.text(row);
      if (text.find("\\u0000") != std::string_view::npos)
        return fail(refused(column, "text with a zero byte"));
      append_32(bytes, static_cast<uint32_t>(text.size() + 1));
      bytes.push_back('\1');  // version of jsonb's binary form
      bytes.append(text);
      break;
    }
  }
  return {};
}

}  // namespace reelhouse::warehouse::postgresql
