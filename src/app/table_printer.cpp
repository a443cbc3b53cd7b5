#include "app/table_printer.hpp"

#include <unistd.h>

#include <algorithm>

#include "app/row_text.hpp"
#include "app/text_width.hpp"

namespace reelhouse::app {
namespace {

constexpr size_t kMeasuredRows = 1000;
constexpr size_t kNarrowest = 8;  // a text column is not cut below this
constexpr std::string_view kGap = "  ";

class TablePrinter final : public RowPrinter {
 public:
  explicit TablePrinter(const Screen& screen) : screen_(screen), out_(screen.output) {}

  void print(const engine::Rows& piece) override {
    if (columns_.empty()) begin(piece.columns);
    for (const auto& row : piece.rows) {
      std::vector<std::string> line;
      line.reserve(row.size());
      for (const auto& cell : row) line.push_back(printable(cell_text(cell)));
      line.resize(columns_.size());
      ++count_;
      if (fixed_) {
        append(line);
        continue;
      }
      waiting_.push_back(std::move(line));
      if (waiting_.size() >= kMeasuredRows) release();
    }
  }

  void finish() override {
    if (!fixed_ && !columns_.empty()) release();
    out_.flush();
    if (screen_.notes < 0 || columns_.empty()) return;
    const auto note = fmt::format("{} {}\n", count_, count_ == 1 ? "row" : "rows");
    [[maybe_unused]] const auto ignored = ::write(screen_.notes, note.data(), note.size());
  }

 private:
  struct Shape {
    std::string name;
    bool numeric = false;
    size_t width = 0;
  };

  void begin(const std::vector<engine::Column>& columns) {
    for (const auto& column : columns) {
      std::string name = printable(column.name);
      const size_t width = std::max<size_t>(display_width(name), 1);
      columns_.push_back({std::move(name), column.numeric, width});
    }
  }

  /// Fixes the widths by the rows seen so far and prints those.
  void release() {
    for (const auto& line : waiting_)
      for (size_t i = 0; i < columns_.size(); ++i)
        columns_[i].width = std::max(columns_[i].width, display_width(line[i]));
    fit();
    fixed_ = true;
    append_header();
    for (const auto& line : waiting_) append(line);
    waiting_.clear();
  }

  /// Takes width from the widest text columns until a line fits the terminal.
  void fit() {
    if (screen_.width == 0) return;
    size_t total = kGap.size() * (columns_.size() - 1);
    for (const auto& column : columns_) total += column.width;
    while (total > screen_.width) {
      const auto widest = std::ranges::max_element(
          columns_, {}, [](const Shape& column) { return column.numeric ? size_t{0} : column.width; });
      if (widest->numeric || widest->width <= kNarrowest) return;
      --widest->width;
      --total;
    }
  }

  void append_header() {
    std::vector<std::string> names;
    for (const auto& column : columns_) names.push_back(column.name);
    std::string& text = out_.text();
    if (screen_.colour) text += "\x1b[1m";
    append_line(names);
    if (screen_.colour) text += "\x1b[0m";
    text += '\n';
    if (screen_.colour) text += "\x1b[2m";
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (i > 0) text += kGap;
      for (size_t k = 0; k < columns_[i].width; ++k) text += "─";
    }
    if (screen_.colour) text += "\x1b[0m";
    text += '\n';
  }

  void append(const std::vector<std::string>& line) {
    append_line(line);
    out_.text() += '\n';
    out_.flush_when_large();
  }

  void append_line(const std::vector<std::string>& line) {
    std::string& text = out_.text();
    size_t owed = 0;  // blanks are written only before something: no line ends in them
    for (size_t i = 0; i < columns_.size(); ++i) {
      const Shape& column = columns_[i];
      const bool cut = screen_.width > 0 && !column.numeric;
      const std::string cell = cut ? cut_to_width(line[i], column.width) : line[i];
      const size_t used = display_width(cell);
      const size_t blanks = column.width > used ? column.width - used : 0;
      if (i > 0) owed += kGap.size();
      if (column.numeric) owed += blanks;
      if (!cell.empty()) {
        text.append(owed, ' ');
        owed = 0;
        text += cell;
      }
      if (!column.numeric) owed += blanks;
    }
  }

  Screen screen_;
  RowWriter out_;
  std::vector<Shape> columns_;
  std::vector<std::vector<std::string>> waiting_;
  bool fixed_ = false;
  uint64_t count_ = 0;
};

}  // namespace

std::unique_ptr<RowPrinter> make_table_printer(const Screen& screen) {
  return std::make_unique<TablePrinter>(screen);
}

}  // namespace reelhouse::app
