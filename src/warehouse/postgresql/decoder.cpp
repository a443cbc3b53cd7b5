#include "warehouse/postgresql/decoder.hpp"

#include <bit>

#include "warehouse/postgresql/bytes.hpp"
#include "warehouse/postgresql/encoder.hpp"
#include "warehouse/postgresql/numeric.hpp"
#include "warehouse/postgresql/times.hpp"

namespace reelhouse::warehouse::postgresql {
namespace {

void to_hex(std::string_view bytes, std::string& text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  text.clear();
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text.push_back(kDigits[byte >> 4]);
    text.push_back(kDigits[byte & 15]);
  }
}

/// Writes 16 bytes as 8-4-4-4-12 digits.
void to_uuid(std::string_view bytes, std::string& text) {
  to_hex(bytes, text);
  for (const size_t at : {8U, 13U, 18U, 23U}) text.insert(at, 1, '-');
}

}  // namespace

Error Decoder::damaged(const std::string& what) const {
  return {ErrorKind::kDamaged, fmt::format("reading the table {} from the server: {}", table_, what),
          "Run again; if it stays, publish anew: reelhouse run --full-refresh.", ""};
}

Result<> Decoder::take(std::string_view message) {
  if (!begun_) {
    const std::string header = Encoder::header();
    if (message.size() < header.size() || message.substr(0, 11) != std::string_view(header).substr(0, 11))
      return fail(damaged("it does not begin as binary COPY does"));
    const size_t extension = read_32(message.data() + 15);
    if (message.size() < header.size() + extension) return fail(damaged("its header is cut"));
    message.remove_prefix(header.size() + extension);
    begun_ = true;
  }
  rest_ = message;
  return {};
}

Result<bool> Decoder::read_row(engine::RowBatch& batch, size_t row) {
  if (rest_.empty() || ended_) return false;
  if (rest_.size() < 2) return fail(damaged("a row is cut"));
  const auto count = static_cast<int16_t>(read_16(rest_.data()));
  rest_.remove_prefix(2);
  if (count == -1) {
    ended_ = true;
    return false;
  }
  if (static_cast<size_t>(count) != columns_.size())
    return fail(damaged(fmt::format("a row has {} columns, not {}", count, columns_.size())));
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (rest_.size() < 4) return fail(damaged("a row is cut"));
    const auto size = static_cast<int32_t>(read_32(rest_.data()));
    rest_.remove_prefix(4);
    if (size == -1) {
      batch.set_null(i, row);
      continue;
    }
    if (size < 0 || static_cast<size_t>(size) > rest_.size()) return fail(damaged("a value is cut"));
    if (!read_cell(columns_[i], rest_.substr(0, static_cast<size_t>(size)), batch, i, row))
      return fail(
          damaged(fmt::format("the column {} holds what {} cannot be", columns_[i].name, columns_[i].type)));
    rest_.remove_prefix(static_cast<size_t>(size));
  }
  return true;
}

bool Decoder::read_cell(const ColumnType& column, std::string_view cell, engine::RowBatch& batch,
                        size_t index, size_t row) {
  const auto is = [&](size_t size) { return cell.size() == size; };
  switch (column.wire) {
    case Wire::kBool:
      if (is(1)) batch.set_boolean(index, row, cell[0] != 0);
      return is(1);
    case Wire::kInt2:
      if (is(2)) batch.set_integer(index, row, static_cast<int16_t>(read_16(cell.data())));
      return is(2);
    case Wire::kInt4:
      if (is(4)) batch.set_integer(index, row, static_cast<int32_t>(read_32(cell.data())));
      return is(4);
    case Wire::kInt8:
    case Wire::kTime:
      if (is(8)) batch.set_integer(index, row, static_cast<int64_t>(read_64(cell.data())));
      return is(8);
    case Wire::kFloat4:
      if (is(4)) batch.set_double(index, row, std::bit_cast<float>(read_32(cell.data())));
      return is(4);
    case Wire::kFloat8:
      if (is(8)) batch.set_double(index, row, std::bit_cast<double>(read_64(cell.data())));
      return is(8);
    case Wire::kNumeric: {
      const auto value = read_numeric(cell, column.scale);
      if (value && column.width > 38)
        batch.set_text(index, row, decimal_text(*value));
      else if (value)
        batch.set_decimal(index, row, *value);
      return value.has_value();
    }
    case Wire::kDate: {
      const auto days = is(4) ? inward_days(static_cast<int32_t>(read_32(cell.data()))) : std::nullopt;
      if (days) batch.set_days(index, row, *days);
      return days.has_value();
    }
    case Wire::kTimestamp: {
      const auto micros = is(8) ? inward_micros(static_cast<int64_t>(read_64(cell.data()))) : std::nullopt;
      if (micros) batch.set_timestamp(index, row, *micros);
      return micros.has_value();
    }
    case Wire::kText:
      batch.set_text(index, row, cell);
      return true;
    case Wire::kBytes:
      to_hex(cell, scratch_);
      batch.set_text(index, row, scratch_);
      return true;
    case Wire::kUuid:
      if (!is(16)) return false;
      to_uuid(cell, scratch_);
      batch.set_text(index, row, scratch_);
      return true;
    case Wire::kJson:
      if (cell.empty() || cell[0] != 1) return false;
      batch.set_text(index, row, cell.substr(1));
      return true;
  }
  return false;
}

}  // namespace reelhouse::warehouse::postgresql
