#include "model/testing/judge.hpp"

#include <algorithm>

#include "model/checks.hpp"
#include "model/testing/difference_text.hpp"

namespace reelhouse::model {
namespace {

namespace fs = std::filesystem;
using engine::quote_name;
using engine::quote_text;

/// The columns of rows to compare: their names in a test, and their SQL.
using Sheet = std::vector<std::pair<std::string, std::string>>;

const Sheet& reject_sheet() {
  static const Sheet sheet = {
      {"column", "col"}, {"reason", "reason"}, {"value", "value"}, {"object", "_object"}, {"line", "_line"}};
  return sheet;
}

const Sheet& lost_sheet() {
  static const Sheet sheet = {
      {"column", "col"}, {"value", "value"}, {"object", "_object"}, {"line", "_line"}};
  return sheet;
}

const Sheet& repair_sheet() {
  static const Sheet sheet = {{"kind", "kind"}, {"column", "col"},     {"was", "was"},
                              {"now", "now"},   {"object", "_object"}, {"line", "_line"}};
  return sheet;
}

std::vector<TextRow> texts_of(const engine::Rows& rows) {
  std::vector<TextRow> texts;
  for (size_t row = 0; row < rows.rows.size(); ++row) {
    TextRow& text = texts.emplace_back();
    for (size_t column = 0; column < rows.columns.size(); ++column) {
      const bool is_null = std::holds_alternative<std::monostate>(rows.rows[row][column]);
      text.push_back(is_null ? TextCell() : TextCell(rows.text(row, column)));
    }
  }
  return texts;
}

/// Picks the columns that rows name; all where no row is expected, to show those that come nevertheless.
Sheet named_by(const TestRows& rows, const Sheet& sheet) {
  if (rows.columns.empty()) return sheet;
  Sheet named;
  for (const auto& name : rows.columns)
    named.push_back(*std::ranges::find(sheet, name, &Sheet::value_type::first));
  return named;
}

/// Compares expected rows with those of one file of a build.
class RowsJudge {
 public:
  RowsJudge(const char* title, const TestRows& rows, const Sheet& sheet, const fs::path& file,
            engine::Session& session)
      : title_(title), rows_(rows), sheet_(named_by(rows, sheet)), file_(file), session_(session) {}

  Result<> run(bool ordered, std::vector<std::string>& differences) {
    std::vector<TextRow> got;
    if (fs::exists(file_)) {
      RH_ASSIGN(got, rows_that_came());
    } else {
      types_.assign(sheet_.size(), "VARCHAR");
    }
    std::vector<ComparedColumn> columns;
    for (size_t i = 0; i < sheet_.size(); ++i)
      columns.push_back({sheet_[i].first, types_[i] == "DOUBLE" || types_[i] == "FLOAT"});
    RH_ASSIGN(const auto expected, expected_rows());
    for (const auto& difference : compare(columns, expected, got, ordered))
      differences.push_back(difference_text(difference, columns, expected, got, title_, rows_));
    return {};
  }

 private:
  Result<std::vector<TextRow>> rows_that_came() {
    std::string list;
    std::string names;
    std::string texts;
    for (size_t i = 0; i < sheet_.size(); ++i) {
      const char* comma = i == 0 ? "" : ", ";
      list += comma + sheet_[i].second;
      names += fmt::format("{}c{}", comma, i);
      texts += fmt::format("{}cast(c{} as varchar)", comma, i);
    }
    const std::string select =
        fmt::format("select {} from read_parquet({})", list, quote_text(file_.string()));
    RH_ASSIGN(const auto described, session_.query(select + " limit 0"));
    for (const auto& column : described.columns) types_.push_back(column.type);
    RH_ASSIGN(const auto rows,
              session_.query(fmt::format("select {} from ({}) as t({})", texts, select, names)));
    return texts_of(rows);
  }

  /// Reads expected values as the type of their column and writes them as the engine does: 1.5 in a column
  /// of DECIMAL(18,2) is 1.50.
  Result<std::vector<TextRow>> expected_rows() {
    std::vector<TextRow> texts;
    for (const auto& row : rows_.rows) {
      std::string list;
      for (size_t i = 0; i < sheet_.size(); ++i)
        list +=
            fmt::format("{}cast(cast({} as {}) as varchar)", i == 0 ? "" : ", ", row.values[i], types_[i]);
      RH_ASSIGN(const auto cast, session_.query("select " + list));
      texts.push_back(texts_of(cast).front());
    }
    return texts;
  }

  const char* title_;
  const TestRows& rows_;
  Sheet sheet_;
  fs::path file_;
  engine::Session& session_;
  std::vector<std::string> types_;  ///< of the sheet's columns
};

/// Asks of a model that stages given records what a run asks of it: read = kept + rejected.
Result<> account_for_given(const ModelTest& test, const Graph& graph, const BuildRecord& record,
                           engine::Session& session, std::vector<std::string>& differences) {
  const Node& node = graph.nodes[static_cast<size_t>(graph.find(test.model))];
  if (node.model->materialisation == Materialisation::kView || node.raw.size() != 1) return {};
  if (test.given_for("raw." + node.raw.front()) == nullptr) return {};
  RH_ASSIGN(const auto given,
            session.query(fmt::format("select _object, count(*) from raw.{} group by _object",
                                      quote_name(node.raw.front()))));
  catalog::CatalogTable table;
  table.name = node.raw.front();
  for (size_t row = 0; row < given.rows.size(); ++row) {
    auto& object = table.objects.emplace_back();
    object.info.key = given.text(row, 0);
    object.profile.records = static_cast<uint64_t>(given.integer(row, 1));
  }
  std::vector<CheckResult> checks;
  account(graph, {{test.model, BuildState::kBuilt, record, ""}}, {table}, checks);
  for (const auto& check : checks)
    for (const auto& example : check.examples) differences.push_back(check.name + ": " + example);
  return {};
}

}  // namespace

Result<> judge(const ModelTest& test, const Graph& graph, const BuildRecord& record, const fs::path& folder,
               engine::Session& session, std::vector<std::string>& differences) {
  if (test.expect) {
    Sheet sheet;
    for (const auto& [name, type] : record.columns) sheet.emplace_back(name, quote_name(name));
    RowsJudge kept("expect", *test.expect, sheet, folder / "part-0.parquet", session);
    RH_TRY(kept.run(test.ordered, differences));
  }
  RowsJudge rejected("rejects", test.rejects, reject_sheet(), folder / "_rejected.parquet", session);
  RH_TRY(rejected.run(false, differences));
  if (test.repairs) {
    RowsJudge repaired("repairs", *test.repairs, repair_sheet(), folder / "_repaired.parquet", session);
    RH_TRY(repaired.run(false, differences));
  }
  if (test.lost) {
    RowsJudge lost("lost", *test.lost, lost_sheet(), folder / "_lost.parquet", session);
    RH_TRY(lost.run(false, differences));
  }
  return account_for_given(test, graph, record, session, differences);
}

}  // namespace reelhouse::model
