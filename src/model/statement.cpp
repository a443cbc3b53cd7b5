#include <cctype>
#include <string_view>

#include "model/project.hpp"

namespace reelhouse::model {
namespace {

/// Steps over SQL text token by token, as far as it takes to tell text and comments from the rest.
class SqlScanner {
 public:
  explicit SqlScanner(std::string_view sql) : sql_(sql) {}

  /// Returns the offset of the first semicolon outside strings and comments, or npos.
  size_t find_semicolon() {
    while (at_ < sql_.size()) {
      if (sql_[at_] == ';') return at_;
      step();
    }
    return std::string_view::npos;
  }

 private:
  void step() {
    const char c = sql_[at_];
    if (starts("--")) {
      skip_to("\n", 2);
    } else if (starts("/*")) {
      skip_block_comment();
    } else if (c == '\'') {
      skip_quoted('\'', at_ > 0 && (sql_[at_ - 1] | 0x20) == 'e' && !(at_ > 1 && is_word(sql_[at_ - 2])));
    } else if (c == '"') {
      skip_quoted('"', false);
    } else if (c == '$' && !(at_ > 0 && is_word(sql_[at_ - 1]))) {
      skip_dollar_quoted();
    } else {
      ++at_;
    }
  }

  static bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }
  bool starts(std::string_view mark) const { return sql_.substr(at_).starts_with(mark); }

  /// Moves behind the next `mark`, which begins at least `offset` bytes from here; to the end without one.
  void skip_to(std::string_view mark, size_t offset) {
    const size_t found = sql_.find(mark, at_ + offset);
    at_ = found == std::string_view::npos ? sql_.size() : found + mark.size();
  }

  void skip_block_comment() {
    size_t depth = 0;
    do {
      if (starts("/*")) {
        ++depth;
        at_ += 2;
      } else if (starts("*/")) {
        --depth;
        at_ += 2;
      } else {
        ++at_;
      }
    } while (depth > 0 && at_ < sql_.size());
  }

  /// A doubled mark is two quoted pieces side by side, which comes to the same here.
  void skip_quoted(char mark, bool has_escapes) {
    for (++at_; at_ < sql_.size() && sql_[at_] != mark; ++at_)
      if (has_escapes && sql_[at_] == '\\') ++at_;
    ++at_;
  }

  void skip_dollar_quoted() {
    size_t end = at_ + 1;
    while (end < sql_.size() && is_word(sql_[end])) ++end;
    if (end >= sql_.size() || sql_[end] != '$') {
      ++at_;
      return;
    }
    const std::string_view tag = sql_.substr(at_, end + 1 - at_);
    skip_to(tag, tag.size());
  }

  std::string_view sql_;
  size_t at_ = 0;
};

}  // namespace

std::string Model::statement() const {
  return sql.substr(0, SqlScanner(sql).find_semicolon());
}

}  // namespace reelhouse::model
