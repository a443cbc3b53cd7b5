#pragma once

#include <map>
#include <memory>
#include <string>

#include "metric/compiler.hpp"
#include "metric/rollup.hpp"
#include "metric/snapshot.hpp"

namespace reelhouse::metric {

/// What an opened version knows of a view.
struct ViewState {
  bool cube = false;                 ///< it was made
  uint64_t rows = 0;                 ///< of the fact
  std::shared_ptr<Rollups> rollups;  ///< of the cube; null = none
  std::string note;                  ///< of the fact's table: a dataset that is not in the lake
  std::string remark;                ///< what the view's own note says
  Calendar calendar;
  std::map<std::string, std::string> unknown;  ///< measure -> why it cannot be known
  std::map<std::string, Day> known_from;       ///< measure -> the first period of which it is known
};

/// Answers one query: its top, its rows, what they are compared with, its totals.
class Asker {
 public:
  /// All outlive this.
  Asker(engine::Session& session, const Resolved& resolved, const Query& query, const ViewState& state);
  /// Errors: kQuery, kInterrupted.
  Result<Answer> ask();

 private:
  using Row = std::vector<engine::Cell>;
  using Table = std::vector<Row>;

  void choose_measures();
  void choose_table();
  void choose_dates();
  void note_known_from();
  void choose_compared();
  std::vector<Day> closing_of(const Bounds& dates) const;
  std::optional<Span> span_compared(bool year) const;
  void name_columns();
  Result<> choose_top();
  Result<> read_rows();
  void add_row(const Row* now, const Row* before);
  Result<> read_totals();
  Result<Table> run(const Resolved& query, const Shape& shape);
  Result<Table> compared_rows(Shape shape);
  bool rows_add_up() const;
  Row added_up(const Table& rows) const;
  Result<Table> total_of(const Table& rows, const Shape& shape, bool before);
  engine::Cell shifted(const engine::Cell& date) const;
  void write_notes(size_t rows);

  engine::Session& session_;
  const Resolved& resolved_;
  const Query& query_;
  const ViewState& state_;
  Shape shape_;
  bool compares_ = false;
  Bounds before_;  ///< dates of what is compared with
  std::vector<Day> before_closing_;
  std::vector<std::string> not_compared_;
  Table rows_;              ///< as the engine gave them: axes, is_other, measures, sorts
  Table compared_;          ///< what they are compared with
  size_t only_before_ = 0;  ///< rows of the answer that the period itself does not have
  Answer answer_;
};

}  // namespace reelhouse::metric
