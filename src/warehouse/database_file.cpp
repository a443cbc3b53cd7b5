#include "warehouse/database_file.hpp"

#include <algorithm>
#include <map>

#include "base/interrupt.hpp"

namespace reelhouse::warehouse {
namespace {

namespace fs = std::filesystem;
using engine::quote_name;
using engine::quote_text;

constexpr std::string_view kSchema = "published.main";

/// Says which table an error belongs to, and which system errors mean that nothing more fits.
Error at(const fs::path& file, const std::string& doing, Error error) {
  if (interrupted()) error.kind = ErrorKind::kInterrupted;
  for (const char* text : {"No space left", "File too large", "Disk quota exceeded"})
    if (error.kind != ErrorKind::kInterrupted && error.message.find(text) != std::string::npos) {
      error.kind = ErrorKind::kFull;
      error.hint = "Free space there, then run again.";
    }
  error.message = fmt::format("{}: {}", doing, error.message);
  if (error.where.empty()) error.where = file.string();
  return error;
}

/// Quotes a path so that the engine's glob matches it and nothing else.
std::string quote_path(const fs::path& path) {
  std::string escaped;
  for (const char c : path.string()) {
    const bool special = c == '*' || c == '?' || c == '[';
    escaped += special ? fmt::format("[{}]", c) : std::string(1, c);
  }
  return quote_text(escaped);
}

std::string create_statement(const PublishedTable& table) {
  return fmt::format("create table {}.{} as select * from {}", kSchema, quote_name(table.name),
                     rows_of(table));
}

std::string comment_statements(const PublishedTable& table) {
  const std::string name = fmt::format("{}.{}", kSchema, quote_name(table.name));
  std::string sql;
  if (!table.description.empty())
    sql += fmt::format("comment on table {} is {};\n", name, quote_text(table.description));
  for (const auto& [column, description] : table.column_descriptions)
    if (!description.empty())
      sql +=
          fmt::format("comment on column {}.{} is {};\n", name, quote_name(column), quote_text(description));
  return sql;
}

Result<> write_table(engine::Session& session, const PublishedTable& table, const fs::path& file) {
  const std::string doing = fmt::format("publishing the table {}", table.name);
  if (interrupted()) return fail(ErrorKind::kInterrupted, doing + ": interrupted");
  if (table.files.empty()) return fail(ErrorKind::kInternal, doing + ": it has no files", "", file.string());
  if (auto made = session.execute(create_statement(table)); !made)
    return fail(at(file, doing, std::move(made).error()));
  const std::string comments = comment_statements(table);
  if (comments.empty()) return {};
  if (auto made = session.execute(comments); !made)
    return fail(at(file, doing + ": its descriptions", std::move(made).error()));
  return {};
}

/// Counts the rows of every table in the file's main schema.
Result<std::map<std::string, uint64_t>> count_rows(engine::Session& session) {
  RH_ASSIGN(const auto names, session.query("select table_name from duckdb_tables() where not internal and "
                                            "database_name = current_database() and "
                                            "schema_name = 'main' order by table_name"));
  std::string sql;
  for (size_t i = 0; i < names.rows.size(); ++i) {
    const std::string name = names.text(i, 0);
    sql += fmt::format("{}select {}, count(*) from {}", i > 0 ? " union all " : "", quote_text(name),
                       "main." + quote_name(name));
  }
  std::map<std::string, uint64_t> counts;
  if (sql.empty()) return counts;
  RH_ASSIGN(const auto rows, session.query(sql));
  for (size_t i = 0; i < rows.rows.size(); ++i)
    counts[rows.text(i, 0)] = static_cast<uint64_t>(rows.integer(i, 1));
  return counts;
}

}  // namespace

std::string rows_of(const PublishedTable& table) {
  std::string files;
  for (const auto& file : table.files) files += (files.empty() ? "" : ", ") + quote_path(file);
  return fmt::format("read_parquet([{}], hive_partitioning = false)", files);
}

Result<> write_database(const fs::path& file, const fs::path& spill,
                        const std::vector<PublishedTable>& tables) {
  engine::DatabaseOptions options;
  options.temporary = spill.string();
  RH_ASSIGN(const auto database, engine::open_duckdb(options));
  RH_ASSIGN(const auto session, database->connect());
  const OnInterrupt stop([&session] { session->interrupt(); });
  const auto run = [&](const std::string& doing, const std::string& sql) -> Result<> {
    auto done = session->execute(sql);
    if (!done) return fail(at(file, doing, std::move(done).error()));
    return {};
  };
  RH_TRY(run("making the database file", fmt::format("attach {} as published", quote_text(file.string()))));
  // One transaction: large tables go to the file as they come, and the rest without a log.
  RH_TRY(run("beginning to publish", "begin"));
  for (const auto& table : tables) RH_TRY(write_table(*session, table, file));
  RH_TRY(run("writing the database file", "commit"));
  RH_TRY(run("writing the database file", "checkpoint published"));
  RH_TRY(run("closing the database file", "detach published"));
  if (interrupted()) return fail(ErrorKind::kInterrupted, "publishing: interrupted", "", file.string());
  return {};
}

Result<> verify_database(const fs::path& file, const std::vector<Version::Table>& tables) {
  const std::string doing = "checking the published file";
  std::error_code code;
  if (fs::exists(file.string() + ".wal", code))
    return fail(ErrorKind::kDamaged, doing + ": it has a .wal, so it was not closed properly", "",
                file.string());
  engine::DatabaseOptions options;
  options.path = file.string();
  options.read_only = true;
  RH_ASSIGN(const auto database, engine::open_duckdb(options));
  RH_ASSIGN(const auto session, database->connect());
  const OnInterrupt stop([&session] { session->interrupt(); });
  auto counts = count_rows(*session);
  if (!counts) {
    Error error = at(file, doing, std::move(counts).error());
    if (error.kind == ErrorKind::kQuery) error.kind = ErrorKind::kDamaged;
    return fail(std::move(error));
  }
  for (const auto& table : tables) {
    const auto found = counts->find(table.name);
    if (found == counts->end())
      return fail(ErrorKind::kDamaged, fmt::format("{}: the table {} is missing", doing, table.name), "",
                  file.string());
    if (found->second != table.rows)
      return fail(ErrorKind::kDamaged,
                  fmt::format("{}: the table {} has {} rows where {} are expected", doing, table.name,
                              found->second, table.rows),
                  "", file.string());
  }
  if (counts->size() != tables.size())
    return fail(
        ErrorKind::kDamaged,
        fmt::format("{}: it has {} tables where {} are expected", doing, counts->size(), tables.size()), "",
        file.string());
  return {};
}

}  // namespace reelhouse::warehouse
