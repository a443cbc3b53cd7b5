#include "serve/export.hpp"

#include <xlsxwriter.h>

#include <cmath>

#include "base/csv.hpp"
#include "base/files.hpp"
#include "base/temporary_file.hpp"

namespace reelhouse::serve {
namespace {

using engine::Cell;
using metric::AnswerColumn;

constexpr size_t kSheetRows = 1'048'575;  // and a header
constexpr size_t kLongestText = 32'767;   // of an Excel cell

/// Adds a cell; only text can be a formula.
void append_cell(std::string& out, const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) append_csv_for_people(out, *text);
  if (const auto* number = std::get_if<double>(&cell); number && std::isfinite(*number))
    out += fmt::format("{}", *number);
  if (const auto* whole = std::get_if<int64_t>(&cell)) out += std::to_string(*whole);
  if (const auto* flag = std::get_if<bool>(&cell)) out += *flag ? "true" : "false";
}

/// How Excel shows a column's numbers.
const char* number_format(const AnswerColumn& column) {
  if (column.type == "money") return "#,##0.00";
  if (column.type == "percent") return "0.0%";
  if (column.type == "rating") return "0.00";
  if (column.type == "date") return "yyyy-mm-dd";
  if (column.kind == AnswerColumn::Kind::kDimension) return "General";
  return "#,##0.###";
}

/// One workbook being written. The library keeps no row that is finished.
class Workbook {
 public:
  Workbook(const std::string& path, const metric::Answer& answer) : answer_(answer) {
    lxw_workbook_options options{};
    options.constant_memory = LXW_TRUE;
    book_ = ::workbook_new_opt(path.c_str(), &options);
    if (book_ == nullptr) return;
    bold_ = ::workbook_add_format(book_);
    ::format_set_bold(bold_);
    ::format_set_bottom(bold_, LXW_BORDER_THIN);
    for (const auto& column : answer.columns) {
      formats_.push_back(::workbook_add_format(book_));
      ::format_set_num_format(formats_.back(), number_format(column));
    }
  }
  bool is_open() const { return book_ != nullptr; }

  void write_rows() {
    size_t first = 0;
    do {
      const size_t count = std::min(kSheetRows, answer_.rows.size() - first);
      write_sheet(first, count);
      first += count;
    } while (first < answer_.rows.size());
  }

  void write_about(const std::string& title, const std::string& query) {
    lxw_worksheet* sheet = ::workbook_add_worksheet(book_, "About");
    ::worksheet_set_column(sheet, 0, 0, 20, nullptr);
    ::worksheet_set_column(sheet, 1, 1, 100, nullptr);
    lxw_row_t row = 0;
    const auto line = [&](const char* name, const std::string& text) {
      if (text.empty()) return;
      ::worksheet_write_string(sheet, row, 0, name, bold_);
      ::worksheet_write_string(sheet, row++, 1, text.substr(0, kLongestText).c_str(), nullptr);
    };
    line("Title", title);
    line("View", answer_.view);
    line("Published version", std::to_string(answer_.version));
    line("Rows", std::to_string(answer_.rows.size()));
    line("Data until", answer_.known_until);
    line("Unfinished from", answer_.unfinished_from);
    line("Counted", answer_.bridge);
    for (const auto& note : answer_.notes) line("Note", note);
    for (const auto& [measure, why] : answer_.unknown) line("Not known", measure + ": " + why);
    line("Query", query);
    line("SQL", answer_.sql);
  }

  /// Writes the file. Errors: kUnavailable, kFull.
  Result<> close() {
    const lxw_error code = ::workbook_close(std::exchange(book_, nullptr));
    if (code == LXW_NO_ERROR) return {};
    return fail(ErrorKind::kUnavailable, fmt::format("writing the workbook: {}", ::lxw_strerror(code)),
                "See that the folder for temporary files (TMPDIR) has room.");
  }
  ~Workbook() {
    if (book_ != nullptr) ::workbook_close(book_);
  }
  Workbook(const Workbook&) = delete;
  Workbook& operator=(const Workbook&) = delete;

 private:
  void write_sheet(size_t first, size_t count) {
    lxw_worksheet* sheet = ::workbook_add_worksheet(book_, nullptr);
    for (size_t column = 0; column < answer_.columns.size(); ++column) {
      const auto at = static_cast<lxw_col_t>(column);
      const auto& label = answer_.columns[column].label;
      ::worksheet_set_column(sheet, at, at, std::clamp(static_cast<double>(label.size()) + 3, 12.0, 40.0),
                             nullptr);
      ::worksheet_write_string(sheet, 0, at, label.c_str(), bold_);
    }
    ::worksheet_freeze_panes(sheet, 1, 0);
    for (size_t row = 0; row < count; ++row)
      for (size_t column = 0; column < answer_.columns.size(); ++column)
        write_cell(sheet, static_cast<lxw_row_t>(row + 1), column,
                   metric::named_cell(answer_, first + row, column));
    if (count > 0 && !answer_.columns.empty())
      ::worksheet_autofilter(sheet, 0, 0, static_cast<lxw_row_t>(count),
                             static_cast<lxw_col_t>(answer_.columns.size() - 1));
  }

  void write_cell(lxw_worksheet* sheet, lxw_row_t row, size_t column, const Cell& cell) {
    const auto at = static_cast<lxw_col_t>(column);
    lxw_format* format = formats_[column];
    if (const auto* text = std::get_if<std::string>(&cell)) {
      Date date;
      if (answer_.columns[column].type == "date" && parse_date(*text, date)) {
        lxw_datetime day{};
        day.year = static_cast<int>(date.year());
        day.month = static_cast<int>(static_cast<unsigned>(date.month()));
        day.day = static_cast<int>(static_cast<unsigned>(date.day()));
        if (day.year >= 1900) {
          ::worksheet_write_datetime(sheet, row, at, &day, format);
          return;
        }
      }
      ::worksheet_write_string(sheet, row, at, text->substr(0, kLongestText).c_str(), nullptr);
    } else if (const auto* number = std::get_if<double>(&cell)) {
      if (std::isfinite(*number)) ::worksheet_write_number(sheet, row, at, *number, format);
    } else if (const auto* whole = std::get_if<int64_t>(&cell)) {
      ::worksheet_write_number(sheet, row, at, static_cast<double>(*whole), format);
    } else if (const auto* flag = std::get_if<bool>(&cell)) {
      ::worksheet_write_boolean(sheet, row, at, *flag ? 1 : 0, nullptr);
    }
  }

  const metric::Answer& answer_;
  lxw_workbook* book_ = nullptr;
  lxw_format* bold_ = nullptr;
  std::vector<lxw_format*> formats_;
};

}  // namespace

std::string to_csv(const metric::Answer& answer) {
  std::string text(kByteOrderMark);
  for (size_t i = 0; i < answer.columns.size(); ++i) {
    if (i > 0) text += ',';
    append_csv_for_people(text, answer.columns[i].label);
  }
  text += '\n';
  for (size_t row = 0; row < answer.rows.size(); ++row) {
    for (size_t i = 0; i < answer.rows[row].size(); ++i) {
      if (i > 0) text += ',';
      append_cell(text, metric::named_cell(answer, row, i));
    }
    text += '\n';
  }
  return text;
}

Result<std::string> to_xlsx(const metric::Answer& answer, const std::string& title,
                            const std::string& query) {
  const auto file = TemporaryFile::make();
  if (!file)
    return fail(ErrorKind::kUnavailable, "making a temporary file for the workbook",
                "See that the folder for temporary files (TMPDIR) can be written.");
  Workbook book(file->path(), answer);
  if (!book.is_open()) return fail(ErrorKind::kInternal, "making the workbook");
  book.write_rows();
  book.write_about(title, query);
  RH_TRY(book.close());
  return read_file(file->path());
}

std::string disposition(const std::string& title, const std::string& ending) {
  std::string plain;
  std::string escaped;
  for (const char letter : title.substr(0, 120)) {
    const auto byte = static_cast<unsigned char>(letter);
    const bool is_word = std::isalnum(byte) != 0 || letter == '-' || letter == '_';
    plain += is_word || letter == ' ' ? letter : '_';
    if (is_word)
      escaped += letter;
    else if (byte >= ' ' && byte != 127 && letter != '/' && letter != '\\')
      escaped += fmt::format("%{:02X}", byte);
  }
  if (plain.find_first_not_of(" _") == std::string::npos) plain = "export";
  if (escaped.empty()) escaped = "export";
  return fmt::format("attachment; filename=\"{0}.{2}\"; filename*=UTF-8''{1}.{2}", plain, escaped, ending);
}

}  // namespace reelhouse::serve
