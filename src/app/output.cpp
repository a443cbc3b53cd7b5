#include "app/output.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <unordered_set>

#include "app/row_text.hpp"
#include "app/table_printer.hpp"
#include "app/text_width.hpp"
#include "base/csv.hpp"
#include "base/text.hpp"

namespace reelhouse::app {
namespace {

using engine::Cell;
using engine::Column;
using engine::Rows;

// ---- JSON

/// True when the text is a number by JSON's grammar.
bool is_json_number(std::string_view text) {
  size_t at = 0;
  const auto digits = [&] {
    const size_t start = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    return at - start;
  };
  if (at < text.size() && text[at] == '-') ++at;
  const size_t whole = at;
  const size_t count = digits();
  if (count == 0 || (count > 1 && text[whole] == '0')) return false;
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (digits() == 0) return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (digits() == 0) return false;
  }
  return at == text.size();
}

/// True for what engines write for a number that JSON does not have.
bool is_no_number(std::string_view text) {
  const std::string word = lower(text.substr(text.starts_with('-') || text.starts_with('+') ? 1 : 0));
  return word == "nan" || word == "inf" || word == "infinity";
}

void append_json_text(std::string& out, std::string_view text) {
  out += '"';
  for (size_t at = 0; at < text.size();) {
    const size_t start = at;
    bool valid = true;
    const char32_t point = next_code_point(text, at, valid);
    if (point == '"' || point == '\\') {
      out += '\\';
      out += static_cast<char>(point);
    } else if (point == '\n') {
      out += "\\n";
    } else if (point < 0x20 || point == 0x7f) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(point));
    } else if (!valid) {
      out += "\\ufffd";
    } else {
      out.append(text, start, at - start);
    }
  }
  out += '"';
}

void append_json(std::string& out, const Cell& cell, bool numeric) {
  if (const auto* text = std::get_if<std::string>(&cell)) {
    if (numeric && is_json_number(*text)) {
      out += *text;
    } else if (numeric && is_no_number(*text)) {
      out += "null";
    } else {
      append_json_text(out, *text);
    }
  } else if (const auto* number = std::get_if<double>(&cell); number && !std::isfinite(*number)) {
    out += "null";
  } else {
    out += is_null(cell) ? "null" : cell_text(cell);
  }
}

class JsonPrinter final : public RowPrinter {
 public:
  explicit JsonPrinter(const Screen& screen) : out_(screen.output) {}

  void print(const Rows& piece) override {
    if (keys_.empty()) name_keys(piece.columns);
    std::string& text = out_.text();
    for (const auto& row : piece.rows) {
      text += any_ ? ",\n  {" : "[\n  {";
      any_ = true;
      for (size_t i = 0; i < row.size() && i < keys_.size(); ++i) {
        if (i > 0) text += ", ";
        text += keys_[i];
        append_json(text, row[i], piece.columns[i].numeric);
      }
      text += '}';
      out_.flush_when_large();
    }
  }

  void finish() override {
    out_.text() += any_ ? "\n]\n" : "[]\n";
    out_.flush();
  }

 private:
  void name_keys(const std::vector<Column>& columns) {
    std::unordered_set<std::string> taken;
    for (const auto& column : columns) taken.insert(column.name);
    std::unordered_set<std::string> used;
    for (const auto& column : columns) {
      std::string name = column.name;
      for (int i = 1; !used.insert(name).second;) {
        do name = fmt::format("{}_{}", column.name, i++);
        while (taken.contains(name));
      }
      std::string key;
      append_json_text(key, name);
      keys_.push_back(key + ": ");
    }
  }

  RowWriter out_;
  std::vector<std::string> keys_;
  bool any_ = false;
};

// ---- CSV

class CsvPrinter final : public RowPrinter {
 public:
  explicit CsvPrinter(const Screen& screen) : out_(screen.output) {}

  void print(const Rows& piece) override {
    std::string& text = out_.text();
    if (!begun_) {
      for (size_t i = 0; i < piece.columns.size(); ++i) {
        if (i > 0) text += ',';
        append_csv(text, piece.columns[i].name);
      }
      if (!piece.columns.empty()) text += '\n';
      begun_ = true;
    }
    for (const auto& row : piece.rows) {
      for (size_t i = 0; i < row.size(); ++i) {
        if (i > 0) text += ',';
        // A lone null would be an empty line, which readers skip.
        if (!is_null(row[i]) || row.size() == 1) append_csv(text, cell_text(row[i]));
      }
      text += '\n';
      out_.flush_when_large();
    }
  }

  void finish() override { out_.flush(); }

 private:
  RowWriter out_;
  bool begun_ = false;
};

size_t terminal_width() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  const char* columns = std::getenv("COLUMNS");
  const long width = columns ? std::strtol(columns, nullptr, 10) : 0;
  return width > 0 && width < 100'000 ? static_cast<size_t>(width) : 80;
}

}  // namespace

Screen standard_screen() {
  Screen screen;
  if (::isatty(STDERR_FILENO) == 1) screen.notes = STDERR_FILENO;
  if (::isatty(STDOUT_FILENO) != 1) return screen;
  screen.width = terminal_width();
  const char* no_colour = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  screen.colour = !(no_colour && *no_colour) && terminal && std::strcmp(terminal, "dumb") != 0;
  return screen;
}

std::unique_ptr<RowPrinter> make_row_printer(OutputFormat format, const Screen& screen) {
  if (format == OutputFormat::kJson) return std::make_unique<JsonPrinter>(screen);
  if (format == OutputFormat::kCsv) return std::make_unique<CsvPrinter>(screen);
  return make_table_printer(screen);
}

std::unique_ptr<RowPrinter> make_row_printer(OutputFormat format) {
  return make_row_printer(format, standard_screen());
}

void print_rows(const Rows& rows, OutputFormat format) {
  const auto printer = make_row_printer(format);
  printer->print(rows);
  printer->finish();
}

}  // namespace reelhouse::app
