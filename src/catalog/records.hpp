#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/block_reader.hpp"
#include "catalog/rejects.hpp"
#include "catalog/structure_index.hpp"

namespace reelhouse::catalog {

/// Walks over the records of blocks of delimited text: delivers those that have the structure that the
/// format says and logs the others. Crawls and scans use it alike, so they agree on every record.
///
/// A quote counts only at the beginning of a field. One that is never closed, or closed in the middle
/// of a field, swallows the lines that follow: then only the record's first line is rejected, and
/// reading starts again at the line after it. Where the format has an escape, it takes the meaning from a
/// quote behind it, and outside quotes from a delimiter; itself it stands for itself when it is doubled or
/// before any other character.
class DelimitedCursor {
 public:
  /// What is asked of a record: that it has the format's fields and can be shown as UTF-8, or only
  /// that its quotes are sound, while the format is still being found.
  enum class Judging { kStrict, kQuotesOnly };

  /// `format` and `log` must outlive the cursor.
  DelimitedCursor(const Format& format, RejectLog& log, Judging judging = Judging::kStrict);

  /// Begins a block; it must not change until the next call. Preamble and header are skipped.
  void start(const Block& block);
  /// Moves to the next record that is delivered; false at the end of the block.
  bool next();

  /// About the current record:
  size_t field_count() const { return simple_ ? simple_fields_ : parts_.size(); }
  uint64_t line() const { return record_line_; }
  /// Reads a field without its quotes; false when it is null (empty, or \N without quotes). The text
  /// is valid until the next call.
  bool value(size_t field, std::string_view& text) {
    if (!simple_) return value_in_parts(field, text);
    const uint32_t begin = field == 0 ? record_begin_ : record_tape_[field - 1] + 1;
    const uint32_t end = field + 1 == simple_fields_ ? record_end_ : record_tape_[field];
    text = {data_ + begin, end - begin};
    return !is_null(text);
  }
  bool was_quoted(size_t field) const { return !simple_ && parts_[field].quoted; }
  /// True for a field in quotes whose text could not stand there without them.
  bool needed_quotes(size_t field, std::string_view text) const {
    return !simple_ && parts_[field].quoted &&
           (parts_[field].escaped || text.find(format_.delimiter) != std::string_view::npos ||
            text.find_first_of("\r\n") != std::string_view::npos);
  }

  /// Fields in quotes that were closed as they should, over all blocks.
  uint64_t closed_quotes() const { return closed_quotes_; }

 private:
  struct Part {
    uint32_t begin;
    uint32_t end;
    bool quoted;
    bool escaped;
  };
  enum class Outcome { kWhole, kTextAfterQuote, kNotClosed };

  static bool is_null(std::string_view text) {
    return text.empty() || (text.size() == 2 && text[0] == '\\' && text[1] == 'N');
  }
  bool value_in_parts(size_t field, std::string_view& text);
  std::string_view unescaped(std::string_view text, bool quoted);
  bool next_simple();
  bool next_quoted();
  bool skip_blank_line();
  void skip_preamble();
  void skip_text(size_t& at, uint32_t from) const;
  bool is_escaped(size_t at, uint32_t from) const;
  Outcome parse(size_t index, uint32_t begin, size_t limit);
  Outcome parse_quoted(size_t& at, uint32_t start, size_t limit);
  bool accept();
  bool swallowed_records(size_t index);
  void reject_first_line(size_t index, Outcome outcome);
  void reject_whole(std::string column, std::string reason);
  bool is_clean();
  std::string name_of_field(size_t field) const;
  uint32_t field_end(size_t field) const;
  std::string_view record_text() const { return {data_ + record_begin_, record_end_ - record_begin_}; }
  bool is_quote(uint32_t at) const { return data_[at] == format_.quote && format_.quote != '\0'; }
  bool ends_line(size_t index) const { return data_[tape_[index]] == format_.newline; }
  uint32_t without_return(uint32_t begin, uint32_t end) const {
    return carriage_returns_ && end > begin && data_[end - 1] == '\r' ? end - 1 : end;
  }

  const Format& format_;
  RejectLog& log_;
  const bool strict_;
  const bool carriage_returns_;  ///< a '\r' before the line end belongs to it
  StructureIndex index_;
  const char* data_ = nullptr;
  const uint32_t* tape_ = nullptr;  ///< positions of delimiters, line ends and quotes
  size_t count_ = 0;
  size_t at_ = 0;       ///< in tape_: the first position of the record to come
  uint32_t begin_ = 0;  ///< in data_: where it begins
  uint64_t line_ = 0;
  bool simple_ = true;  ///< no quotes in this block
  bool dirty_ = false;  ///< the block has NULs or invalid UTF-8
  bool header_to_come_ = false;

  uint64_t record_line_ = 0;
  uint32_t record_begin_ = 0;
  uint32_t record_end_ = 0;  ///< without the line end
  const uint32_t* record_tape_ = nullptr;
  size_t simple_fields_ = 0;
  std::vector<Part> parts_;
  size_t parsed_to_ = 0;  ///< in tape_: behind the record that was parsed
  size_t parsed_lines_ = 0;
  size_t broken_field_ = 0;
  std::vector<size_t> extents_;  ///< in tape_: ends of broken records that are being read line by line
  size_t effort_ = 0;            ///< positions looked at in vain
  uint64_t closed_quotes_ = 0;
  std::string unescaped_;
};

}  // namespace reelhouse::catalog
