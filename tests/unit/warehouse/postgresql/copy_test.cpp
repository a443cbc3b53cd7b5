// The encoder and the decoder, held against bytes that PostgreSQL 15 has sent, and against each other.
#include <gmock/gmock.h>

#include "engine/engine.hpp"
#include "matchers.hpp"
#include "warehouse/postgresql/decoder.hpp"
#include "warehouse/postgresql/encoder.hpp"

namespace reelhouse::warehouse::postgresql {
namespace {

using testing::HasSubstr;

std::string hex(const std::string& bytes) {
  std::string text;
  for (const char c : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return text;
}

/// A SELECT, its columns as they travel, and the bytes of its rows.
struct Encoded {
  std::vector<ColumnType> columns;
  std::string bytes;
};

Result<Encoded> encode(engine::Session& session, const std::string& select) {
  Encoded encoded;
  const auto described = session.query("describe " + select).value();
  std::string outward;
  for (size_t row = 0; row < described.rows.size(); ++row) {
    RH_ASSIGN(auto column, column_type(described.text(row, 0), described.text(row, 1)));
    outward += (row > 0 ? ", " : "") + column.outward();
    encoded.columns.push_back(std::move(column));
  }
  RH_ASSIGN(const auto scan, session.scan(fmt::format("select {} from ({})", outward, select)));
  const Encoder encoder("t", encoded.columns);
  engine::Chunk chunk;
  while (true) {
    RH_ASSIGN(const auto held, scan->next(chunk));
    if (!held) return encoded;
    RH_TRY(encoder.encode(chunk, encoded.bytes));
  }
}

class Copy : public testing::Test {
 protected:
  std::string row_of(const std::string& select) {
    const auto encoded = encode(*session_, select);
    return encoded ? hex(encoded->bytes) : encoded.error().to_string();
  }
  std::unique_ptr<engine::Database> database_ = engine::open_duckdb({}).value();
  std::unique_ptr<engine::Session> session_ = database_->connect().value();
};

TEST_F(Copy, HeaderAndTrailerAreThoseOfTheFormat) {
  EXPECT_EQ(hex(Encoder::header()), "5047434f50590aff0d0a000000000000000000");
  EXPECT_EQ(hex(Encoder::trailer()), "ffff");
}

TEST_F(Copy, ValuesAreWrittenAsTheServerSendsThem) {
  EXPECT_EQ(row_of("select true as a, null::integer as b"),
            "0002"
            "0000000101"
            "ffffffff");
  EXPECT_EQ(row_of("select (-2)::smallint as a, 258 as b, (-1)::bigint as c"),
            "0003"
            "00000002fffe"
            "0000000400000102"
            "00000008ffffffffffffffff");
  EXPECT_EQ(row_of("select 200::utinyint as a, 4000000000::uinteger as b"),
            "0002"
            "0000000200c8"
            "0000000800000000ee6b2800");
  EXPECT_EQ(row_of("select 1.5::float as a, -2.0::double as b"),
            "0002"
            "000000043fc00000"
            "00000008c000000000000000");
  EXPECT_EQ(row_of("select 'Köln' as a, '' as b"),
            "0002"
            "000000054bc3b66c6e"
            "00000000");
  EXPECT_EQ(row_of("select date '2021-09-25' as a, date 'infinity' as b, date '-infinity' as c"),
            "0003"
            "0000000400001f02"
            "000000047fffffff"
            "0000000480000000");
  EXPECT_EQ(row_of("select timestamp '2021-09-25 12:34:56.789' as a, timestamp '-infinity' as b"),
            "0002"
            "0000000800026fcfdc34e608"
            "000000088000000000000000");
  EXPECT_EQ(row_of("select 12345.678::decimal(18,3) as a"),
            "0001"
            "0000000e"
            "0003000100000003000109291a7c");
  EXPECT_EQ(row_of("select uuid '00112233-4455-6677-8899-aabbccddeeff' as a"),
            "0001"
            "00000010"
            "00112233445566778899aabbccddeeff");
  EXPECT_EQ(row_of("select ['x', null] as a"),
            "0001"
            "0000000b"
            "01"
            "5b2278222c6e756c6c5d");
  EXPECT_EQ(row_of("select 'b'::enum('a', 'b') as a"),
            "0001"
            "0000000162");
}

TEST_F(Copy, RefusesWhatTheServerCannotHoldAndNamesIt) {
  const auto zero = encode(*session_, "select 'a' || chr(0) as note");
  EXPECT_THAT(zero, HasMessage("table t: the column note holds text with a zero byte"));
  EXPECT_THAT(encode(*session_, "select ['a' || chr(0)] as list"), HasMessage("zero byte"));
  EXPECT_THAT(encode(*session_, "select date '5877642-06-25 (BC)' as d"), HasMessage("a date"));
  EXPECT_THAT(encode(*session_, "select timestamp_ns '2021-01-01' as t"), HasMessage("TIMESTAMP_NS"));
}

/// Feeds the engine with bytes that were encoded.
class Bytes final : public engine::RowSource {
 public:
  explicit Bytes(Encoded encoded) : encoded_(std::move(encoded)), decoder_("t", encoded_.columns) {
    for (const auto& column : encoded_.columns) columns_.push_back(column.source());
    message_ = Encoder::header() + encoded_.bytes + Encoder::trailer();
  }
  const std::vector<engine::SourceColumn>& columns() const override { return columns_; }
  uint64_t row_estimate() const override { return 1; }
  Result<std::unique_ptr<engine::RowScan>> open(std::span<const size_t>) override {
    RH_TRY(decoder_.take(message_));
    return std::unique_ptr<engine::RowScan>(std::make_unique<Passing>(*this));
  }
  Result<size_t> fill(engine::RowBatch& batch) {
    size_t row = 0;
    while (row < batch.capacity()) {
      RH_ASSIGN(const bool read, decoder_.read_row(batch, row));
      if (!read) break;
      ++row;
    }
    return row;
  }

 private:
  struct Passing final : engine::RowScan, engine::RowWorker {
    explicit Passing(Bytes& all) : bytes(all) {}
    size_t max_workers() const override { return 1; }
    Result<std::unique_ptr<engine::RowWorker>> make_worker() override {
      return std::unique_ptr<engine::RowWorker>(std::make_unique<Passing>(bytes));
    }
    Result<size_t> fill(engine::RowBatch& batch) override { return bytes.fill(batch); }
    Bytes& bytes;
  };
  Encoded encoded_;
  Decoder decoder_;
  std::vector<engine::SourceColumn> columns_;
  std::string message_;
};

TEST_F(Copy, EveryTypeComesBackAsItWas) {
  const std::string select =
      "select i::tinyint as a, i::smallint as b, i::integer as c, i::bigint as d, i::utinyint as e, "
      "i::usmallint as f, i::uinteger as g, (i + 18446744073709551000)::ubigint as h, i % 2 = 0 as j, "
      "i::float / 3 as k, i::double / 3 as l, (i::decimal(4,2) / 3)::decimal(4,2) as m, "
      "(-i::decimal(9,3) / 7)::decimal(9,3) as n, (i * 12345678901.5)::decimal(18,2) as o, "
      "(i * 1234567890123456789012345678.25)::decimal(38,4) as p, date '1969-12-30' + i::integer as q, "
      "timestamp '1999-12-31 23:59:59.999999' + to_microseconds(i) as r, 'text ' || i || ' é' as s, "
      "time '01:02:03.000004' + to_seconds(i) as t, uuid '80112233-4455-6677-8899-aabbccddeeff' as u, "
      "['x' || i, null] as v, {'a': i, 'b': [i]} as w, 'ab\\x00'::blob as x, "
      "case when i % 3 = 0 then null else i end as y, (i * 10)::hugeint as z "
      "from range(60) as t(i)";
  auto encoded = encode(*session_, select);
  ASSERT_THAT(encoded, IsOk());
  std::string inward;
  for (const auto& column : encoded->columns)
    inward += (inward.empty() ? "" : ", ") + column.inward() + " as " + column.name;
  ASSERT_THAT(database_->add_source("back", std::make_shared<Bytes>(*encoded)), IsOk());
  const auto kept = session_->execute(fmt::format("create table kept as select {} from back", inward));
  ASSERT_THAT(kept, IsOk());
  const auto missing =
      session_->query(fmt::format("({} except all select * from kept) union all "
                                  "(select * from kept except all {})",
                                  select, select));
  ASSERT_THAT(missing, IsOk());
  EXPECT_EQ(missing->rows.size(), 0);
  EXPECT_EQ(session_->query("select count(*) from kept")->integer(0, 0), 60);
  const auto before = session_->query("describe " + select).value();
  const auto after = session_->query("describe kept").value();
  for (size_t row = 0; row < before.rows.size(); ++row) EXPECT_EQ(before.text(row, 1), after.text(row, 1));
}

TEST_F(Copy, BytesThatAreCutAreNoticed) {
  const auto encoded = encode(*session_, "select 1 as a, 'abc' as b").value();
  class Nothing final : public engine::RowBatch {
   public:
    size_t capacity() const override { return 10; }
    void set_text(size_t, size_t, std::string_view) override {}
    void set_integer(size_t, size_t, int64_t) override {}
    void set_date(size_t, size_t, Date) override {}
    void set_null(size_t, size_t) override {}
    void set_days(size_t, size_t, int32_t) override {}
    void set_timestamp(size_t, size_t, int64_t) override {}
    void set_double(size_t, size_t, double) override {}
    void set_boolean(size_t, size_t, bool) override {}
    void set_decimal(size_t, size_t, engine::Wide) override {}
  } batch;
  for (size_t size = 1; size < encoded.bytes.size(); ++size) {
    Decoder decoder("t", encoded.columns);
    ASSERT_THAT(decoder.take(Encoder::header()), IsOk());
    ASSERT_THAT(decoder.take(std::string_view(encoded.bytes).substr(0, size)), IsOk());
    const auto read = decoder.read_row(batch, 0);
    EXPECT_THAT(read, IsError(ErrorKind::kDamaged)) << size;
  }
  Decoder decoder("t", encoded.columns);
  EXPECT_FALSE(decoder.take("no header at all, but text"));
}

}  // namespace
}  // namespace reelhouse::warehouse::postgresql
