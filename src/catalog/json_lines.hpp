#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/block_reader.hpp"
#include "catalog/rejects.hpp"

namespace reelhouse::catalog {

/// Reads one JSON object (RFC 8259) strictly and keeps its members: strings as their text, null and ""
/// as null, everything else as it is written (nested values, numbers with all their digits).
class JsonRecord {
 public:
  struct Member {
    std::string_view name;
    std::string_view value;
    bool null;
  };

  /// False when the text is not one object; `reason` and `column` then tell why. The members point
  /// into `text` and into this record.
  bool parse(std::string_view text);
  const std::vector<Member>& members() const { return members_; }
  const std::string& reason() const { return reason_; }
  /// Name of the member in which parsing failed; empty when there is none.
  const std::string& column() const { return column_; }

 private:
  struct Text {
    size_t begin;
    size_t end;
    bool own;  ///< in unescaped_, else in text_
  };
  struct Found {
    Text name;
    Text value;
    bool null;
  };

  bool parse_members();
  bool skip_value();
  bool skip_number();
  bool skip_word(std::string_view word);
  bool read_string(Text& text);
  bool read_escape();
  bool read_hex(uint32_t& unit);
  void append(uint32_t code);
  bool wrong(std::string reason);
  void skip_space();
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  std::string_view view(const Text& text) const;

  std::string_view text_;
  size_t at_ = 0;
  std::string unescaped_;
  std::vector<Found> found_;
  std::vector<Member> members_;
  std::vector<char> open_;
  std::string reason_;
  std::string column_;
};

/// Walks over the lines of blocks of JSON lines, like DelimitedCursor; blank lines are skipped.
class JsonCursor {
 public:
  JsonCursor(const Format& format, RejectLog& log) : format_(format), log_(log) {}
  void start(const Block& block);
  bool next();
  uint64_t line() const { return record_line_; }
  /// Members of the current object; of several with one name the first counts.
  const std::vector<JsonRecord::Member>& members() const { return record_.members(); }

 private:
  bool is_clean(std::string_view line);

  const Format& format_;
  RejectLog& log_;
  JsonRecord record_;
  std::string_view rest_;
  uint64_t line_ = 0;
  uint64_t record_line_ = 0;
  bool dirty_ = false;
};

}  // namespace reelhouse::catalog
