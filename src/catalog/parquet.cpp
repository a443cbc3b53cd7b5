#include "catalog/parquet.hpp"

#include <algorithm>
#include <array>

#include "base/interrupt.hpp"
#include "catalog/encoding.hpp"
#include "catalog/values.hpp"

namespace reelhouse::catalog {
namespace {

constexpr size_t kPiecesAhead = 8;
constexpr size_t kBoundsBytes = 80;

/// The file as a table of the engine, read without guessing anything from its path.
std::string table_of(const std::filesystem::path& file) {
  return fmt::format("read_parquet({}, hive_partitioning = false)", engine::quote_text(file.string()));
}

Error damaged(const Error& cause, const std::string& file) {
  if (cause.kind != ErrorKind::kQuery) return cause;
  return Error{ErrorKind::kDamaged, "reading Parquet: " + cause.message, "Fetch the file again.", file};
}

struct Connection {
  std::unique_ptr<engine::Database> database;
  std::unique_ptr<engine::Session> session;
};

Result<Connection> connect(int threads) {
  engine::DatabaseOptions options;
  options.threads = threads;
  Connection connection;
  RH_ASSIGN(connection.database, engine::open_duckdb(options));
  RH_ASSIGN(connection.session, connection.database->connect());
  return connection;
}

ValueKind kind_of(const std::string& type) {
  static const std::vector<std::string> kIntegers = {"TINYINT",  "SMALLINT",  "INTEGER", "BIGINT",
                                                     "UTINYINT", "USMALLINT", "UINTEGER"};
  if (std::find(kIntegers.begin(), kIntegers.end(), type) != kIntegers.end()) return ValueKind::kInteger;
  if (type == "FLOAT" || type == "DOUBLE" || type == "UBIGINT" || type == "HUGEINT" ||
      (type.starts_with("DECIMAL") && !type.ends_with("]")))
    return ValueKind::kDecimal;
  if (type == "BOOLEAN") return ValueKind::kBoolean;
  if (type == "DATE") return ValueKind::kDate;
  if (type.starts_with("TIMESTAMP") && !type.ends_with("]")) return ValueKind::kTimestamp;
  return ValueKind::kText;
}

struct Field {
  std::string name;
  std::string type;  ///< as the engine calls it: "VARCHAR", "INTEGER[]"
};

/// A field's text, null where it is empty; what has parts is told as JSON.
std::string text_of(const Field& field) {
  static constexpr std::array<std::string_view, 3> kNested = {"STRUCT(", "MAP(", "UNION("};
  const bool nested = field.type.ends_with("]") || std::ranges::any_of(kNested, [&](std::string_view name) {
                        return field.type.starts_with(name);
                      });
  const std::string name = engine::quote_name(field.name);
  if (!nested) return fmt::format("nullif(cast({} as varchar), '')", name);
  return fmt::format("nullif(cast(to_json({}) as varchar), '[]')", name);
}

Result<std::vector<Field>> describe(engine::Session& session, const std::string& table) {
  RH_ASSIGN(const engine::Rows described, session.query("describe select * from " + table));
  std::vector<Field> fields;
  for (size_t i = 0; i < described.rows.size(); ++i)
    fields.push_back({described.text(i, 0), described.text(i, 1)});
  return fields;
}

/// Notes what the text columns prove of how they are written; typed ones need no proof.
Result<> note_texts(engine::Session& session, const std::string& table, const std::vector<Field>& fields,
                    std::vector<FieldProfile>& profiles) {
  std::vector<size_t> texts;
  std::string sql;
  for (size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].type != "VARCHAR") continue;
    texts.push_back(i);
    sql += (sql.empty() ? "select " : ", ") + text_of(fields[i]);
  }
  if (texts.empty()) return {};
  return session.stream(sql + " from " + table, [&](const engine::Rows& rows) {
    for (const auto& row : rows.rows)
      for (size_t i = 0; i < texts.size(); ++i)
        if (const auto* text = std::get_if<std::string>(&row[i]);
            text != nullptr && may_prove(*text, ValueKind::kText))
          note_evidence(profiles[texts[i]], *text);
    return true;
  });
}

}  // namespace

Result<ObjectProfile> profile_parquet(const std::filesystem::path& file, const std::string& file_name,
                                      Format format, int threads) {
  RH_ASSIGN(Connection connection, connect(threads));
  const OnInterrupt stop([&] { connection.session->interrupt(); });
  const std::string table = table_of(file);
  const auto query = [&](const std::string& sql) -> Result<engine::Rows> {
    auto rows = connection.session->query(sql);
    if (!rows) return fail(damaged(rows.error(), file_name));
    return rows;
  };
  auto described = describe(*connection.session, table);
  if (!described) return fail(damaged(described.error(), file_name));
  ObjectProfile profile;
  std::string sql = "select count(*)";
  for (const Field& column : *described) {
    format.fields.push_back(column.name);
    const std::string text = text_of(column);
    sql += fmt::format(
        ", count({0}), coalesce(max(strlen({0})), 0), coalesce(first({0}) filter "
        "({0} is not null), '')",
        text);
  }
  RH_ASSIGN(const engine::Rows counted, query(sql + " from " + table));
  profile.records = static_cast<uint64_t>(counted.integer(0, 0));
  for (size_t i = 0; i < format.fields.size(); ++i) {
    FieldProfile field;
    const auto values = static_cast<uint64_t>(counted.integer(0, 3 * i + 1));
    field.kinds[static_cast<size_t>(kind_of((*described)[i].type))] = values;
    field.nulls = profile.records - values;
    field.longest = static_cast<uint64_t>(counted.integer(0, 3 * i + 2));
    field.example = shown(counted.text(0, 3 * i + 3), kBoundsBytes);
    profile.fields.push_back(std::move(field));
  }
  if (auto noted = note_texts(*connection.session, table, *described, profile.fields); !noted)
    return fail(damaged(noted.error(), file_name));
  RH_ASSIGN(const engine::Rows size,
            query(fmt::format("select cast(coalesce(sum(total_uncompressed_size), 0) as bigint) from "
                              "parquet_metadata({})",
                              engine::quote_text(file.string()))));
  profile.uncompressed_bytes = static_cast<uint64_t>(size.integer(0, 0));
  profile.format = std::move(format);
  return profile;
}

ParquetReader::ParquetReader(std::unique_ptr<engine::Database> database,
                             std::unique_ptr<engine::Session> session, std::string sql, std::string file)
    : database_(std::move(database)),
      session_(std::move(session)),
      sql_(std::move(sql)),
      file_(std::move(file)),
      thread_([this] { read_all(); }) {}

Result<std::unique_ptr<ParquetReader>> ParquetReader::open(const std::filesystem::path& file,
                                                           const std::vector<std::string>& fields) {
  RH_ASSIGN(Connection connection, connect(1));
  auto described = describe(*connection.session, table_of(file));
  if (!described) return fail(damaged(described.error(), file.string()));
  std::string sql;
  for (const auto& name : fields) {
    const auto found = std::ranges::find(*described, name, &Field::name);
    if (!sql.empty()) sql += ", ";
    sql += text_of(found == described->end() ? Field{name, ""} : *found);
  }
  sql = fmt::format("select {} from {}", sql.empty() ? "null" : sql, table_of(file));
  return std::unique_ptr<ParquetReader>(new ParquetReader(
      std::move(connection.database), std::move(connection.session), std::move(sql), file.string()));
}

ParquetReader::~ParquetReader() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
  session_->interrupt();
  thread_.join();
}

void ParquetReader::read_all() {
  uint64_t row = 1;
  auto outcome = session_->stream(sql_, [&](const engine::Rows& rows) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return stopped_ || pieces_.size() < kPiecesAhead; });
    if (stopped_) return false;
    if (rows.rows.empty()) return true;
    pieces_.push_back({row, rows.rows});
    row += rows.rows.size();
    changed_.notify_all();
    return true;
  });
  const std::lock_guard lock(mutex_);
  if (!outcome) outcome_ = fail(damaged(outcome.error(), file_));
  ended_ = true;
  changed_.notify_all();
}

Result<bool> ParquetReader::next(Piece& piece) {
  std::unique_lock lock(mutex_);
  while (pieces_.empty() && !ended_) {
    changed_.wait_for(lock, std::chrono::milliseconds(100));
    if (interrupted()) return fail(ErrorKind::kInterrupted, "reading was interrupted");
  }
  if (!outcome_) return fail(outcome_.error());
  if (pieces_.empty()) return false;
  piece = std::move(pieces_.front());
  pieces_.pop_front();
  changed_.notify_all();
  return true;
}

}  // namespace reelhouse::catalog
