#include "model/materialise.hpp"

#include <algorithm>
#include <filesystem>

#include "model/doubles.hpp"
#include "model/graph.hpp"
#include "model/lost_values.hpp"

namespace reelhouse::model {
namespace {

using engine::quote_name;
using engine::quote_text;
namespace fs = std::filesystem;

constexpr const char* kParquet = "(format parquet, compression zstd, compression_level 1)";

bool is_stored(const std::string& column) {
  return !column.starts_with("_was_");
}

std::string stored_columns(const BuildRecord& record) {
  std::string list;
  for (const auto& [name, type] : record.columns) list += (list.empty() ? "" : ", ") + quote_name(name);
  return list;
}

std::string packed_columns(const BuildRecord& record) {
  std::string list;
  for (const auto& [name, type] : record.columns)
    list += fmt::format("{}{} := {}", list.empty() ? "" : ", ", quote_name(name), quote_name(name));
  return list;
}

/// `described` has a row a column, which begins with its name.
bool has_column(const engine::Rows& described, const std::string& name) {
  for (size_t i = 0; i < described.rows.size(); ++i)
    if (described.text(i, 0) == name) return true;
  return false;
}

/// Writes the rows of a SELECT to a file and returns their number.
Result<uint64_t> copy_to(engine::Session& session, const std::string& select, const fs::path& file) {
  return session.copy(fmt::format("copy ({}\n) to {} {}", select, quote_text(file.string()), kParquet));
}

/// Writes a model with rules: first every row with the rules' verdicts, then the three parts.
class RuledModel {
 public:
  RuledModel(const Model& model, const fs::path& folder, engine::Session& session)
      : model_(model), folder_(folder), session_(session), all_(folder / "_all.parquet"), lost_(model) {}

  Result<> write(BuildRecord& record, bool has_lineage, const std::string& raw) {
    auto written = copy_to(session_, judged(), all_);
    if (!written) return fail(blame(written.error()));
    const std::string source = fmt::format("read_parquet({})", quote_text(all_.string()));
    RH_ASSIGN(
        record.rows,
        copy_to(session_, fmt::format("select {} from {} where _reject = 0", stored_columns(record), source),
                folder_ / "part-0.parquet"));
    record.rejected = *written - record.rows;
    const std::string lineage =
        has_lineage ? "_object, _line" : "cast(null as varchar) as _object, cast(null as bigint) as _line";
    if (record.rejected > 0) {
      const bool may_be_doubles = has_lineage && !raw.empty();
      if (may_be_doubles) RH_TRY(find_doubles(model_, record, raw, source, session_));
      RH_TRY(write_rejected(record, source, lineage, may_be_doubles));
      if (may_be_doubles) RH_TRY(session_.execute("drop table _doubles"));
    }
    RH_TRY(write_repaired(record, source, lineage));
    RH_TRY(lost_.write(source, lineage, has_lineage, folder_, session_, record));
    std::error_code code;
    fs::remove(all_, code);
    return {};
  }

 private:
  /// The model's rows with `_reject` (number of the rule that holds, 0 = kept) and `_repair_<i>`.
  std::string judged() const {
    std::string cases;
    for (size_t i = 0; i < model_.rejects.size(); ++i)
      cases += fmt::format(" when {} then {}", model_.rejects[i].when, i + 1);
    std::string flags =
        cases.empty() ? ", 0 as _reject" : fmt::format(", case{} else 0 end as _reject", cases);
    for (size_t i = 0; i < model_.repairs.size(); ++i)
      flags += fmt::format(", coalesce({}, false) as _repair_{}", model_.repairs[i].when, i);
    flags += lost_.fates();
    return fmt::format("select *{} from ({}\n) as {}", flags, model_.statement(), quote_name(model_.name));
  }

  /// Writes why each rejected row was, and as `record` the row itself as far as it could be read.
  Result<> write_rejected(const BuildRecord& record, const std::string& source, const std::string& lineage,
                          bool may_be_doubles) {
    std::string column;
    std::string reason;
    std::string value;
    for (size_t i = 0; i < model_.rejects.size(); ++i) {
      const auto& rule = model_.rejects[i];
      column += fmt::format(" when {} then {}", i + 1, quote_text(rule.column));
      reason += fmt::format(" when {} then {}", i + 1, quote_text(rule.reason));
      value +=
          fmt::format(" when {} then cast({} as varchar)", i + 1, rule.value.empty() ? "null" : rule.value);
    }
    const std::string select = fmt::format(
        "select {}, case _reject{} end as col, case _reject{} end as reason, case _reject{} end as value, "
        "struct_pack({}) as record, {} as double from {} where _reject > 0",
        lineage, column, reason, value, packed_columns(record),
        may_be_doubles ? "(_object, _line) in (select object, line from _doubles)" : "false", source);
    auto written = copy_to(session_, select, folder_ / "_rejected.parquet");
    if (!written) return fail(blame(written.error()));
    return {};
  }

  /// Counts repairs by kind, of kept rows only and of values that were not lost, and writes one row a repair. Few
  /// rows are repaired and
  /// there may be many rules, so those rows are set aside once and each rule looks at them only.
  Result<> write_repaired(BuildRecord& record, const std::string& source, const std::string& lineage) {
    std::string any;
    std::string parts;
    for (size_t i = 0; i < model_.repairs.size(); ++i) {
      const auto& rule = model_.repairs[i];
      record.repairs[rule.kind] += 0;
      any += fmt::format("{}_repair_{}", i ? " or " : "", i);
      parts += fmt::format(
          "{}select {}, {} as kind, {} as col, cast({} as varchar) as was, cast({} as varchar) as now "
          "from _repaired where _repair_{} and not ({})",
          i ? " union all " : "", lineage, quote_text(rule.kind), quote_text(rule.column), rule.was, rule.now,
          i, lost_.is_lost(rule.column));
    }
    if (parts.empty()) return {};
    RH_TRY(session_.execute(
        fmt::format("create or replace temp table _repaired as select * from {} where _reject = 0 and ({})",
                    source, any)));
    RH_ASSIGN(const auto repaired, session_.query("select count(*) from _repaired"));
    if (repaired.integer(0, 0) == 0) return session_.execute("drop table _repaired");
    const fs::path file = folder_ / "_repaired.parquet";
    auto written = copy_to(session_, parts, file);
    if (!written) return fail(blame(written.error()));
    RH_TRY(session_.execute("drop table _repaired"));
    RH_ASSIGN(const auto counts,
              session_.query(fmt::format("select kind, count(*) from read_parquet({}) group by kind",
                                         quote_text(file.string()))));
    for (size_t row = 0; row < counts.rows.size(); ++row)
      record.repairs[counts.text(row, 0)] = static_cast<uint64_t>(counts.integer(row, 1));
    return {};
  }

  /// Says that a rule may be wrong, since the SELECT alone was fine.
  Error blame(const Error& error) const {
    if (error.kind != ErrorKind::kQuery) return error;
    Error located = error;
    located.kind = ErrorKind::kProject;
    located.where = model_.rejects.empty() ? model_.repairs.front().where : model_.rejects.front().where;
    located.hint = "One of this model's reject or repairs rules is wrong, or its SELECT fails on these rows.";
    return located;
  }

  const Model& model_;
  const fs::path& folder_;
  engine::Session& session_;
  fs::path all_;
  LostValues lost_;
};

/// Counts kept and rejected rows by object, for read = kept + rejected.
Result<> count_objects(BuildRecord& record, const fs::path& folder, engine::Session& session) {
  const auto count = [&](const char* file, const char* where,
                         uint64_t BuildRecord::ObjectCount::*field) -> Result<> {
    RH_ASSIGN(const auto rows,
              session.query(fmt::format("select _object, count(*) from read_parquet({}) {} group by _object",
                                        quote_text((folder / file).string()), where)));
    for (size_t row = 0; row < rows.rows.size(); ++row)
      record.objects[rows.text(row, 0)].*field = static_cast<uint64_t>(rows.integer(row, 1));
    return {};
  };
  RH_TRY(count("part-0.parquet", "", &BuildRecord::ObjectCount::kept));
  if (record.rejected == 0) return {};
  RH_TRY(count("_rejected.parquet", "", &BuildRecord::ObjectCount::rejected));
  RH_TRY(count("_rejected.parquet", "where double", &BuildRecord::ObjectCount::doubles));
  return {};
}

}  // namespace

std::string read_build(const fs::path& folder) {
  return fmt::format("select * from read_parquet({})", quote_text((folder / "part-0.parquet").string()));
}

std::string read_rejected(const fs::path& folder, const BuildRecord& record) {
  std::string list;
  for (const auto& [name, type] : record.columns) {
    const std::string value = record.rejected > 0 ? "record." + quote_name(name) : "null";
    list += fmt::format("{}cast({} as {}) as {}", list.empty() ? "" : ", ", value, type, quote_name(name));
  }
  if (record.rejected == 0) return fmt::format("select {} where false", list);
  return fmt::format("select {} from read_parquet({})", list,
                     quote_text((folder / "_rejected.parquet").string()));
}

std::string read_seed(const Seed& seed) {
  return fmt::format(
      "select * from read_csv({}, header = true, all_varchar = true, delim = ',', quote = '\"', "
      "nullstr = '')",
      quote_text(seed.file.string()));
}

Result<BuildRecord> materialise(const Model& model, const fs::path& folder, engine::Session& session,
                                const std::string& raw) {
  // Described, not run for no rows: it is bound once more for that, but not planned.
  auto described = session.query(fmt::format("describe select * from ({}\n)", model.statement()));
  if (!described) return fail(locate(described.error(), model.sql, model.file.string(), 1));
  BuildRecord record;
  record.model = model.name;
  for (size_t i = 0; i < described->rows.size(); ++i)
    if (is_stored(described->text(i, 0)))
      record.columns.emplace_back(described->text(i, 0), described->text(i, 1));
  const bool has_lineage = has_column(*described, "_object") && has_column(*described, "_line");
  if (model.has_rules() || record.columns.size() < described->rows.size()) {
    RH_TRY(RuledModel(model, folder, session).write(record, has_lineage, raw));
  } else {
    auto written = copy_to(session, model.statement(), folder / "part-0.parquet");
    if (!written) return fail(locate(written.error(), model.sql, model.file.string(), 1));
    record.rows = *written;
  }
  if (has_lineage) RH_TRY(count_objects(record, folder, session));
  return record;
}

}  // namespace reelhouse::model
